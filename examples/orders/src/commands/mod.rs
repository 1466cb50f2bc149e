//! What can be asked of an order: one file for each command, its decision, and the specs of its
//! rules.

mod cancel_order;
mod confirm_order;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod life;
mod pay_order;
mod place_order;
mod ship_order;
#[cfg(test)]
pub(crate) mod stories;

pub use cancel_order::CancelOrder;
pub use confirm_order::ConfirmOrder;
pub use pay_order::PayOrder;
pub use place_order::{PlaceOrder, PlaceOrderContext};
pub use ship_order::ShipOrder;
