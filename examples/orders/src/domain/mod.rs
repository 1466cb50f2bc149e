//! What an order is, and what can happen to it.

mod error;
mod events;
mod order;
mod values;

pub use error::OrderError;
pub use events::{OrderEvent, OrderPlaced, OrderPlacedV1};
pub use order::{Order, Status};
pub use values::{
    Address, Cents, Contact, CustomerId, Item, LineItem, OrderId, PaymentId, ProductId,
};
