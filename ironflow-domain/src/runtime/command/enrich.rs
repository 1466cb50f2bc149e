//! What a decision needs to know of the world.

use std::error::Error;

use crate::{Command, CommandMetadata};

/// Any error that may cross threads.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Fetches the context of a command before it is decided: customers, prices, the time it was
/// issued.
///
/// One type enriches all commands of an application; implement this for each command that has a
/// context. Commands without one need nothing.
///
/// It fails only where it could not find out. That something does not exist is an answer, for the
/// decision to judge: put an `Option` in the context.
///
/// ```
/// # use ironflow_domain::{Aggregate, BoxError, CommandMetadata, DecideWith, Decision, Enrich, Fold, Timestamp, command, event, events};
/// # #[event("order")] pub enum OrderEvent { Placed }
/// # #[derive(Aggregate, Default)] #[aggregate(event = OrderEvent, error = std::fmt::Error)] pub struct Order;
/// # impl Fold for Order { fn fold(&mut self, _: &OrderEvent) {} }
/// # impl DecideWith<PlaceOrder> for Order {
/// #     fn decide(&self, _: PlaceOrder, _: &PlaceOrderContext) -> Decision<Self> { Ok(events![OrderEvent::Placed]) }
/// # }
/// #[command(Order, context = PlaceOrderContext)]
/// pub struct PlaceOrder {
///     pub customer: String,
/// }
///
/// pub struct PlaceOrderContext {
///     pub customer_is_blocked: Option<bool>,
///     pub issued_at: Timestamp,
/// }
///
/// pub struct Shop; // holds repositories, clients, …
///
/// impl Enrich<PlaceOrder> for Shop {
///     async fn enrich(
///         &self,
///         command: &PlaceOrder,
///         issued: &CommandMetadata,
///     ) -> Result<PlaceOrderContext, BoxError> {
///         let customer_is_blocked = (command.customer == "ann").then_some(false); // looked up somewhere
///         Ok(PlaceOrderContext { customer_is_blocked, issued_at: issued.issued_at })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fetch the context of `{C}`",
    label = "the context of `{C}` comes from nowhere",
    note = "write `impl Enrich<{C}> for …` for the type you pass to `Ironflow::new(store).enrich(…)`"
)]
pub trait Enrich<C: Command>: Send + Sync + 'static {
    /// Fetches the context of `command`.
    fn enrich(
        &self,
        command: &C,
        issued: &CommandMetadata,
    ) -> impl Future<Output = Result<C::Context, BoxError>> + Send;
}

/// A command without a context needs nothing fetched.
#[diagnostic::do_not_recommend]
impl<X: Send + Sync + 'static, C: Command<Context = ()>> Enrich<C> for X {
    async fn enrich(&self, _: &C, _: &CommandMetadata) -> Result<(), BoxError> {
        Ok(())
    }
}
