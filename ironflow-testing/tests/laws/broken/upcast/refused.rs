//! Upcasters that take nothing of what is made up: nothing is proven about them.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{
    Aggregate, Decide, Decision, EventRef, Fold, Upcast, UpcastResult, command, event, events,
};
use ironflow_testing::laws::{Laws, commands};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[event("parcel", replaced("parcel.lost", Lost), replaced("parcel.shut", Shut))]
pub enum ParcelEvent {
    #[event(version = 2, upcast(Value))]
    Weighed(Weighed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    pub grams: u32,
}

#[derive(Debug, Deserialize)]
pub struct Lost {
    #[serde(rename = "when", deserialize_with = "late")]
    _when: u128,
}

/// JSON, as it is read here, has no form for such large numbers.
fn late<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let number = u128::deserialize(deserializer)?;
    let late = number > u128::from(u64::MAX);
    late.then_some(number)
        .ok_or(serde::de::Error::custom("too early"))
}

/// What is read from bytes, which there are none of in JSON.
#[derive(Debug, Deserialize)]
pub struct Shut {
    #[serde(rename = "by", deserialize_with = "in_memory")]
    _by: (),
}

fn in_memory<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    struct Number;

    impl serde::de::Visitor<'_> for Number {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a single byte")
        }

        fn visit_u8<E: serde::de::Error>(self, _: u8) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
            Err(E::custom("it is not a byte"))
        }
    }
    deserializer.deserialize_u8(Number)
}

impl From<Shut> for ParcelEvent {
    fn from(_: Shut) -> Self {
        Self::Weighed(Weighed { grams: 0 })
    }
}

impl Upcast<Value> for Weighed {
    fn upcast(old: Value, _: &EventRef<'_>) -> UpcastResult<Self> {
        let grams = old["wieght"].as_u64().ok_or("it has no weight")?;
        let grams = u32::try_from(grams)?;
        Ok(Self { grams })
    }
}

impl Upcast<Lost> for ParcelEvent {
    fn upcast(_: Lost, _: &EventRef<'_>) -> UpcastResult<Self> {
        Err("what is lost is not weighed".into())
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = ParcelEvent, error = std::fmt::Error)]
pub struct Parcel;

#[command(Parcel)]
#[derive(Deserialize)]
pub struct Weigh {
    pub grams: u32,
}

impl Fold for Parcel {
    fn fold(&mut self, _: &ParcelEvent) {}
}

impl Decide<Weigh> for Parcel {
    fn decide(&self, Weigh { grams }: Weigh) -> Decision<Self> {
        Ok(events![ParcelEvent::Weighed(Weighed { grams })])
    }
}

fn laws() -> Laws<Parcel> {
    Laws::new().of(commands::<Weigh>()).cases(64).seed(1)
}

/// What is said after the first two lines.
fn told(laws: &Laws<Parcel>) -> (String, String) {
    let failure = laws.check().expect_err("not all is tried");
    let text = failure.to_string();
    let (head, rest) = text.split_once('\n').unwrap_or_default();
    let (_, rest) = rest.split_once('\n').unwrap_or_default();
    (head.to_owned(), rest.to_owned())
}

#[test]
fn an_upcaster_that_refuses_all_that_is_made_up_proves_nothing() {
    let (head, rest) = told(&laws());
    assert_eq!(
        head,
        "the laws of `Parcel` were not tried in full: parcel.weighed version 1, parcel.lost version 1, parcel.shut version 1 were never upcast"
    );
    assert_eq!(rest, NEVER);
}

const NEVER: &str = r#"
  parcel.weighed version 1
    16 × it has no weight
  parcel.lost version 1
    64 × JSON has no form for it
  parcel.shut version 1
    64 × what was made up is not read: it is not a byte

help: say which payloads are stored: `stored("parcel.weighed", 1, [json!({ … })])`
help: or let the old shape have the types that the upcaster makes of its fields: what they take is made up

64 runs; PROPTEST_RNG_SEED=1 makes the same again
"#;

#[test]
fn what_is_stored_can_be_said() {
    let weights = [
        json!({ "wieght": 0 }),
        json!({ "wieght": 5_000_000_000_u64 }),
    ];
    let laws = laws().stored("parcel.weighed", 1, weights);
    let (head, _) = told(&laws);
    assert_eq!(
        head,
        "the laws of `Parcel` were not tried in full: parcel.lost version 1, parcel.shut version 1 were never upcast"
    );
    let (head, rest) = told(&laws.stored("parcel.weighed", 2, []));
    assert_eq!(
        head,
        "the laws of `Parcel` were not tried: parcel.weighed version 2 is not an old version"
    );
    assert_eq!(
        rest,
        "\n  Known   parcel.weighed version 1, parcel.lost version 1, parcel.shut version 1\n"
    );
}
