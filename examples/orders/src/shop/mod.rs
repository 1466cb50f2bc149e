//! The world around the shop: what a decision needs to know of it, and who is told what has happened.
//! A real shop asks databases and services; this one has everything in memory.

mod catalogue;
mod customers;
mod notifications;

pub use catalogue::{Catalogue, Product};
pub use customers::{Customer, Customers};
pub use notifications::{NoAnswer, Notifications, ShipmentNotice};

/// What commands are enriched with.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    /// Who may order.
    pub customers: Customers,
    /// What can be ordered.
    pub catalogue: Catalogue,
}

impl Shop {
    /// A shop with a few customers and products.
    #[must_use]
    pub fn with_samples() -> Self {
        Self {
            customers: Customers::with_samples(),
            catalogue: Catalogue::with_samples(),
        }
    }
}
