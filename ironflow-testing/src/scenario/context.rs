//! What a scenario offers as the context of its commands.

use std::sync::Arc;

use ironflow_domain::Timestamp;

/// No context was given: right for a command that was declared without one.
#[derive(Debug, Clone, Copy)]
pub struct NoContext;

/// The context given by [`Given::context`](super::Given::context).
#[derive(Debug)]
pub struct WithContext<X>(pub(super) Arc<X>);

impl<X> Clone for WithContext<X> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The context made by [`Given::context_at`](super::Given::context_at).
#[derive(Debug)]
pub struct ContextAt<F>(pub(super) Arc<F>);

impl<F> Clone for ContextAt<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a scenario offers as a context is what its command is decided with. A command that was
/// declared without one leaves it alone, so that a story may go on with commands of both kinds.
/// There is nothing to implement.
///
/// A command that needs a context does not compile without one, nor with another one:
///
/// ```compile_fail,E0277
/// use ironflow_testing::given;
/// # use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened, Closed }
/// # #[command(Door, context = u8)] pub struct Close;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
/// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
/// # impl DecideWith<Close> for Door {
/// #     fn decide(&self, _: Close, _: &u8) -> Decision<Self> {
/// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
/// #     }
/// # }
///
/// given::<Door>(events![]).context("in a hurry").when(Close).then_nothing();
/// ```
#[diagnostic::on_unimplemented(
    message = "this command is decided with the context `{C}`, and the scenario offers `{Self}`",
    label = "decided with the context `{C}`",
    note = "write `.context(…)`, with the type that the command is declared with, before `.when(…)`"
)]
pub trait Provides<C, How>: Clone {
    /// The context at a given time.
    fn provide(&self, now: Timestamp) -> Arc<C>;
}

/// How a context comes to a command: it is given as it is needed.
#[derive(Debug, Clone, Copy)]
pub struct Offered;

/// How a context comes to a command: none is needed.
#[derive(Debug, Clone, Copy)]
pub struct Unneeded;

#[diagnostic::do_not_recommend]
impl Provides<(), Unneeded> for NoContext {
    fn provide(&self, _: Timestamp) -> Arc<()> {
        Arc::new(())
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<C, Offered> for WithContext<C> {
    fn provide(&self, _: Timestamp) -> Arc<C> {
        Arc::clone(&self.0)
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<(), Unneeded> for WithContext<C> {
    fn provide(&self, _: Timestamp) -> Arc<()> {
        Arc::new(())
    }
}

#[diagnostic::do_not_recommend]
impl<C, F: Fn(Timestamp) -> C> Provides<C, Offered> for ContextAt<F> {
    fn provide(&self, now: Timestamp) -> Arc<C> {
        Arc::new((self.0)(now))
    }
}

#[diagnostic::do_not_recommend]
impl<F> Provides<(), Unneeded> for ContextAt<F> {
    fn provide(&self, _: Timestamp) -> Arc<()> {
        Arc::new(())
    }
}

// Nobody needs this one. Where a type has a single implementation, the compiler takes it before it
// looks at the command, and then reports a mismatch of types instead of the message above.
#[diagnostic::do_not_recommend]
impl Provides<NoContext, Offered> for NoContext {
    fn provide(&self, _: Timestamp) -> Arc<NoContext> {
        Arc::new(NoContext)
    }
}
