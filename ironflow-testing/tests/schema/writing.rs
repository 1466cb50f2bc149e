//! What is written must be what was recorded, and numbers must fit to the last one.

use ironflow_domain::{Aggregate, Described};
use ironflow_testing::Mode;
use serde_json::json;

use crate::Recorded;

/// A domain of one event, `order.shipped`.
macro_rules! shipped {
    ($name:ident { $($fields:tt)* }) => {
        domain!($name {
            #[event("order")]
            #[derive(JsonSchema)]
            pub(crate) enum OrderEvent {
                Shipped { $($fields)* },
            }
        });
    };
}

shipped!(plain { carrier: String, express: bool, tags: Vec<String>, note: Option<String>, cents: u32 });
shipped!(with_defaults {
    carrier: String,
    #[serde(default)]
    express: bool,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    note: Option<String>,
    cents: u32,
});
shipped!(left_out_where_empty {
    carrier: String,
    express: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    note: Option<String>,
    cents: u32,
});
shipped!(called_otherwise {
    #[serde(rename(serialize = "by"))]
    carrier: String,
    express: bool,
    tags: Vec<String>,
    note: Option<String>,
    cents: u32,
});
shipped!(never_written {
    carrier: String,
    #[serde(default, skip_serializing)]
    express: bool,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    note: Option<String>,
    cents: u32,
});
shipped!(left_out_with_a_default {
    carrier: String,
    #[serde(default)]
    express: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    cents: u32,
    #[serde(default)]
    weight: u32,
});

domain!(written_in_capitals {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Shipped {
            #[serde(serialize_with = "in_capitals")]
            carrier: String,
            express: bool,
            tags: Vec<String>,
            note: Option<String>,
            cents: u32,
        },
    }
}
    use serde::Serializer;

    fn in_capitals<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text.to_uppercase())
    }
);

domain!(numbers {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Paid { cents: i64, number: u64, rate: f32, percent: Percent, way: Way },
    }
}
    use super::Percent;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Way { Cash, Card { number: u32 } }
);

domain!(numbers_in_an_old_version {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        #[event(version = 2, upcast(PaidV1))]
        Paid { euros: i64 },
    }
}
    /// What it adds may be too great a sum.
    #[derive(Deserialize)]
    pub(crate) struct PaidV1 { cents: i64, number: u64 }

    impl From<PaidV1> for OrderEvent {
        fn from(old: PaidV1) -> Self {
            let number = i64::try_from(old.number).expect("so many are never counted");
            Self::Paid { euros: old.cents / 100 + number }
        }
    }
);

domain!(narrower_numbers_in_an_old_version {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        #[event(version = 2, upcast(PaidV1))]
        Paid { euros: i64 },
    }
}
    #[derive(Deserialize)]
    pub(crate) struct PaidV1 { cents: i64, number: u32 }

    impl From<PaidV1> for OrderEvent {
        fn from(old: PaidV1) -> Self {
            Self::Paid { euros: old.cents / 100 + i64::from(old.number) }
        }
    }
);

/// A number that not every number of its type can be.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u8")]
pub(crate) struct Percent(u8);

impl TryFrom<u8> for Percent {
    type Error = &'static str;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        if percent <= 100 {
            Ok(Self(percent))
        } else {
            Err("there are no more than 100 percent")
        }
    }
}

fn recorded<A: Aggregate<Event: Described>>() -> Recorded {
    let recorded = Recorded(tempfile::tempdir().unwrap());
    recorded.check::<A>(Mode::Record).unwrap();
    recorded
}

#[test]
fn a_field_that_is_left_out_and_cannot_be_missing_fails() {
    let recorded = recorded::<plain::Order>();
    let failure = recorded.failure::<left_out_where_empty::Order>();
    for line in [
        "order.shipped version 1 is written otherwise than it was recorded",
        "  - tags: [] is not written any more",
    ] {
        assert!(
            failure.lines().any(|known| known == line),
            "{line} in\n{failure}"
        );
    }
    assert!(
        failure.contains("What is written now cannot be read: ")
            && failure.contains("missing field `tags`")
            && failure.contains("What may be left out needs a `default`"),
        "{failure}"
    );
    // Programs of before are not all: this one cannot read it, either.
    recorded
        .check::<left_out_where_empty::Order>(Mode::Backward)
        .unwrap_err();
    // The first time it is seen, nothing is recorded.
    let empty = Recorded(tempfile::tempdir().unwrap());
    let failure = empty
        .check::<left_out_where_empty::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("what is written for order.shipped cannot be read")
            && failure.contains("missing field `tags`"),
        "{failure}"
    );
    assert!(!empty.path("order.shipped.v1.json").exists());
}

#[test]
fn a_field_that_is_written_under_another_name_fails() {
    let failure = recorded::<plain::Order>().failure::<called_otherwise::Order>();
    for line in [
        "  - carrier: \"carrier\" is not written any more",
        "  + by: \"carrier\" is written, and was not there",
    ] {
        assert!(
            failure.lines().any(|known| known == line),
            "{line} in\n{failure}"
        );
    }
}

#[test]
fn a_field_that_is_never_written_fails_unless_it_is_its_default() {
    let failure = recorded::<with_defaults::Order>().failure::<never_written::Order>();
    assert!(
        failure.contains("  - express: true is not written any more"),
        "{failure}"
    );
    assert!(!failure.contains("express: false"), "{failure}");
}

#[test]
fn a_value_that_is_written_otherwise_fails_unless_one_says_so() {
    let recorded = recorded::<plain::Order>();
    let failure = recorded.failure::<written_in_capitals::Order>();
    assert!(
        failure.contains("  ~ carrier: \"carrier\" is written as \"CARRIER\""),
        "{failure}"
    );
    let before = recorded.read("order.shipped.v1.json")["examples"].clone();
    recorded
        .check::<written_in_capitals::Order>(Mode::Backward)
        .unwrap();
    recorded
        .check::<written_in_capitals::Order>(Mode::Check)
        .unwrap();
    // What was stored before must still be read.
    let record = recorded.read("order.shipped.v1.json");
    assert!(
        before
            .as_array()
            .unwrap()
            .iter()
            .all(|one| record["before"].as_array().unwrap().contains(one)),
        "{record}"
    );
}

#[test]
fn before_anything_is_stored_it_may_be_written_in_any_form_that_is_read() {
    let recorded = recorded::<plain::Order>();
    recorded
        .check::<written_in_capitals::Order>(Mode::Overwrite)
        .unwrap();
    recorded
        .check::<written_in_capitals::Order>(Mode::Check)
        .unwrap();
    let record = recorded.read("order.shipped.v1.json");
    assert_eq!(record["examples"][0]["carrier"], "CARRIER");
    assert!(record.get("before").is_none(), "{record}");
}

#[test]
fn what_is_left_out_and_has_a_default_is_no_other_form() {
    let recorded = recorded::<with_defaults::Order>();
    recorded
        .check::<left_out_with_a_default::Order>(Mode::Record)
        .unwrap();
    recorded
        .check::<left_out_with_a_default::Order>(Mode::Check)
        .unwrap();
    recorded
        .check::<with_defaults::Order>(Mode::Record)
        .unwrap();
}

#[test]
fn the_least_and_the_greatest_numbers_are_recorded_as_far_as_they_are_read() {
    let recorded = recorded::<numbers::Order>();
    recorded.check::<numbers::Order>(Mode::Check).unwrap();
    let bounds = recorded.read("order.paid.v1.json")["bounds"].clone();
    let bounds = bounds.as_array().unwrap();
    let all = |field: &str| {
        bounds
            .iter()
            .map(|one| one[field].clone())
            .collect::<Vec<_>>()
    };
    for (field, value) in [
        ("cents", json!(i64::MIN)),
        ("cents", json!(i64::MAX)),
        ("number", json!(0)),
        ("number", json!(u64::MAX)),
        ("percent", json!(0)),
        ("way", json!({ "Card": { "number": u32::MAX } })),
    ] {
        assert!(all(field).contains(&value), "{field} {value} in {bounds:?}");
    }
    // A type may refuse some.
    assert!(!all("percent").contains(&json!(255)), "{bounds:?}");
}

#[test]
fn a_number_that_does_not_fit_an_old_version_any_more_is_missed() {
    let recorded = recorded::<numbers::Order>();
    let failure = recorded
        .check::<narrower_numbers_in_an_old_version::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("order.paid version 1 was recorded, and cannot be read")
            && failure.contains("invalid value: integer `18446744073709551615`, expected u32"),
        "{failure}"
    );
    // What a step makes of the greatest number there is, is its own affair.
    recorded
        .check::<numbers_in_an_old_version::Order>(Mode::Record)
        .unwrap();
}
