//! A decision counts how often it was asked.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use std::sync::atomic::{AtomicU32, Ordering};

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::assert_pasted;

#[event("ticket")]
pub enum TicketEvent {
    Drawn { number: u32 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = TicketEvent, error = std::fmt::Error)]
pub struct Tickets;

#[command(Tickets)]
#[derive(Deserialize)]
pub struct Draw;

impl Fold for Tickets {
    fn fold(&mut self, _: &TicketEvent) {}
}

impl Decide<Draw> for Tickets {
    fn decide(&self, _: Draw) -> Decision<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(events![TicketEvent::Drawn { number }])
    }
}

#[test]
fn a_decision_that_comes_out_differently_is_found() {
    let laws = Laws::<Tickets>::new().of(commands::<Draw>()).seed(1);
    let failure = laws.check().expect_err("a decision counts");
    let text = failure.to_string();
    let headline = "a law of `Tickets` is broken: a command is decided alike in the same state\n";
    assert!(text.starts_with(headline), "{text}");
    assert!(
        text.contains("\n  Given   no events\n  When    Draw\n  Then    1  Drawn {"),
        "{text}"
    );
    assert!(text.contains("\n  Again   1  Drawn {"), "{text}");
    assert_pasted(&failure, include_str!("impure.rs"));
}

#[should_panic(expected = "the decision is not pure")]
#[test]
fn draw_is_decided_alike_each_time() {
    given::<Tickets>(events![]).when(Draw).then_nothing();
}
