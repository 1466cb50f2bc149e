//! What must hold of every projection is checked without being told to.

use std::sync::atomic::{AtomicU32, Ordering};

use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event, events};
use ironflow_testing::{stored, views_of};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shop::{CustomerOrders, OrderEvent, line, orders, placed};
use crate::failure::fails;

#[event("step")]
enum StepEvent {
    Taken,
    Marked { by: f64 },
}

use StepEvent::*;

/// A projection of steps with a single view.
macro_rules! steps {
    ($state:ident, |$self:ident, $event:ident| $project:expr) => {
        impl Project<StepEvent> for $state {
            fn partition(_: &Recorded<StepEvent>) -> Partition<Unpartitioned> {
                Partition::Key(Unpartitioned)
            }

            fn project(&mut $self, $event: &Recorded<StepEvent>) {
                $project
            }
        }
    };
}

#[test]
fn an_event_loses_a_field() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .given("1", events![placed("ann"), OrderEvent::Noted { secret: 1 }])
                .then_nothing()
        },
        r#"
            order.noted version 1 does not survive being stored
              --> HERE+3

              Given   order-1  1  Placed { by: "ann", cents: 0 }
                               2  Noted { secret: 1 }
              Event   Noted { secret: 1 }
              Stored  {}
              Read    Noted { secret: 0 }
        "#,
    );
}

#[test]
fn what_is_stored_cannot_be_read() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .given("1", stored("order.placed", 1, json!({ "buy": "ann" })))
                .then_nothing()
        },
        r#"
            what is stored cannot be read
              --> HERE+3

              Stored  order-1  order.placed version 1  {"buy":"ann"}
              But     event 00000000-0000-0000-0000-000000000001, version 1 of stream order-1, cannot be read
                      caused by: the payload of order.placed version 1 does not fit its type
                      caused by: missing field `by` at line 1 column 13
        "#,
    );
}

#[test]
fn no_event_before_says_where_this_one_goes() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .given("1", events![placed("ann")])
                .given("2", events![OrderEvent::Rated { rate: 1.0 }])
                .given("2", events![OrderEvent::Shipped])
                .then_nothing()
        },
        r#"
            an event has no view to go to
              --> HERE+5

              Given   order-1  1  Placed { by: "ann", cents: 0 }
              And     order-2  1  Rated { rate: 1.0 }
              And     order-2  2  Shipped
              But     event order.shipped 00000000-0000-0000-0000-000000000003, version 2 of stream order-2, is to go where earlier events of its stream went, but none went anywhere: give it `Partition::Key`, or `Partition::Nowhere`
        "#,
    );
}

#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("rates", partition = String, of(OrderEvent))]
struct Rates {
    sum: f64,
}

impl Project<OrderEvent> for Rates {
    fn partition(event: &Recorded<OrderEvent>) -> Partition<String> {
        assert!(
            event.data != OrderEvent::Shipped,
            "nobody rates what is on its way"
        );
        Partition::Key(event.stream.id().into())
    }

    fn project(&mut self, event: &Recorded<OrderEvent>) {
        match event.data {
            OrderEvent::Rated { rate } => self.sum += rate / (rate - 1.0) - 1.0 / (rate - 1.0),
            _ => panic!("{} is no rate", event.name),
        }
    }
}

#[test]
fn the_fold_panics() {
    fails(
        || {
            views_of::<Rates>()
                .given("1", events![OrderEvent::Rated { rate: 2.0 }, placed("ann")])
                .then_nothing()
        },
        r#"
            the projection panicked: an event that has happened cannot be refused
              --> HERE+3

              Given   order-1  1  Rated { rate: 2.0 }
                               2  Placed { by: "ann", cents: 0 }
              But     event order.placed 00000000-0000-0000-0000-000000000002, version 2 of stream order-1, made the projection panic: order.placed is no rate
        "#,
    );
}

#[test]
fn the_routing_panics() {
    fails(
        || {
            views_of::<Rates>()
                .given("1", events![OrderEvent::Shipped])
                .then_nothing()
        },
        "
            the projection panicked: an event that has happened cannot be refused
              --> HERE+3

              Given   order-1  1  Shipped
              But     event order.shipped 00000000-0000-0000-0000-000000000001, version 1 of stream order-1, made the projection panic: nobody rates what is on its way
        ",
    );
}

#[test]
fn a_view_cannot_be_stored() {
    fails(
        || {
            views_of::<Rates>()
                .given("1", events![OrderEvent::Rated { rate: 1.0 }])
                .then_nothing()
        },
        "
            a view cannot be stored
              --> HERE+3

              Given   order-1  1  Rated { rate: 1.0 }
              But     the view 1 cannot be stored as JSON and read back
                      caused by: invalid type: null, expected f64 at line 1 column 20
        ",
    );
}

#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("lossy", of(StepEvent))]
struct Lossy {
    count: u32,
    #[serde(skip)]
    last: Option<u64>,
}

steps!(Lossy, |self, event| {
    self.count += 1;
    self.last = Some(event.version.get());
});

#[test]
fn a_view_does_not_survive_being_stored() {
    fails(
        || {
            views_of::<Lossy>()
                .given("1", events![Taken])
                .then_view_matching(Unpartitioned, |view| view.count == 1)
        },
        r#"
            the view does not survive being stored
              --> HERE+3

              Given   step-1  1  Taken
              View    Lossy { count: 1, last: Some(1) }
              Stored  {"count":1}
              Read    Lossy { count: 1, last: None }
        "#,
    );
}

/// How far the fold has counted, in some global place.
static COUNTED: AtomicU32 = AtomicU32::new(0);

#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("impure", of(StepEvent))]
struct Impure {
    ticks: Vec<u32>,
}

steps!(Impure, |self, _event| self
    .ticks
    .push(COUNTED.fetch_add(1, Ordering::SeqCst)));

#[test]
fn a_fold_looks_at_what_it_should_not_look_at() {
    fails(
        || {
            views_of::<Impure>()
                .given("1", events![Taken])
                .then_nothing()
        },
        "
            the projection is not pure: taken again, the same events led to other views
              --> HERE+3

              Given   step-1  1  Taken
              Again      once → again
                      ~  Impure { ticks: [1] }
                           ticks[0]  0 → 1
        ",
    );
}

/// Routes by what it should not look at.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("astray", partition = u32, of(StepEvent))]
struct Astray {}

static ROUTED: AtomicU32 = AtomicU32::new(0);

impl Project<StepEvent> for Astray {
    fn partition(_: &Recorded<StepEvent>) -> Partition<u32> {
        Partition::Key(ROUTED.fetch_add(1, Ordering::SeqCst))
    }

    fn project(&mut self, _: &Recorded<StepEvent>) {}
}

#[test]
fn a_route_looks_at_what_it_should_not_look_at() {
    fails(
        || {
            views_of::<Astray>()
                .given("1", events![Taken])
                .then_nothing()
        },
        "
            the projection is not pure: taken again, the same events led to other views
              --> HERE+3

              Given   step-1  1  Taken
              Again      once → again
                      -  0  Astray   ← missing
                      +  1  Astray   ← not expected
        ",
    );
}

/// Says it is equal where it is not, and is found out by what comes of it.
#[derive(Projection, Debug, Default, Serialize, Deserialize)]
#[projection("forgetful", of(StepEvent))]
struct Forgetful {
    sum: u32,
    #[serde(skip)]
    since_start: u32,
}

impl PartialEq for Forgetful {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum
    }
}

steps!(Forgetful, |self, _event| {
    self.since_start += 1;
    self.sum += self.since_start;
});

#[test]
fn a_batch_makes_a_difference() {
    fails(
        || {
            views_of::<Forgetful>()
                .given("1", events![Taken])
                .given("1", events![Taken])
                .then_view_matching(Unpartitioned, |view| view.sum == 2)
        },
        "
            in one batch, the appends led to other views than one by one
              --> HERE+5

              Given   step-1  1  Taken
              And     step-1  2  Taken
              Then    Forgetful { sum: 2, since_start: 0 }
              But        one by one → in one batch
                      ~  Forgetful { sum: 3, since_start: 0 }
                           sum  2 → 3
        ",
    );
}

/// As [`Forgetful`], but three steps come to the same in one batch and in three.
#[derive(Projection, Debug, Default, Serialize, Deserialize)]
#[projection("sly", of(StepEvent))]
struct Sly {
    sum: u32,
    #[serde(skip)]
    since_start: u32,
}

impl PartialEq for Sly {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum
    }
}

steps!(Sly, |self, _event| {
    self.sum += [1, 0, 2][self.since_start as usize];
    self.since_start += 1;
});

#[test]
fn a_restart_makes_a_difference() {
    fails(
        || {
            views_of::<Sly>()
                .given("1", events![Taken])
                .given("2", events![Taken])
                .given("1", events![Taken])
                .then_state(Sly {
                    sum: 3,
                    since_start: 0,
                })
        },
        "
            after a restart, the appends led to other views than without one
              --> HERE+6

              Given   step-1  1  Taken
              And     step-2  1  Taken
              And     step-1  2  Taken
              Then    Sly { sum: 3, since_start: 0 }
              Restart after step.taken, version 1 of step-1
              But        without → restarted
                      ~  Sly { sum: 2, since_start: 0 }
                           sum  3 → 2
        ",
    );
}

#[test]
fn what_was_expected_is_told_first() {
    fails(
        || {
            views_of::<Forgetful>()
                .given("1", events![Taken])
                .given("1", events![Taken])
                .then_state(Forgetful {
                    sum: 7,
                    since_start: 0,
                })
        },
        "
            not the views that were expected: 1 with other content
              --> HERE+5

              Given   step-1  1  Taken
              And     step-1  2  Taken
              Then       expected → produced
                      ~  Forgetful { sum: 2, since_start: 0 }
                           sum  7 → 2
        ",
    );
}

/// Remembers how far it has come in every stream.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("careful", partition = String, of(StepEvent))]
struct Careful {
    seen: u64,
    sum: f64,
}

impl Project<StepEvent> for Careful {
    fn partition(event: &Recorded<StepEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().into())
    }

    fn project(&mut self, event: &Recorded<StepEvent>) {
        if event.version.get() > self.seen {
            self.seen = event.version.get();
            self.sum += match event.data {
                Taken => 1.0,
                Marked { by } => by,
            };
        }
    }
}

#[test]
fn what_is_idempotent_is_delivered_twice() {
    views_of::<Careful>()
        .times(2)
        .given("1", events![Taken, Marked { by: 0.5 }])
        .given("2", events![Taken])
        .then([
            ("1", Careful { seen: 2, sum: 1.5 }),
            ("2", Careful { seen: 1, sum: 1.0 }),
        ])
        .given("1", events![Taken])
        .then_view("1", Careful { seen: 3, sum: 2.5 });
}

#[test]
fn what_is_not_idempotent_is_found_out() {
    fails(
        || {
            views_of::<CustomerOrders>()
                .given("1", events![placed("ann")])
                .given("1", events![OrderEvent::Shipped])
                .times(2)
                .then_view_matching("ann", |view| view.orders.len() == 1)
        },
        r#"
            the projection is not idempotent: delivered 2 times, an append led to other views
              --> HERE+6

              Given   order-1  1  Placed { by: "ann", cents: 0 }
              And     order-1  2  Shipped
              Times   every append is delivered 2 times
              Then    ann  CustomerOrders { orders: [Line { order: "1", shipped: Some(2026-01-01T00:00:00Z) }] }
              Append  order.placed, version 1 of order-1
              But        once → redelivered
                      ~  ann  CustomerOrders { orders: [Line { order: "1", shipped: None }, Line { order: "1", shipped: None }] }
                                orders[1]  absent → {"order":"1","shipped":null}
        "#,
    );
}

/// Panics at what it has seen before.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("strict", of(StepEvent))]
struct Strict {
    seen: Option<u64>,
}

steps!(Strict, |self, event| {
    let version = Some(event.version.get());
    assert!(self.seen < version, "seen before");
    self.seen = version;
});

#[test]
fn a_second_delivery_panics() {
    fails(
        || {
            views_of::<Strict>()
                .times(3)
                .given("1", events![Taken])
                .then_state(Strict { seen: Some(1) })
        },
        "
            the projection is not idempotent: delivered 3 times, an append led to other views
              --> HERE+5

              Times   every append is delivered 3 times
              Given   step-1  1  Taken
              Then    Strict { seen: Some(1) }
              Append  step.taken, version 1 of step-1
              But     event step.taken 00000000-0000-0000-0000-000000000001, version 1 of stream step-1, made the projection panic: seen before
        ",
    );
}

/// As [`Forgetful`], but a second delivery makes a difference in the same batch only.
#[derive(Projection, Debug, Default, Serialize, Deserialize)]
#[projection("hasty", of(StepEvent))]
struct Hasty {
    sum: u32,
    #[serde(skip)]
    in_this_batch: u32,
}

impl PartialEq for Hasty {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum
    }
}

steps!(Hasty, |self, _event| {
    self.sum += self.in_this_batch;
    self.in_this_batch += 1;
});

#[test]
fn a_second_delivery_in_the_same_batch_makes_a_difference() {
    fails(
        || {
            views_of::<Hasty>()
                .times(2)
                .given("1", events![Taken])
                .then_view_matching(Unpartitioned, |view| view.sum == 0)
        },
        "
            the projection is not idempotent: delivered 2 times, an append led to other views
              --> HERE+5

              Times   every append is delivered 2 times
              Given   step-1  1  Taken
              Then    Hasty { sum: 0, in_this_batch: 0 }
              But        once → redelivered
                      ~  Hasty { sum: 1, in_this_batch: 0 }
                           sum  0 → 1
        ",
    );
}

#[test]
fn nothing_is_delivered() {
    fails(
        || views_of::<CustomerOrders>().times(0).then_nothing(),
        "
            what is delivered zero times leads to nothing
              --> HERE+1
        ",
    );
}

/// Counts how often it is asked where an order goes that says so itself.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("asked", partition = String, of(OrderEvent))]
struct Asked {
    events: u32,
}

static ASKED: AtomicU32 = AtomicU32::new(0);

impl Project<OrderEvent> for Asked {
    fn partition(event: &Recorded<OrderEvent>) -> Partition<String> {
        match &event.data {
            OrderEvent::Placed { by, .. } => {
                ASKED.fetch_add(1, Ordering::SeqCst);
                Partition::Key(by.clone())
            }
            _ => Partition::SameStream,
        }
    }

    fn project(&mut self, _: &Recorded<OrderEvent>) {
        self.events += 1;
    }
}

#[test]
fn where_events_go_is_looked_up_after_a_restart() {
    views_of::<Asked>()
        .given("1", events![placed("ann")])
        .given("1", events![OrderEvent::Shipped])
        .then([("ann", Asked { events: 2 })]);
    // Twice when it was given, once in one batch, and once before the restart and once after it. Twice
    // more where the one that asks comes in a later batch: until then nothing is remembered.
    assert_eq!(ASKED.load(Ordering::SeqCst), 7);
}

#[test]
fn what_is_looked_up_is_the_last_event_with_a_key_of_those_before() {
    views_of::<CustomerOrders>()
        .given("1", events![placed("ann"), placed("bob")])
        .given("2", events![placed("ann")])
        .given("1", events![OrderEvent::Rated { rate: 1.0 }])
        .given("1", events![OrderEvent::Shipped])
        .given("1", events![placed("eve")])
        .given("1", events![OrderEvent::Shipped])
        .then_view("ann", orders([line("1"), line("2")]))
        .then_view_matching("bob", |view| view.orders[0].shipped.is_some())
        .then_view_matching("eve", |view| view.orders[0].shipped.is_some());
}

#[test]
fn a_long_story_is_restarted_in_some_places() {
    let tell = |length: u64| {
        (0..length).fold(views_of::<Careful>(), |views, append| {
            views.given(append % 3, events![Taken, Marked { by: 0.5 }])
        })
    };
    tell(300)
        .then_view_matching("0", |view| view.seen == 200)
        .then_view_matching("2", |view| view.sum.to_bits() == 150_f64.to_bits());
}
