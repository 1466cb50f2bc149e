//! The life of an order from beginning to end, without a store and on each.

use std::time::Duration;

use ironflow_domain::{events, store::MemoryStore};
use ironflow_sqlite::Sqlite;
use ironflow_testing::contract::Fixture;
use ironflow_testing::{given, stored, story};

use crate::commands::stories::{
    cancelled, confirmed, order, paid, placed, placed_before, placing, shipped, shop,
};
use crate::commands::{CancelOrder, ConfirmOrder, PayOrder, ShipOrder};
use crate::domain::{Order, OrderError, Status};

fn confirm() -> ConfirmOrder {
    ConfirmOrder { order_id: order() }
}

fn pay() -> PayOrder {
    PayOrder {
        order_id: order(),
        payment_id: Some("pay-1".into()),
    }
}

fn ship() -> ShipOrder {
    ShipOrder {
        order_id: order(),
        tracking_number: Some("track-1".into()),
    }
}

fn cancel() -> CancelOrder {
    CancelOrder {
        order_id: order(),
        reason: Some("changed my mind".into()),
    }
}

async fn sqlite() -> Fixture {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let store = Sqlite::open(directory.path().join("orders.db")).await;
    Fixture::new(store.expect("a new file can be opened")).keeping(directory)
}

/// An order is placed, confirmed, paid and shipped, and up to the last step it can be cancelled.
#[story(memory = MemoryStore::new(), sqlite = sqlite().await)]
fn the_life_of_an_order() {
    let placed = given::<Order>(events![])
        .context(shop())
        .issued_by("ann")
        .when(placing(&[("prod-1", 2)]))
        .then(events![placed()]);
    placed.and_when(cancel()).then(events![cancelled()]);

    let confirmed = placed.and_when(confirm()).then(events![confirmed()]);
    confirmed.and_when(cancel()).then(events![cancelled()]);

    let paid = confirmed.and_when(pay()).then(events![paid()]);
    paid.and_when(cancel())
        .then(events![cancelled()])
        .and_when(ship())
        .then_error(OrderError::CannotShip(Status::Cancelled));

    let shipped = paid.and_when(ship()).then(events![shipped()]);
    shipped
        .and_when(cancel())
        .then_error(OrderError::CannotCancel(Status::Shipped));
    assert_eq!(shipped.metadata().issued_by.as_deref(), Some("ann"));
    assert_eq!(shipped.metadata().command.as_deref(), Some("ship-order"));
}

/// What was stored in another shape, before names were frozen into it, is still the past of an order.
#[story(memory = MemoryStore::new(), sqlite = sqlite().await)]
fn an_order_of_before_is_shipped_today() {
    given::<Order>(stored("order.placed", 1, placed_before()))
        .and(events![confirmed(), paid()])
        .when(ship())
        .then(events![shipped()]);
}

/// A past may be told in events of today, as it was stored before, and in commands; meanwhile time
/// goes by.
#[story]
fn a_past_in_three_forms() {
    given::<Order>(stored("order.placed", 1, placed_before()))
        .and(events![confirmed(), paid()])
        .at("2026-04-17T14:22:01Z")
        .advance(Duration::from_hours(2))
        .after(ship())
        .when(cancel())
        .then_error(OrderError::CannotCancel(Status::Shipped));
}

/// What a customer sees who orders two things.
#[story]
fn an_order_of_two_things() {
    given::<Order>(events![])
        .context(shop())
        .when(placing(&[("prod-1", 2), ("prod-2", 1)]))
        .then_snapshot();
}
