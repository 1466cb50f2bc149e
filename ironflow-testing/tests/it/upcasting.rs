//! Sentences about what programs of before have stored.

use ironflow_domain::{EventRef, Metadata, Upcast, UpcastResult, event, events};
use ironflow_testing::stored;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::failure::{fails, fails_late};

#[event(
    "letter",
    merged(("letter.weighed", Weighed), ("letter.measured", Measured)),
    dropped("letter.viewed")
)]
enum LetterEvent {
    #[event(version = 2, upcast(SentV1))]
    Sent(Sent),
    Handled {
        grams: u32,
        millimetres: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    to: String,
    by: Option<String>,
    second: i64,
}

#[derive(Deserialize)]
struct SentV1 {
    to: String,
}

impl Upcast<SentV1> for Sent {
    fn upcast(old: SentV1, event: &EventRef<'_>) -> UpcastResult<Self> {
        if old.to.is_empty() {
            return Err("it goes nowhere".into());
        }
        Ok(Self {
            to: old.to,
            by: event.read_metadata()?.issued_by,
            second: event.time.as_micros() / 1_000_000,
        })
    }
}

#[derive(Deserialize)]
struct Weighed {
    grams: u32,
}

#[derive(Deserialize)]
struct Measured {
    millimetres: u32,
}

impl From<(Weighed, Measured)> for LetterEvent {
    fn from((weighed, measured): (Weighed, Measured)) -> Self {
        Self::Handled {
            grams: weighed.grams,
            millimetres: measured.millimetres,
        }
    }
}

fn sent(by: Option<&str>, second: i64) -> LetterEvent {
    LetterEvent::Sent(Sent {
        to: "Ann".into(),
        by: by.map(Into::into),
        second,
    })
}

#[test]
fn an_old_event_is_what_it_is_upcast_to() {
    stored::<LetterEvent>("letter.sent", 1, json!({ "to": "Ann" }))
        .then(events![sent(None, 1_767_225_600)]);

    let mut metadata = Metadata::default();
    metadata.issued_by = Some("Bob".into());
    stored::<LetterEvent>("letter.sent", 1, json!({ "to": "Ann" }))
        .metadata(metadata)
        .at("1970-01-01T00:00:07Z")
        .then(events![sent(Some("Bob"), 7)]);

    stored::<LetterEvent>("letter.viewed", 1, json!({})).then(events![]);
    stored::<LetterEvent>("letter.weighed", 1, json!({ "grams": 20 }))
        .and("letter.measured", 1, json!({ "millimetres": 3 }))
        .then(events![LetterEvent::Handled {
            grams: 20,
            millimetres: 3
        }]);
}

#[test]
fn what_cannot_be_read_says_why() {
    stored::<LetterEvent>("letter.sent", 1, json!({ "to": "" })).then_unreadable("it goes nowhere");
    stored::<LetterEvent>("letter.sent", 3, json!({}))
        .then_unreadable("written by a newer program");
    stored::<LetterEvent>("letter.weighed", 1, json!({ "grams": 20 }))
        .then_unreadable("letter.measured does not come right after it");
}

#[test]
fn it_is_read_as_something_else() {
    fails(
        || {
            stored::<LetterEvent>("letter.sent", 1, json!({ "to": "Ann" }))
                .at("1970-01-01T00:00:07Z")
                .then(events![sent(None, 8)]);
        },
        "
            what is stored is not read as was expected: 1 with other content
              --> HERE+4

              Stored  letter.sent version 1  {\"to\":\"Ann\"}
              Then       expected  produced
                      ~         1         1  Sent(Sent { to: \"Ann\", by: None, second: 7 })
                                               second  8 → 7
        ",
    );
}

#[test]
fn it_cannot_be_read() {
    fails(
        || {
            stored::<LetterEvent>("letter.sent", 1, json!({ "to": "" }))
                .then(events![sent(None, 0)]);
        },
        "
            what is stored cannot be read
              --> HERE+3

              Stored  letter.sent version 1  {\"to\":\"\"}
              Then    expected  1  Sent(Sent { to: \"Ann\", by: None, second: 0 })
                      produced  event letter.sent version 1 cannot be upcast
                                caused by: it goes nowhere
        ",
    );
}

#[test]
fn it_can_be_read_or_cannot_for_another_reason() {
    fails(
        || {
            stored::<LetterEvent>("letter.viewed", 1, json!({})).then_unreadable("nobody looked");
        },
        "
            what is stored can be read, and should not be
              --> HERE+2

              Stored  letter.viewed version 1  {}
              Then    expected  nobody looked
                      produced  no events
        ",
    );
    fails(
        || {
            stored::<LetterEvent>("letter.sent", 1, json!({})).then_unreadable("it goes nowhere");
        },
        "
            what is stored cannot be read, for another reason than was expected
              --> HERE+2

              Stored  letter.sent version 1  {}
              Then    expected  it goes nowhere
                      produced  the payload of letter.sent version 1 does not fit its type
                                caused by: missing field `to` at line 1 column 2
        ",
    );
}

#[test]
fn a_sentence_without_a_then() {
    fails_late(
        || {
            let stored = stored::<LetterEvent>("letter.viewed", 1, json!({}));
            drop(stored);
        },
        "
            stored(..) without a then: nothing was checked; end with .then(events) or .then_unreadable(text)
              --> HERE+2
        ",
    );
}
