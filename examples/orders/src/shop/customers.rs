//! Who may order.

use std::collections::HashMap;

use ironflow_domain::BoxError;

use crate::domain::CustomerId;

/// A customer as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Which customer.
    pub id: CustomerId,
    /// What they are called.
    pub name: String,
    /// Where they are written to.
    pub email: String,
    /// Whether they may not order.
    pub is_blocked: bool,
}

/// All customers.
#[derive(Debug, Clone, Default)]
pub struct Customers(HashMap<CustomerId, Customer>);

impl Customers {
    /// `cust-456` and `cust-789`, who may order, and `cust-666`, who may not.
    #[must_use]
    pub fn with_samples() -> Self {
        let customer = |id: &str, name: &str, is_blocked| Customer {
            id: id.into(),
            name: name.into(),
            email: format!("{}@example.com", name.to_lowercase()),
            is_blocked,
        };
        let samples = [
            customer("cust-456", "Ann", false),
            customer("cust-789", "Bob", false),
            customer("cust-666", "Mallory", true),
        ];
        Self(
            samples
                .into_iter()
                .map(|customer| (customer.id.clone(), customer))
                .collect(),
        )
    }

    /// Looks one up.
    #[expect(
        clippy::unused_async,
        reason = "a real register of customers is asked over the network"
    )]
    pub async fn find(&self, id: &CustomerId) -> Result<Option<Customer>, BoxError> {
        Ok(self.0.get(id).cloned())
    }
}
