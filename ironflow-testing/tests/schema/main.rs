//! The schema guard, held against every kind of change.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod domain;
mod recursive;
mod verdicts;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use ironflow_domain::{Aggregate, Described};
use ironflow_testing::{Mode, SchemaGuard};
use serde_json::Value;

/// A directory in which the plain domain is recorded.
struct Recorded(tempfile::TempDir);

impl Recorded {
    fn new() -> Self {
        let recorded = Self(tempfile::tempdir().unwrap());
        recorded
            .check::<domain::plain::Order>(Mode::Record)
            .unwrap();
        recorded
    }

    fn check<A: Aggregate<Event: Described>>(&self, mode: Mode) -> Result<(), String> {
        SchemaGuard::new(self.0.path(), mode).check::<A>()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join("order").join(file)
    }

    fn read(&self, file: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(file)).unwrap()).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<_> = fs::read_dir(self.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    }

    /// What fails with a changed domain, without the directory's own name.
    fn failure<A: Aggregate<Event: Described>>(&self) -> String {
        let before = contents(self.0.path());
        let failure = self.check::<A>(Mode::Record).unwrap_err();
        assert_eq!(
            contents(self.0.path()),
            before,
            "what fails must not be recorded"
        );
        let checked = self.check::<A>(Mode::Check).unwrap_err();
        assert!(checked.ends_with(&failure), "{checked}");
        failure.replace(self.0.path().to_str().unwrap(), "schema")
    }
}

fn contents(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut contents: Vec<_> = fs::read_dir(directory.join("order"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    contents.sort();
    contents
}

#[test]
fn what_is_seen_for_the_first_time_is_recorded() {
    let recorded = Recorded::new();
    assert_eq!(
        recorded.files(),
        [
            "index.json",
            "order.cancelled.v1.json",
            "order.placed.v1.json",
            "order.shipped.v1.json"
        ]
    );
    let placed = recorded.read("order.placed.v1.json");
    assert_eq!(
        (&placed["event"], &placed["version"]),
        (&"order.placed".into(), &1.into())
    );
    assert_eq!(
        placed["examples"],
        serde_json::json!([
            {"id": 1, "note": "note", "items": [{"sku": "sku", "quantity": 1}]},
            {"id": 1, "note": null, "items": [{"sku": "sku", "quantity": 1}]},
            {"id": 1, "note": null, "items": []},
        ])
    );
    assert_eq!(placed["schema"]["properties"]["id"]["format"], "uint64");
    // Seen again, it is as it was, also where nothing may be written.
    let before = contents(recorded.0.path());
    recorded
        .check::<domain::plain::Order>(Mode::Record)
        .unwrap();
    recorded.check::<domain::plain::Order>(Mode::Check).unwrap();
    assert_eq!(contents(recorded.0.path()), before);
}

#[test]
fn what_is_not_committed_fails_where_nothing_may_be_written() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    let failure = empty
        .check::<domain::plain::Order>(Mode::Check)
        .unwrap_err();
    for name in ["order.placed", "order.shipped", "order.cancelled"] {
        assert!(
            failure.contains(&format!("{name} version 1 is not recorded yet")),
            "{failure}"
        );
    }
    assert!(!empty.path("").exists());
}

#[test]
fn names_and_comments_of_the_program_are_not_part_of_a_shape() {
    let recorded = Recorded::new();
    let before = contents(recorded.0.path());
    recorded
        .check::<domain::described::Order>(Mode::Record)
        .unwrap();
    assert_eq!(contents(recorded.0.path()), before);
}

#[test]
fn a_field_with_a_default_is_recorded_beside_what_there_was() {
    let recorded = Recorded::new();
    let failure = recorded
        .check::<domain::with_default::Order>(Mode::Check)
        .unwrap_err();
    assert!(
        failure.contains(
            "order.shipped version 1 has changed so that both sides can read it, and that is not recorded"
        ),
        "{failure}"
    );
    recorded
        .check::<domain::with_default::Order>(Mode::Record)
        .unwrap();
    let examples = &recorded.read("order.shipped.v1.json")["examples"];
    assert_eq!(
        examples,
        &serde_json::json!([
            {"carrier": "carrier"},
            {"carrier": "carrier", "express": true},
            {"carrier": "carrier", "express": false},
        ])
    );
    // Back again is a change both sides can read, too.
    recorded
        .check::<domain::plain::Order>(Mode::Record)
        .unwrap();
}

#[test]
fn another_shape_under_the_same_version_fails_with_the_ways_out() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::with_a_required_field::Order>();
    let expected = "\
order.placed version 1 has another shape than what was recorded (compatibility: none)
    schema/order/order.placed.v1.json
  ~ id: integer (uint64) → string
  ~ items[].quantity: integer (uint32) → integer (uint64)
  - note: string or null
  What was stored cannot be read:
    id: integer (uint64) is not read as string
  A program of before, still running, cannot read what this one writes:
    id: string is not read as integer (uint64)
    items[].quantity: integer (uint64) may be out of the range of integer (uint32)
  Ways out:
  - Keep the version and let both sides read it: leave fields as they were, and give new ones `#[serde(default)]`. What is only called otherwise in the program keeps its stored name: `#[serde(rename = \"…\")]`.
  - A new version, and the step from the old one:

        #[event(version = 2, upcast(PlacedV1))]
        Placed(OrderPlaced),

        #[derive(Deserialize)]
        struct PlacedV1 {
            id: u64,
            items: Vec<…>,
            note: Option<String>, // gone
        }

        impl From<PlacedV1> for OrderPlaced {
            fn from(old: PlacedV1) -> Self {
                Self {
                    id: …,
                    items: …,
                }
            }
        }

  - If no event of it has been stored anywhere yet: `IRONFLOW_SCHEMA=overwrite cargo test`.";
    let (_, placed) = failure.split_at(failure.find("order.placed version 1 has another").unwrap());
    let (placed, shipped) = placed.split_at(placed.find("\n\norder.shipped").unwrap());
    assert_eq!(placed, expected);
    for line in [
        "  + weight: integer (uint32)",
        "    weight: it is missing, and has no default",
        "        Shipped { … },",
        "        impl From<ShippedV1> for OrderEvent {",
        "                Self::Shipped {",
        "                    weight: …,",
    ] {
        assert!(
            shipped.lines().any(|known| known == line),
            "{line} in\n{shipped}"
        );
    }
}

#[test]
fn a_new_version_with_an_upcaster_is_recorded_with_its_verdict() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::upcast::Order>(Mode::Record)
        .unwrap();
    let shipped = recorded.read("order.shipped.v2.json");
    // The new field is one that a program of before does not look at.
    assert_eq!(shipped["compatibility"], "full");
    assert_eq!(
        recorded.read("index.json")["order.shipped"],
        serde_json::json!([1, 2])
    );
    // The program of before must not be tested against what is recorded by now.
    let failure = recorded.failure::<domain::plain::Order>();
    assert!(
        failure
            .contains("order.shipped was recorded in version 2, and is declared up to version 1"),
        "{failure}"
    );
}

#[test]
fn what_is_upcast_goes_through_its_own_stored_form() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::upcast_to_what_is_not_read::Order>();
    let expected = "order.shipped version 1 was recorded, and is read as order.shipped version 2, which cannot be read back \
         from its stored form\n    stored  {\"carrier\":\"carrier\",\"weight\":0}\n    \
         read    the payload of order.shipped version 2 does not fit its type, caused by: nothing weighs nothing";
    assert!(failure.contains(expected), "{failure}");
}

#[test]
fn what_was_recorded_must_still_be_read_and_folded() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::upcast_that_refuses::Order>();
    assert!(
        failure.contains(
            "order.shipped version 1 was recorded, and cannot be read: event order.shipped version 1 cannot be upcast: \
             nobody knows what carrier weighs"
        ),
        "{failure}"
    );
    let failure = recorded.failure::<domain::folding_refuses::Order>();
    assert!(
        failure.contains("order.cancelled version 1 was recorded, and cannot be folded any more")
            && failure.contains("what is cancelled was placed"),
        "{failure}"
    );
}

#[test]
fn a_file_that_is_gone_fails_unless_its_version_is_retired() {
    let recorded = Recorded::new();
    fs::remove_file(recorded.path("order.shipped.v1.json")).unwrap();
    let failure = recorded.failure::<domain::plain::Order>();
    assert!(
        failure.contains("the file of order.shipped version 1 is gone"),
        "{failure}"
    );
    assert!(
        failure.contains("restore the file from version control"),
        "{failure}"
    );

    // A new version does not make up for it.
    let failure = recorded
        .check::<domain::upcast::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("write `_` for its shape in `upcast(…)`"),
        "{failure}"
    );
    recorded
        .check::<domain::retired_version::Order>(Mode::Record)
        .unwrap();
}

#[test]
fn an_event_that_is_declared_no_more_fails_unless_its_fate_is_told() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::removed::Order>();
    assert!(
        failure.contains(
            "order.shipped version 1 was recorded, and nothing is declared under that name"
        ) && failure.contains("`dropped(\"order.shipped\")`"),
        "{failure}"
    );
    recorded
        .check::<domain::dropped::Order>(Mode::Check)
        .unwrap();
    recorded
        .check::<domain::retired::Order>(Mode::Check)
        .unwrap();
    fs::remove_file(recorded.path("order.shipped.v1.json")).unwrap();
    recorded
        .check::<domain::retired::Order>(Mode::Check)
        .unwrap();
    // What is dropped is stored all the same.
    recorded.failure::<domain::dropped::Order>();
}

#[test]
fn a_renamed_event_keeps_its_shape() {
    let recorded = Recorded::new();
    let failure = recorded
        .check::<domain::renamed_and_changed::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("order.shipped version 1 has another shape than what was recorded"),
        "{failure}"
    );
    let recorded = Recorded::new();
    recorded
        .check::<domain::renamed::Order>(Mode::Record)
        .unwrap();
    assert!(recorded.files().contains(&"order.sent.v1.json".to_owned()));
    assert!(
        recorded
            .files()
            .contains(&"order.shipped.v1.json".to_owned())
    );
}

#[test]
fn events_that_are_split_and_merged_are_read_as_they_were_stored() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::split_and_merged::Order>(Mode::Record)
        .unwrap();
    // Each part is looked at: a payload that does not fit fails.
    let path = recorded.path("order.shipped.v1.json");
    let broken = fs::read_to_string(&path)
        .unwrap()
        .replace("\"carrier\": \"carrier\"", "\"carrier\": 7");
    fs::write(&path, broken).unwrap();
    let failure = recorded.failure::<domain::split_and_merged::Order>();
    assert!(
        failure.contains("invalid type: integer `7`, expected a string"),
        "{failure}"
    );
}

#[test]
fn every_version_of_a_part_is_read() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::upcast::Order>(Mode::Record)
        .unwrap();
    // Version 2 can be read, version 1 cannot.
    let failure = recorded
        .check::<domain::merged_with_an_older_part::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("order.shipped version 1 was recorded, and cannot be read")
            && failure.contains("missing field `by`"),
        "{failure}"
    );
}

#[test]
fn a_fold_may_rely_on_what_came_before() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::relying_on_decisions::Order>(Mode::Record)
        .unwrap();
    empty
        .check::<domain::relying_on_decisions::Order>(Mode::Check)
        .unwrap();
    // What cannot be folded whatever comes before is only read.
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::folding_refuses::Order>(Mode::Record)
        .unwrap();
    assert_eq!(empty.read("order.cancelled.v1.json")["folded"], false);
    empty
        .check::<domain::folding_refuses::Order>(Mode::Check)
        .unwrap();
}

#[test]
fn an_upcaster_finds_the_metadata_it_looks_for() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::by_metadata::Order>(Mode::Record)
        .unwrap();
}

#[test]
fn what_only_programs_of_before_cannot_read_is_recorded_when_told_so() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::with_a_case_less::Order>(Mode::Record)
        .unwrap();
    let failure = empty.failure::<domain::with_a_case_more::Order>();
    assert!(failure.contains("(compatibility: backward)"), "{failure}");
    assert!(
        failure.contains("    way: \"Voucher\" is not read\n"),
        "{failure}"
    );
    assert!(
        failure.contains("`IRONFLOW_SCHEMA=backward cargo test`"),
        "{failure}"
    );
    let before = empty.read("order.paid.v1.json")["examples"].clone();
    empty
        .check::<domain::with_a_case_more::Order>(Mode::Backward)
        .unwrap();
    let after = empty.read("order.paid.v1.json")["examples"].clone();
    for example in before.as_array().unwrap() {
        assert!(
            after.as_array().unwrap().contains(example),
            "{example} in {after}"
        );
    }
    empty
        .check::<domain::with_a_case_more::Order>(Mode::Check)
        .unwrap();
    // The other way round, what was stored cannot be read, whoever says so.
    let failure = empty
        .check::<domain::with_a_case_less::Order>(Mode::Backward)
        .unwrap_err();
    assert!(
        failure.contains("What was stored cannot be read:"),
        "{failure}"
    );
    assert!(!failure.contains("IRONFLOW_SCHEMA=backward"), "{failure}");
}

#[test]
fn a_schema_that_says_less_than_the_program_reads_is_not_believed() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::aliased::Order>();
    assert!(
        failure
            .contains("By its schema, what was stored cannot be read (the recorded examples can:"),
        "{failure}"
    );
    // Examples are not all there is, so they are no reason to believe it either.
    recorded
        .check::<domain::aliased::Order>(Mode::Backward)
        .unwrap_err();
}

#[test]
fn the_code_to_paste_leaves_out_what_only_the_user_knows() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::hard_to_write_down::Order>(Mode::Record)
        .unwrap();
    let failure = empty.failure::<domain::hard_to_write_down_and_changed::Order>();
    for line in [
        "        #[event(version = 2, upcast(serde_json::Value))]",
        "        impl Upcast<serde_json::Value> for Paid {",
        "            r#type: String,",
        "            #[serde(rename = \"markedBy\")]",
        "            marked_by: …, // the type it has today",
        "                    marked_by: old.marked_by,",
        "                    marked_on: …,",
        "                    r#type: …,",
    ] {
        assert!(
            failure.lines().any(|known| known == line),
            "{line} in\n{failure}"
        );
    }
}

#[test]
fn before_anything_is_stored_an_event_may_go_away_and_a_version_back() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::upcast::Order>(Mode::Record)
        .unwrap();
    recorded
        .check::<domain::plain::Order>(Mode::Overwrite)
        .unwrap();
    assert!(!recorded.path("order.shipped.v2.json").exists());
    recorded.check::<domain::plain::Order>(Mode::Check).unwrap();
    recorded
        .check::<domain::removed::Order>(Mode::Overwrite)
        .unwrap();
    assert!(!recorded.path("order.shipped.v1.json").exists());
    recorded
        .check::<domain::removed::Order>(Mode::Check)
        .unwrap();
}

#[test]
fn before_anything_is_stored_an_event_may_change_freely() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::with_a_required_field::Order>(Mode::Overwrite)
        .unwrap();
    recorded
        .check::<domain::with_a_required_field::Order>(Mode::Check)
        .unwrap();
    assert!(recorded.check::<domain::plain::Order>(Mode::Check).is_err());
}

#[test]
fn a_type_that_refuses_what_fits_its_schema_needs_an_example() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    let failure = empty
        .check::<domain::validated::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("it does not begin with o-")
            && failure.contains("`#[schemars(example = …)]`"),
        "{failure}"
    );
    assert!(!empty.path("order.placed.v1.json").exists());
    empty
        .check::<domain::validated_with_an_example::Order>(Mode::Record)
        .unwrap();
    assert_eq!(
        empty.read("order.placed.v1.json")["examples"],
        serde_json::json!([{"id": "o-1"}])
    );
}

#[test]
fn what_stands_beside_a_flattened_enum_is_guarded_too() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::flattened::Order>(Mode::Record)
        .unwrap();
    let failure = empty.failure::<domain::flattened_and_changed::Order>();
    assert!(failure.contains("(compatibility: none)"), "{failure}");
}

#[test]
fn a_set_of_nothing_but_variants_without_fields_may_get_one_with() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    for _ in 0..2 {
        empty
            .check::<domain::without_fields::Order>(Mode::Record)
            .unwrap();
    }
    let before = empty.read("order.opened.v1.json");
    empty
        .check::<domain::without_fields_and_one_with::Order>(Mode::Record)
        .unwrap();
    assert_eq!(empty.read("order.opened.v1.json"), before);
}

#[test]
fn an_index_that_is_lost_is_missed_and_made_again() {
    let recorded = Recorded::new();
    fs::remove_file(recorded.path("index.json")).unwrap();
    let failure = recorded
        .check::<domain::plain::Order>(Mode::Check)
        .unwrap_err();
    assert!(
        failure.contains("not all that is recorded is listed"),
        "{failure}"
    );
    recorded
        .check::<domain::plain::Order>(Mode::Record)
        .unwrap();
    recorded.check::<domain::plain::Order>(Mode::Check).unwrap();
}

#[test]
fn tests_that_record_at_once_do_not_disturb_each_other() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    empty.check::<domain::plain::Order>(Mode::Record).unwrap();
                }
            });
        }
    });
    empty.check::<domain::plain::Order>(Mode::Check).unwrap();
    assert_eq!(empty.files().len(), 4);
}

#[test]
fn a_file_that_was_edited_by_hand_is_named() {
    let recorded = Recorded::new();
    let path = recorded.path("order.placed.v1.json");
    fs::write(&path, "<<<<<<< ours").unwrap();
    let failure = recorded
        .check::<domain::plain::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("order.placed.v1.json is not what was written there")
            && failure.contains("restore it from version control"),
        "{failure}"
    );
    let recorded = Recorded::new();
    fs::rename(
        recorded.path("order.placed.v1.json"),
        recorded.path("order.lost.v1.json"),
    )
    .unwrap();
    let failure = recorded
        .check::<domain::plain::Order>(Mode::Record)
        .unwrap_err();
    assert!(
        failure.contains("is about version 1 of order.placed: give it back its name"),
        "{failure}"
    );
}

#[test]
fn a_map_is_recorded_whatever_its_keys_are_made_from() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty.check::<domain::keyed::Order>(Mode::Record).unwrap();
    empty.check::<domain::keyed::Order>(Mode::Check).unwrap();
    assert_eq!(
        empty.read("order.of_letters.v1.json")["examples"][0],
        serde_json::json!({ "counts": { "k": 1 } })
    );
}

#[test]
fn what_is_declared_no_more_has_its_ways_out_in_order() {
    let recorded = Recorded::new();
    let failure = recorded.failure::<domain::renamed_in_the_program::Order>();
    let expected = "\
order.shipped version 1 was recorded, and nothing is declared under that name
    schema/order/order.shipped.v1.json
  Ways out:
  - `Sent` has the same shape. If it is only called otherwise in the program, it keeps its stored name: `#[event(name = \"order.shipped\")]` on the variant.
  - If it is stored under another name from now on: `#[event(also_named(\"order.shipped\"))]` on the variant, such as `Sent`.
  - If another enum has the category `order` as well, and declares it: give one of them a category of its own. They would read each other's events.
  - If no variant stands for it any more, say on the enum what becomes of the stored ones. Each is one event of today:

        replaced(\"order.shipped\", Shipped)

        #[derive(Deserialize)]
        struct Shipped {
            carrier: String,
        }

        impl From<Shipped> for OrderEvent {
            fn from(old: Shipped) -> Self {
                …
            }
        }

    Where it is several, `split(\"order.shipped\", Shipped)` and `for Events<OrderEvent>`; where it is one together with others of its append, `merged((\"order.shipped\", Shipped), …)`.
  - If the stored ones mean nothing any more, though they are there: `dropped(\"order.shipped\")` on the enum.
  - If none is stored any more: `retired(\"order.shipped\")` on the enum.
  - If none has been stored anywhere yet: `IRONFLOW_SCHEMA=overwrite cargo test`.";
    assert_eq!(failure, expected);
    recorded
        .check::<domain::renamed_in_the_program_and_stored_as_before::Order>(Mode::Check)
        .unwrap();
    // A variant that was recorded before is not the one that is gone.
    let failure = recorded.failure::<domain::removed::Order>();
    assert!(!failure.contains("has the same shape"), "{failure}");
}

#[test]
fn all_versions_of_what_is_declared_no_more_are_told_at_once() {
    let recorded = Recorded::new();
    recorded
        .check::<domain::upcast::Order>(Mode::Record)
        .unwrap();
    let failure = recorded.failure::<domain::removed::Order>();
    assert!(
        failure.starts_with("order.shipped versions 1, 2 were recorded, and nothing is declared"),
        "{failure}"
    );
    assert!(
        failure.contains("        replaced(\"order.shipped\", …, ShippedV2)\n"),
        "{failure}"
    );
    assert_eq!(failure.matches("nothing is declared").count(), 1);
}

#[test]
fn what_another_enum_of_the_category_declares_is_not_said_to_be_of_no_use() {
    let recorded = Recorded::new();
    let failure = recorded
        .check::<domain::of_the_same_category::Order>(Mode::Record)
        .unwrap_err();
    let shared = failure.find("If another enum has the category `order` as well");
    let dropped = failure.find("`dropped(");
    assert!(shared.is_some() && shared < dropped, "{failure}");
}

#[test]
fn what_a_variant_is_called_in_another_schema_hides_nothing() {
    let empty = Recorded(tempfile::tempdir().unwrap());
    empty
        .check::<domain::called_otherwise_in_its_schema::Order>(Mode::Record)
        .unwrap();
    let shipped = &empty.read("order.shipped.v1.json")["schema"]["properties"];
    assert_eq!(shipped["carrier"]["type"], "string");
    let weighed = &empty.read("order.weighed.v1.json")["schema"]["properties"];
    assert_eq!(weighed["grams"]["format"], "uint32");
}
