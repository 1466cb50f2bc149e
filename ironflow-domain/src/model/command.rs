//! Intent, and how it is decided.

use std::fmt::Debug;

use crate::{Aggregate, Events, InvalidStreamId, StreamId};

/// What an aggregate makes of a command: the events that happen, or its reason to refuse.
///
/// `Ok(events![])` accepts the command and records nothing.
pub type Decision<A> = Result<Events<<A as Aggregate>::Event>, <A as Aggregate>::Error>;

/// An intent that an aggregate accepts or refuses. Written by [`#[command]`](macro@crate::command).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "not a command",
    note = "add `#[command(…)]` with its aggregate to `{Self}`"
)]
pub trait Command: Clone + Send + Sync + 'static {
    /// Who decides it.
    type Aggregate: Aggregate;
    /// What enrichment fetches before the decision; `()` where nothing is.
    type Context: Send + Sync + 'static;
    /// Whether the stream must not exist yet.
    const CREATES: bool;
    /// The commands there are: one, or one for each variant of an enum.
    const KINDS: &'static [CommandKind];

    /// Whether it is an enum, and its kinds the variants.
    #[doc(hidden)]
    const IS_ENUM: bool = false;

    /// What the command is called in metadata, logs and receipts.
    fn name(&self) -> &'static str;

    /// The stream it names itself, where it does: see [`Addressed`].
    fn own_stream(&self) -> Option<Result<StreamId, InvalidStreamId>> {
        None
    }

    /// The context as it prints itself, where it does: for tests that tell what happened.
    #[doc(hidden)]
    #[must_use]
    fn shown(_: &Self::Context) -> Option<&dyn Debug> {
        None
    }

    /// What the JSON of each kind looks like, where it implements `JsonSchema`.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    #[must_use]
    fn schemas() -> Vec<Option<schemars::Schema>> {
        Vec::new()
    }

    /// What it says, as JSON, where it implements `Serialize`: whether a repeat says the same.
    #[doc(hidden)]
    #[must_use]
    fn content(&self) -> Option<String> {
        None
    }

    /// Lets the aggregate decide. Users write [`Decide::decide`] or [`DecideWith::decide`].
    fn decide(self, state: &Self::Aggregate, context: &Self::Context) -> Decision<Self::Aggregate>;
}

/// What a command is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandKind {
    /// Its name in metadata, logs and receipts, such as `place-order`.
    pub name: &'static str,
    /// The name of the struct or of the variant in the program, such as `PlaceOrder`.
    pub ident: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
}

/// A command that says itself which aggregate it is for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which aggregate it is for",
    label = "no field is marked `#[id]`",
    note = "mark the field that names the aggregate with `#[id]` where `{Self}` is declared as a `#[command(…)]`, or name \
            it at the call: `ironflow.of::<…>(id).execute(…)`"
)]
pub trait Addressed: Command {
    /// The stream of the aggregate the command is for.
    fn stream_id(&self) -> Result<StreamId, InvalidStreamId>;
}

/// How an aggregate decides a command: a pure function of state and command.
///
/// It reads no clock, no database and no random number. What a decision needs of the world comes as
/// a context, see [`DecideWith`].
///
/// ```
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("account")] pub enum AccountEvent { Withdrawn { cents: u64 } }
/// # #[derive(Debug, PartialEq)] pub enum Refused { Overdraft(u64) }
/// # impl std::fmt::Display for Refused { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
/// # impl std::error::Error for Refused {}
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = Refused)] pub struct Account { balance: u64 }
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// #[command(Account)]
/// pub struct Withdraw {
///     pub cents: u64,
/// }
///
/// impl Decide<Withdraw> for Account {
///     fn decide(&self, Withdraw { cents }: Withdraw) -> Decision<Self> {
///         if cents > self.balance {
///             return Err(Refused::Overdraft(self.balance));
///         }
///         Ok(events![AccountEvent::Withdrawn { cents }])
///     }
/// }
///
/// assert_eq!(Account::default().decide(Withdraw { cents: 1 }), Err(Refused::Overdraft(0)));
/// ```
#[doc(alias = "handle")]
#[doc(alias = "execute")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide `{C}`",
    label = "`Decide<{C}>` is missing",
    note = "write `impl Decide<{C}> for {Self} {{ fn decide(&self, command: {C}) -> Decision<Self> {{ … }} }}`"
)]
pub trait Decide<C>: Aggregate {
    /// The events that happen, or the reason to refuse.
    fn decide(&self, command: C) -> Decision<Self>;
}

/// How an aggregate decides a command that was enriched: `#[command(…, context = …)]`.
///
/// ```
/// # use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, command, event, events};
/// # #[event("order")] pub enum OrderEvent { Placed { price: u64 } }
/// # #[derive(Debug, PartialEq)] pub enum OrderError { CustomerBlocked }
/// # impl std::fmt::Display for OrderError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
/// # impl std::error::Error for OrderError {}
/// # #[derive(Aggregate, Default)] #[aggregate(event = OrderEvent, error = OrderError)] pub struct Order;
/// # impl Fold for Order { fn fold(&mut self, _: &OrderEvent) {} }
/// #[command(Order, context = Shop, creates)]
/// pub struct PlaceOrder;
///
/// pub struct Shop {
///     pub customer_is_blocked: bool,
///     pub price: u64,
/// }
///
/// impl DecideWith<PlaceOrder> for Order {
///     fn decide(&self, _: PlaceOrder, shop: &Shop) -> Decision<Self> {
///         if shop.customer_is_blocked {
///             return Err(OrderError::CustomerBlocked);
///         }
///         Ok(events![OrderEvent::Placed { price: shop.price }])
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide `{C}` with its context",
    label = "`DecideWith<{C}>` is missing",
    note = "write `impl DecideWith<{C}> for {Self} {{ fn decide(&self, command: {C}, context: &…) -> Decision<Self> {{ … }} }}`"
)]
pub trait DecideWith<C: Command>: Aggregate {
    /// The events that happen, or the reason to refuse.
    fn decide(&self, command: C, context: &C::Context) -> Decision<Self>;
}
