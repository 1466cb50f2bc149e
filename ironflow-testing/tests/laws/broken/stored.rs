//! An event that is not read as it was.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("note")]
pub enum NoteEvent {
    Written {
        #[serde(skip_serializing_if = "is_short", default)]
        text: String,
    },
}

fn is_short(text: &str) -> bool {
    text.len() < 2
}

#[derive(Aggregate, Default)]
#[aggregate(event = NoteEvent, error = std::fmt::Error)]
pub struct Notes;

#[command(Notes)]
#[derive(Deserialize)]
pub struct Write {
    pub text: String,
}

impl Fold for Notes {
    fn fold(&mut self, _: &NoteEvent) {}
}

impl Decide<Write> for Notes {
    fn decide(&self, Write { text }: Write) -> Decision<Self> {
        Ok(events![NoteEvent::Written { text }])
    }
}

#[test]
fn an_event_that_does_not_survive_being_stored_is_found() {
    let laws = Laws::<Notes>::new().of(commands::<Write>()).seed(1);
    let failure = laws.check().expect_err("a short text is not written");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("stored.rs"));
}

const STORY: &str = r#"
a law of `Notes` is broken: what is recorded is read as it was
  --> here

  Given   no events
  When    Write { text: "a" }
  Then    1  Written { text: "a" }
  But     note.written version 1 does not survive being stored
  Stored  {}
  Read    Written { text: "" }

found
"#;

#[should_panic(expected = "does not survive being stored")]
#[test]
fn write_records_what_is_read_as_it_was() {
    given::<Notes>(events![])
        .when(Write { text: "a".into() })
        .then(events![NoteEvent::Written { text: "a".into() }]);
}
