//! Stories that hold, on every store.

use ironflow_domain::events;
use ironflow_domain::store::MemoryStore;
use ironflow_testing::contract::Fixture;
use ironflow_testing::{given, stored, story};
use serde_json::json;

use crate::domain::{Open, Order, Ordered, Pay, Prices, Refused, Tab, TabEvent};

fn opened() -> TabEvent {
    TabEvent::Opened {
        guest: "Ann".into(),
    }
}

fn ordered() -> TabEvent {
    TabEvent::Ordered(Ordered {
        cents: 350,
        drinks: 1,
    })
}

async fn kept() -> Fixture {
    // Many a store is opened by way of the network.
    tokio::task::yield_now().await;
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    Fixture::new(MemoryStore::new()).keeping(directory)
}

/// A guest pays what they have ordered.
#[story(memory = MemoryStore::new(), kept = kept().await)]
fn a_guest_pays_what_they_ordered() {
    let opened = given::<Tab>(events![])
        .context(Prices { drink: 350 })
        .issued_by("the bar")
        .correlation_id("evening")
        .tenant_id("harbour")
        .when(Order { drinks: 0 })
        .then_nothing()
        .and_when(Order { drinks: 2 })
        .then(events![ordered(), ordered()]);
    opened
        .and_when(Order { drinks: 1 })
        .then(events![ordered()]);
}

#[story(memory = MemoryStore::new())]
fn what_was_stored_before_is_paid_today() {
    given::<Tab>(events![opened()])
        .and(stored("tab.ordered", 1, json!({ "cents": 350 })).and(
            "tab.ordered",
            2,
            json!({ "cents": 350, "drinks": 1 }),
        ))
        .when(Pay)
        .then(events![TabEvent::Paid { cents: 700 }])
        .and_when(Pay)
        .then_error(Refused::NothingToPay);
}

#[story(memory = MemoryStore::new())]
fn a_tab_is_opened_once() {
    let open = || Open {
        tab: 7,
        guest: "Ann".into(),
    };
    given::<Tab>(events![])
        .when(open())
        .then(events![opened()])
        .and_when(open())
        .then_error(Refused::AlreadyOpen);
}

#[story(memory = MemoryStore::new())]
#[should_panic(expected = "not the events that were expected")]
fn a_story_that_does_not_hold_fails_everywhere() {
    given::<Tab>(events![])
        .when(Open {
            tab: 7,
            guest: "Bob".into(),
        })
        .then(events![opened()]);
}

/// Nothing but a test.
#[story]
fn a_story_may_fail_with_an_error() -> Result<(), std::num::ParseIntError> {
    let guests: usize = "1".parse()?;
    given::<Tab>(events![])
        .after(Open {
            tab: 7,
            guest: "Ann".into(),
        })
        .when(Pay)
        .then_error(Refused::NothingToPay);
    assert_eq!(guests, 1);
    Ok(())
}
