//! An upcaster that makes something else each time.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use std::sync::atomic::{AtomicU32, Ordering};

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use ironflow_testing::stored;
use serde::Deserialize;
use serde_json::json;

#[event("ticket", replaced("ticket.printed", Printed))]
pub enum TicketEvent {
    Drawn { number: u32 },
}

#[derive(Debug, Deserialize)]
pub struct Printed {}

impl From<Printed> for TicketEvent {
    fn from(_: Printed) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::Drawn { number }
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = TicketEvent, error = std::fmt::Error)]
pub struct Tickets;

#[command(Tickets)]
#[derive(Deserialize)]
pub struct Draw {
    pub number: u32,
}

impl Fold for Tickets {
    fn fold(&mut self, _: &TicketEvent) {}
}

impl Decide<Draw> for Tickets {
    fn decide(&self, Draw { number }: Draw) -> Decision<Self> {
        Ok(events![TicketEvent::Drawn { number }])
    }
}

#[test]
fn an_upcaster_that_counts_is_found() {
    let laws = Laws::<Tickets>::new().of(commands::<Draw>()).seed(1);
    let failure = laws.check().expect_err("an upcaster counts");
    let text = failure.to_string();
    let headline = "a law of `Tickets` is broken: an old event is read alike each time\n";
    assert!(text.starts_with(headline), "{text}");
    for part in [
        "\n  Stored  ticket.printed version 1  {}\n  Then    1  Drawn {",
        "\n  Again   1  Drawn {",
        "fn ticket_printed_of_version_1_is_read_alike_each_time() {",
        "    stored::<TicketEvent>(\"ticket.printed\", 1, json!({}))",
        "        .then(events![TicketEvent::Drawn { number:",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[should_panic(expected = "is not read as was expected")]
#[test]
fn ticket_printed_of_version_1_is_read_alike_each_time() {
    stored::<TicketEvent>("ticket.printed", 1, json!({}))
        .then(events![TicketEvent::Drawn { number: 0 }]);
}
