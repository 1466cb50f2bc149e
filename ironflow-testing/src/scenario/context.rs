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

/// What a scenario offers as a context is what its command is decided with. There is nothing to
/// implement.
///
/// A command that was declared without a context takes none:
///
/// ```compile_fail,E0277
/// use ironflow_testing::given;
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened, Closed }
/// # #[command(Door)] pub struct Close;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
/// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
/// # impl Decide<Close> for Door {
/// #     fn decide(&self, _: Close) -> Decision<Self> {
/// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
/// #     }
/// # }
///
/// given::<Door>(events![]).context("in a hurry").when(Close).then_nothing();
/// ```
#[diagnostic::on_unimplemented(
    message = "this command is decided with the context `{C}`, and the scenario offers `{Self}`",
    label = "decided with the context `{C}`",
    note = "for a command declared with `context = …`, write `.context(…)` before `.when(…)`; for any other command, leave it out"
)]
pub trait Provides<C>: Clone {
    /// The context at a given time.
    fn provide(&self, now: Timestamp) -> Arc<C>;
}

#[diagnostic::do_not_recommend]
impl Provides<()> for NoContext {
    fn provide(&self, _: Timestamp) -> Arc<()> {
        Arc::new(())
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<C> for WithContext<C> {
    fn provide(&self, _: Timestamp) -> Arc<C> {
        Arc::clone(&self.0)
    }
}

#[diagnostic::do_not_recommend]
impl<C, F: Fn(Timestamp) -> C> Provides<C> for ContextAt<F> {
    fn provide(&self, now: Timestamp) -> Arc<C> {
        Arc::new((self.0)(now))
    }
}

// Nobody needs the next two. Where a type has a single implementation, the compiler takes it before
// it looks at the command, and then reports a mismatch of types instead of the message above.

#[diagnostic::do_not_recommend]
impl Provides<NoContext> for NoContext {
    fn provide(&self, _: Timestamp) -> Arc<NoContext> {
        Arc::new(NoContext)
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<WithContext<C>> for WithContext<C> {
    fn provide(&self, _: Timestamp) -> Arc<WithContext<C>> {
        Arc::new(self.clone())
    }
}
