//! An order service: customers place orders, which are confirmed, paid, shipped or cancelled.
//!
//! - [`domain`]: what an order is, and what can happen to it.
//! - [`commands`]: what can be asked of it; each decision beside its command, each rule in a spec
//!   below it.
//! - [`projections`]: what the shop shows its customers.
//! - [`reactors`]: what the shop does because of what happened.
//! - [`shop`]: the world around it: customers, products, and the notification service.
//! - [`api`]: the same over HTTP.

pub mod api;
pub mod commands;
pub mod demo;
pub mod domain;
pub mod projections;
pub mod reactors;
pub mod shop;

use ironflow_domain::store::Store;
use ironflow_domain::{Catalogue, Ironflow, StartError};

use crate::commands::{CancelOrder, ConfirmOrder, PayOrder, PlaceOrder, ShipOrder};
use crate::projections::{CustomerOrders, OrderDetail};
use crate::reactors::ShipmentNotices;
use crate::shop::{Notifications, Shop};

/// The running service.
pub type Orders = Ironflow<Shop>;

/// Puts the service together on a store.
pub async fn start(store: impl Store) -> Result<Orders, StartError> {
    start_with(store, Notifications::default()).await
}

/// The same, with a notification service of one's own.
pub async fn start_with(
    store: impl Store,
    notifications: Notifications,
) -> Result<Orders, StartError> {
    Ironflow::new(store)
        .enrich(Shop::with_samples())
        .projection::<OrderDetail>()
        .projection::<CustomerOrders>()
        .reactor(ShipmentNotices(notifications))
        .start()
        .await
}

/// All there is in the service, to be listed.
#[must_use]
pub fn catalogue() -> Catalogue {
    Catalogue::new()
        .command::<PlaceOrder>()
        .command::<ConfirmOrder>()
        .command::<PayOrder>()
        .command::<ShipOrder>()
        .command::<CancelOrder>()
        .projection::<OrderDetail>()
        .projection::<CustomerOrders>()
}

#[cfg(test)]
mod book {
    ironflow_testing::story_book!("stories.md", crate::catalogue());
}
