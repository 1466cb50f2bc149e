//! What a decision needs to know of the world. A real shop asks its databases; this one has
//! everything in memory.

mod catalogue;
mod customers;

pub use catalogue::{Catalogue, Product};
pub use customers::{Customer, Customers};

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
