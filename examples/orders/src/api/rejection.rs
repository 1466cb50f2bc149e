//! The codes clients know our rules by.

use ironflow_http::Rejection;

use crate::domain::OrderError;

impl Rejection for OrderError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyPlaced => "order_already_placed",
            Self::NotPlaced => "order_not_placed",
            Self::UnknownCustomer(_) => "unknown_customer",
            Self::CustomerBlocked(_) => "customer_blocked",
            Self::NoItems => "no_items",
            Self::NoQuantity(_) => "no_quantity",
            Self::UnknownProduct(_) => "unknown_product",
            Self::ProductUnavailable(_) => "product_unavailable",
            Self::TooLarge => "order_too_large",
            Self::CannotConfirm(_) => "cannot_confirm",
            Self::CannotPay(_) => "cannot_pay",
            Self::CannotShip(_) => "cannot_ship",
            Self::CannotCancel(_) => "cannot_cancel",
        }
    }
}
