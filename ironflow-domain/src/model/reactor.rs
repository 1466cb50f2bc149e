//! A reactor: side effects that events of the log lead to.
//!
//! | file       | what is in it                                       |
//! |------------|-----------------------------------------------------|
//! | this one   | what a reactor is                                   |
//! | `feed.rs`  | the log as events of the sets it reacts to          |

mod feed;

pub use feed::{Reaction, Reactions, Unreacted};

use std::error::Error;

use crate::{Event, Recorded};

/// Acts on the world because of events: sends a mail, calls another system, fills an index. Derive
/// it; write a [`React`] for each set of events.
///
/// It is no [`Projection`](crate::Projection): what it does cannot be undone, so nothing does it
/// again from the start of the log unless its type says that it may be.
///
/// ```
/// # #[cfg(feature = "runtime")] mod it {
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_domain::{Ironflow, React, Reactor, Recorded, event};
///
/// # #[event("order")] pub enum OrderEvent { Placed { customer: String }, Shipped }
/// # pub struct Mailer; #[derive(Debug)] pub struct MailError;
/// # impl std::fmt::Display for MailError { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
/// # impl std::error::Error for MailError {}
/// # impl Mailer { async fn send(&self, id: ironflow_domain::EventId, to: &str) -> Result<(), MailError> { Ok(()) } }
/// /// Thanks for every order.
/// #[derive(Reactor)]
/// #[reactor("order-mails", of(OrderEvent))]
/// struct OrderMails {
///     mailer: Mailer,
/// }
///
/// impl React<OrderEvent> for OrderMails {
///     type Error = MailError;
///
///     async fn react(&self, event: &Recorded<OrderEvent>) -> Result<(), MailError> {
///         match &event.data {
///             // After a crash the same event may come again, with the same id.
///             OrderEvent::Placed { customer } => self.mailer.send(event.id, customer).await,
///             OrderEvent::Shipped => Ok(()),
///         }
///     }
/// }
///
/// # pub async fn run(mailer: Mailer) -> Result<(), Box<dyn std::error::Error>> {
/// let mails = OrderMails { mailer };
/// let ironflow = Ironflow::new(MemoryStore::new()).reactor(mails).start().await?;
/// # Ok(())
/// # }
/// # }
/// ```
#[doc(alias = "subscriber")]
#[doc(alias = "event handler")]
#[doc(alias = "external")]
#[doc(alias = "side effect")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reactor",
    label = "not a reactor",
    note = "add `#[derive(Reactor)]` and `#[reactor(\"…\", of(…))]` to `{Self}`"
)]
pub trait Reactor: Sized + Send + Sync + 'static {
    /// What its checkpoint is stored under.
    const NAME: &'static str;
    /// The categories of the streams whose events it reacts to.
    const CATEGORIES: &'static [&'static str];
    /// Its doc comment.
    const DOC: &'static str = "";
    /// Where it begins when it is started for the first time: at the start of the log, or else with
    /// what is recorded from then on.
    const FROM_START: bool = false;
    /// Whether it may be told to do it all again.
    const REPEATABLE: bool = false;
    /// How often an event that failed is tried again before its stream is parked.
    const RETRIES: u32 = 5;
    /// How many streams may be parked. Beyond, it stops.
    const MOST_PARKED: u32 = 100;

    /// The sets of events it reacts to, before the first event of the log.
    fn reactions() -> Reactions<Self>;
}

/// That a reactor lists a set of events in `of(…)`. The derive writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not react to events of `{E}`",
    label = "`{E}` is not listed",
    note = "add `{E}` to `of(…)` in the `#[reactor(…)]` of `{Self}`"
)]
pub trait ReactsTo<E> {}

/// What events of one set lead to. One implementation for each set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it reacts to events of `{E}`",
    label = "`React<{E}>` is missing",
    note = "write `impl React<{E}> for {Self}` with `async fn react`, or take `{E}` out of `of(…)`"
)]
pub trait React<E: Event>: Reactor + ReactsTo<E> {
    /// Why it failed. What a `Box<dyn Error + Send + Sync>` can be made of: an error, a text.
    type Error: Into<Box<dyn Error + Send + Sync>>;

    /// Does what the event leads to. Write `async fn react`.
    ///
    /// It happens at least once: after a crash, and where another process takes over, what was done
    /// since the checkpoint is done again. `event.id` is the same then: give it to whoever is called,
    /// as the idempotency key. (Where the set splits a stored event into several, those share the id;
    /// with [`part`](Recorded::part) they are told apart.)
    ///
    /// It may be dropped while it waits, where another process has taken over.
    ///
    /// # Errors
    ///
    /// Then it is tried again, with growing pauses. Later events of the same stream wait, and so do
    /// the others until the stream is parked. A panic counts as an error.
    fn react(&self, event: &Recorded<E>) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The set, its type forgotten.
    #[doc(hidden)]
    #[must_use]
    fn reaction(only: Option<&[&str]>) -> Reaction<Self> {
        Reaction::of::<E>(only)
    }
}
