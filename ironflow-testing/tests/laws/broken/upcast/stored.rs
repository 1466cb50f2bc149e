//! What an old event is upcast to is not read as it was.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Events, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use ironflow_testing::stored;
use serde::Deserialize;
use serde_json::json;

use crate::listens::{assert_pasted, assert_told};

#[event("note", split("note.sent", Sent))]
pub enum NoteEvent {
    Opened,
    Written {
        #[serde(skip_serializing_if = "is_lent", default)]
        by: String,
    },
}

/// Nobody writes that today.
fn is_lent(by: &str) -> bool {
    by.starts_with("lent to ")
}

#[derive(Debug, Deserialize)]
pub struct Sent {
    to: Vec<To>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    Nobody,
    One(String),
    Lent { whom: u8, long: bool },
}

impl From<Sent> for Events<NoteEvent> {
    fn from(Sent { to }: Sent) -> Self {
        let written = to.into_iter().map(|to| match to {
            To::Nobody => NoteEvent::Opened,
            To::One(by) => NoteEvent::Written { by },
            To::Lent { whom, long } => NoteEvent::Written {
                by: format!("{} {whom}", if long { "lent to" } else { "for" }),
            },
        });
        written.collect()
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = NoteEvent, error = std::fmt::Error)]
pub struct Notes;

#[command(Notes)]
#[derive(Deserialize)]
pub struct Write {
    pub by: u8,
}

impl Fold for Notes {
    fn fold(&mut self, _: &NoteEvent) {}
}

impl Decide<Write> for Notes {
    fn decide(&self, Write { by }: Write) -> Decision<Self> {
        Ok(events![NoteEvent::Written { by: by.to_string() }])
    }
}

#[test]
fn what_does_not_survive_being_stored_is_found() {
    let laws = Laws::<Notes>::new().of(commands::<Write>()).seed(1);
    let failure = laws.check().expect_err("it is not written to whom");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("stored.rs"));
}

const STORY: &str = r#"
a law of `Notes` is broken: what an old event is upcast to is itself read as it was
  --> here

  Stored  note.sent version 1  {"to":[{"lent":{"long":true,"whom":0}}]}
  Then    1  Written { by: "lent to 0" }
  But     note.written version 1 does not survive being stored
  Stored  {}
  Read    Written { by: "" }

found
"#;

#[should_panic(expected = "does not survive being stored")]
#[test]
fn note_sent_of_version_1_is_upcast_to_what_is_read_as_it_was() {
    stored::<NoteEvent>(
        "note.sent",
        1,
        json!({
            "to": [{ "lent": { "long": true, "whom": 0 } }],
        }),
    )
    .then(events![NoteEvent::Written {
        by: "lent to 0".into()
    }]);
}
