//! Why an order refuses a command.

use super::{CustomerId, ProductId, Status};

/// Why an order refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Its id is taken.
    #[error("the order has been placed already")]
    AlreadyPlaced,
    /// Nobody placed it.
    #[error("the order has not been placed")]
    NotPlaced,
    /// We do not know who places it.
    #[error("there is no customer {0}")]
    UnknownCustomer(CustomerId),
    /// We know too well who places it.
    #[error("customer {0} cannot place orders")]
    CustomerBlocked(CustomerId),
    /// It asks for nothing.
    #[error("an order needs at least one item")]
    NoItems,
    /// It asks for none of something.
    #[error("the quantity of {0} must be at least 1")]
    NoQuantity(ProductId),
    /// It asks for something nobody knows.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// It asks for something we are out of.
    #[error("product {0} is not available")]
    ProductUnavailable(ProductId),
    /// It costs more than can be counted.
    #[error("the order is too large")]
    TooLarge,
    /// It cannot be confirmed as it is.
    #[error("an order that is {0} cannot be confirmed")]
    CannotConfirm(Status),
    /// It cannot be paid as it is.
    #[error("an order that is {0} cannot be paid")]
    CannotPay(Status),
    /// It cannot be shipped as it is.
    #[error("an order that is {0} cannot be shipped")]
    CannotShip(Status),
    /// It cannot be cancelled as it is.
    #[error("an order that is {0} cannot be cancelled")]
    CannotCancel(Status),
}
