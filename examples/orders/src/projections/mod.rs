//! What the shop shows its customers: one file for each read model.

mod customer_orders;
mod order_detail;

pub use customer_orders::{CustomerOrders, OrderSummary};
pub use order_detail::OrderDetail;
