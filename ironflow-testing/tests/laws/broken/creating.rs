//! A command that creates a stream is accepted where there is one.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, Timestamp, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("account")]
pub enum AccountEvent {
    Opened { owner: Owner, at: Timestamp },
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
pub struct Owner {
    pub name: String,
    pub others: Vec<String>,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
pub struct Account;

#[command(Account, context = Clock, creates)]
#[derive(Deserialize)]
pub struct Open {
    #[id]
    pub account: String,
    pub owner: Owner,
}

#[derive(Debug, Deserialize)]
pub struct Clock {
    pub now: Timestamp,
}

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

impl DecideWith<Open> for Account {
    fn decide(&self, Open { owner, .. }: Open, clock: &Clock) -> Decision<Self> {
        if owner.others.is_empty() {
            return Err(std::fmt::Error);
        }
        let at = clock.now;
        Ok(events![AccountEvent::Opened { owner, at }])
    }
}

#[test]
fn a_stream_that_is_created_twice_is_found() {
    let laws = Laws::<Account>::new().of(commands::<Open>()).seed(1);
    let failure = laws.check().expect_err("a stream is created twice");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("creating.rs"));
}

const STORY: &str = r#"
a law of `Account` is broken: a command that is marked `creates` is refused once the stream exists
  --> here

  Given   1  Opened { owner: Owner { name: "", others: [""] }, at: 2026-01-01T00:00:00Z }
  Context Clock { now: 2026-01-01T00:00:00Z }
  When    Open { account: "a", owner: Owner { name: "", others: [""] } }
  Then    1  Opened { owner: Owner { name: "", others: [""] }, at: 2026-01-01T00:00:00Z }

found
"#;

#[should_panic(expected = "marked `creates`")]
#[test]
fn open_is_refused_once_the_stream_exists() {
    given::<Account>(events![AccountEvent::Opened {
        owner: Owner {
            name: "".into(),
            others: ["".into()].into()
        },
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
    },])
    .context(Clock {
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    })
    .when(Open {
        account: "a".into(),
        owner: Owner {
            name: "".into(),
            others: ["".into()].into(),
        },
    })
    .then(events![AccountEvent::Opened {
        owner: Owner {
            name: "".into(),
            others: ["".into()].into()
        },
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
    },]);
}
