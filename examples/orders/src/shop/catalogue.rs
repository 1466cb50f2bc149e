//! What can be ordered.

use std::collections::HashMap;

use ironflow_domain::BoxError;

use crate::domain::{Cents, ProductId};

/// A product as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Which product.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
    /// What one costs.
    pub price: Cents,
    /// Whether there is any.
    pub is_available: bool,
}

/// All products.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(HashMap<ProductId, Product>);

impl Catalogue {
    /// `prod-1` and `prod-2`, which we have, and `prod-3`, which we are out of.
    #[must_use]
    pub fn with_samples() -> Self {
        let product = |id: &str, name: &str, price, is_available| Product {
            id: id.into(),
            name: name.into(),
            price: Cents(price),
            is_available,
        };
        let samples = [
            product("prod-1", "Coffee", 1_250, true),
            product("prod-2", "Mug", 900, true),
            product("prod-3", "Teapot", 3_900, false),
        ];
        Self(
            samples
                .into_iter()
                .map(|product| (product.id.clone(), product))
                .collect(),
        )
    }

    /// Looks several up; those that do not exist are left out.
    #[expect(
        clippy::unused_async,
        reason = "a real catalogue is asked over the network"
    )]
    pub async fn find_all(
        &self,
        ids: impl Iterator<Item = &ProductId>,
    ) -> Result<Vec<Product>, BoxError> {
        Ok(ids.filter_map(|id| self.0.get(id).cloned()).collect())
    }
}
