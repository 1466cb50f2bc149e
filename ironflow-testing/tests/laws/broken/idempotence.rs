//! A command that is declared idempotent, and is not.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("invoice")]
pub enum InvoiceEvent {
    Sent,
    Paid { by: Option<Payer>, cents: Cents },
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
pub struct Payer(pub String);

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, Deserialize)]
pub struct Cents(pub u64);

#[derive(Aggregate, Default)]
#[aggregate(event = InvoiceEvent, error = std::fmt::Error)]
pub struct Invoice {
    sent: bool,
}

#[command(Invoice)]
#[derive(Deserialize)]
pub struct Send;

#[command(Invoice)]
#[derive(Deserialize)]
pub struct Pay {
    pub by: Option<Payer>,
    pub cents: Cents,
}

impl Fold for Invoice {
    fn fold(&mut self, _: &InvoiceEvent) {
        self.sent = true;
    }
}

impl Decide<Send> for Invoice {
    fn decide(&self, _: Send) -> Decision<Self> {
        Ok(if self.sent {
            events![]
        } else {
            events![InvoiceEvent::Sent]
        })
    }
}

impl Decide<Pay> for Invoice {
    fn decide(&self, Pay { by, cents }: Pay) -> Decision<Self> {
        if !self.sent || cents.0 < 3 || by.is_none() {
            return Err(std::fmt::Error);
        }
        Ok(events![InvoiceEvent::Paid { by, cents }])
    }
}

#[test]
fn a_command_that_records_something_twice_is_found() {
    let laws = Laws::<Invoice>::new()
        .of(commands::<Send>().idempotent())
        .of(commands::<Pay>().idempotent())
        .seed(1);
    let failure = laws.check().expect_err("it is paid twice");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("idempotence.rs"));
}

const STORY: &str = r#"
a law of `Invoice` is broken: a command that is declared idempotent records nothing when it is decided again
  --> here

  Given   1  Sent
  When    Pay { by: Some(Payer("")), cents: Cents(3) }
  Then    1  Paid { by: Some(Payer("")), cents: Cents(3) }
  Again   1  Paid { by: Some(Payer("")), cents: Cents(3) }

found
"#;

#[should_panic(expected = "something happened, and nothing should have")]
#[test]
fn pay_records_nothing_the_second_time() {
    given::<Invoice>(events![InvoiceEvent::Sent])
        .when(Pay {
            by: Some(Payer("".into())),
            cents: Cents(3),
        })
        .then(events![InvoiceEvent::Paid {
            by: Some(Payer("".into())),
            cents: Cents(3)
        },])
        .and_when(Pay {
            by: Some(Payer("".into())),
            cents: Cents(3),
        })
        .then_nothing();
}
