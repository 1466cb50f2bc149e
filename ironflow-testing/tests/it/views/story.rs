//! What is told, and how it goes on.

use std::time::Duration;

use ironflow_domain::{
    EventId, Metadata, Partition, Position, Project, Projection, Recorded, StreamVersion,
    Timestamp, Unpartitioned, event, events,
};
use ironflow_testing::{stored, views_of};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shop::*;
use crate::failure::{fails, fails_late};

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn what_happens_to_several_aggregates_leads_to_several_views() {
    views_of::<CustomerOrders>()
        .at("2026-04-17T12:00:00Z")
        .given("1", events![placed("ann")])
        .given("2", events![placed("bob")])
        .advance(HOUR)
        .given("1", events![OrderEvent::Shipped])
        .given(3, events![placed("ann")])
        .then([
            ("bob", orders([line("2")])),
            (
                "ann",
                orders([shipped("1", "2026-04-17T13:00:00Z"), line("3")]),
            ),
        ]);
}

#[test]
fn the_past_is_told_in_old_json() {
    views_of::<CustomerOrders>()
        .given(
            "1",
            stored("order.placed", 1, json!({ "by": "ann" })).and("order.viewed", 1, json!({})),
        )
        .given(
            "2",
            stored("order.bought", 1, json!({ "by": "ann" })).at("2020-01-01T00:00:00Z"),
        )
        .given("3", stored("order.viewed", 1, json!({})))
        .then([(
            "ann",
            orders([line("1"), shipped("2", "2020-01-01T00:00:00Z")]),
        )]);
}

#[test]
fn a_projection_of_two_sets() {
    views_of::<Owed>()
        .given(
            "1",
            events![OrderEvent::Placed {
                by: "ann".into(),
                cents: 500
            }],
        )
        .given(
            "1",
            events![PaymentEvent::Received {
                by: "ann".into(),
                cents: 200
            }],
        )
        .given(
            "2",
            stored::<OrderEvent>("order.bought", 1, json!({ "by": "bob" })),
        )
        .then_state(Owed { cents: 305 })
        .given(
            "2",
            events![PaymentEvent::Received {
                by: "bob".into(),
                cents: 305
            }],
        )
        .then_state(Owed { cents: 0 });
}

#[test]
fn nothing_comes_of_nothing() {
    views_of::<CustomerOrders>().then_nothing();
    views_of::<CustomerOrders>()
        .given("1", events![])
        .then_nothing();
    views_of::<CustomerOrders>()
        .given("1", events![OrderEvent::Rated { rate: 0.5 }])
        .then_nothing()
        .given("1", events![placed("ann")])
        .then([("ann", orders([line("1")]))]);
}

#[test]
fn one_past_has_several_futures() {
    let placed_once = views_of::<CustomerOrders>()
        .given("1", events![placed("ann")])
        .then([("ann", orders([line("1")]))]);
    placed_once
        .given("2", events![placed("bob")])
        .then_view("bob", orders([line("2")]))
        .then_view_matching("ann", |view| view.orders.len() == 1)
        .then_no_view("eve");
    let shipped_later = placed_once
        .advance(HOUR)
        .given("1", events![OrderEvent::Shipped])
        .then([("ann", orders([shipped("1", "2026-01-01T01:00:00Z")]))]);
    assert_eq!(placed_once.view("ann"), Some(orders([line("1")])));
    assert_eq!(placed_once.view("bob"), None);
    assert!(
        shipped_later.view("ann").unwrap().orders[0]
            .shipped
            .is_some()
    );
}

#[event("thing")]
enum ThingEvent {
    Done,
    DoneAgain,
}

/// All that a projection sees.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("seen", of(ThingEvent))]
struct Seen {
    events: Vec<Sight>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sight {
    id: EventId,
    name: String,
    stream: String,
    version: StreamVersion,
    position: Position,
    time: Timestamp,
    metadata: Metadata,
}

impl Project<ThingEvent> for Seen {
    fn partition(_: &Recorded<ThingEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ThingEvent>) {
        self.events.push(Sight {
            id: event.id,
            name: event.name.to_string(),
            stream: event.stream.to_string(),
            version: event.version,
            position: event.position,
            time: event.time,
            metadata: event.metadata.clone().into(),
        });
    }
}

#[test]
fn events_are_recorded_with_all_that_is_known_about_them() {
    use ThingEvent::{Done, DoneAgain};
    let mut known = Metadata::default();
    known.correlation_id = Some("talk-1".into());
    known.command = Some("redo".into());
    let mut old = Metadata::default();
    old.issued_by = Some("the import".into());
    let seen = views_of::<Seen>()
        .issued_by("ann")
        .given("a", events![Done, DoneAgain])
        .advance(HOUR)
        .metadata(known)
        .given("b", events![Done])
        .given("a", events![Done])
        .given("b", stored("thing.done", 1, json!(null)).metadata(old))
        .then_view_matching(Unpartitioned, |view| view.events.len() == 5)
        .view(Unpartitioned)
        .unwrap();
    let of = |see: fn(&Sight) -> String| seen.events.iter().map(see).collect::<Vec<_>>();
    assert_eq!(
        of(|seen| format!("{} {} {}", seen.position, seen.stream, seen.version)),
        [
            "1 thing-a 1",
            "2 thing-a 2",
            "3 thing-b 1",
            "4 thing-a 3",
            "5 thing-b 2"
        ]
    );
    assert_eq!(
        of(|seen| seen.name.clone()),
        [
            "thing.done",
            "thing.done_again",
            "thing.done",
            "thing.done",
            "thing.done"
        ]
    );
    assert_eq!(
        seen.events[4].id.to_string(),
        "00000000-0000-0000-0000-000000000005"
    );
    let [first, second, third] = [0, 1, 2].map(|place| &seen.events[place].metadata);
    assert_eq!(first, second);
    assert_eq!(first.issued_by.as_deref(), Some("ann"));
    assert_eq!(first.causation_id.as_deref(), Some("command-1"));
    assert_eq!(first.correlation_id.as_deref(), Some("command-1"));
    assert_eq!(first.issued_at, Some(seen.events[0].time));
    assert_eq!(third.issued_by, None);
    assert_eq!(third.command.as_deref(), Some("redo"));
    assert_eq!(third.causation_id.as_deref(), Some("command-2"));
    assert_eq!(third.correlation_id.as_deref(), Some("talk-1"));
    assert_eq!(third.issued_at, Some(seen.events[0].time + HOUR));
    let old = &seen.events[4].metadata;
    assert_eq!(old.issued_by.as_deref(), Some("the import"));
    assert_eq!(old.causation_id, None);
}

#[test]
fn a_failure_tells_the_story_so_far() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .issued_by("ann")
                .given("1", events![placed("ann")])
                .then_view("ann", orders([line("1")]))
                .then_no_view("bob")
                .advance(HOUR)
                .metadata(Metadata::default())
                .given("2", stored("order.placed", 1, json!({ "by": "bob" })))
                .given("1", events![OrderEvent::Shipped, OrderEvent::Shipped])
                .then_nothing()
        },
        r#"
            not the views that were expected: 2 not expected
              --> HERE+11

              By      ann
              Given   order-1  1  Placed { by: "ann", cents: 0 }
              Then    ann  CustomerOrders { orders: [Line { order: "1", shipped: None }] }
              Then    bob  no view
              Time    2026-01-01T01:00:00Z
              With    {}
              Stored  order-2  order.placed version 1  {"by":"bob"}
              And     order-1  2  Shipped
                               3  Shipped
              Then       expected → produced
                      +  ann  CustomerOrders { orders: [Line { order: "1", shipped: Some(2026-01-01T01:00:00Z) }] }   ← not expected
                      +  bob  CustomerOrders { orders: [Line { order: "2", shipped: None }] }   ← not expected
        "#,
    );
}

#[test]
fn an_aggregate_that_cannot_be_one() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .given(" ", events![placed("ann")])
                .then_nothing()
        },
        r#"
            not the views that were expected: 1 not expected
              --> HERE+4

              Given   order-   1  Placed { by: "ann", cents: 0 }
              Then       expected → produced
                      +  ann  CustomerOrders { orders: [Line { order: " ", shipped: None }] }   ← not expected
        "#,
    );
}

#[test]
fn a_sentence_without_a_then() {
    fails_late(
        || {
            let views = views_of::<CustomerOrders>().given("1", events![placed("ann")]);
            drop(views);
        },
        "
            views_of(..) without a then: nothing was checked; end with .then(views), .then_view(key, view) or .then_nothing()
              --> HERE+2
        ",
    );
    fails_late(
        || {
            let then = views_of::<CustomerOrders>().then_nothing();
            let views = then.given("1", events![placed("ann")]);
            drop(views);
        },
        "
            views_of(..) without a then: nothing was checked; end with .then(views), .then_view(key, view) or .then_nothing()
              --> HERE+3
        ",
    );
}
