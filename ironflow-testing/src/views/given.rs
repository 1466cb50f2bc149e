//! What is appended to the streams that a projection reads.

use std::fmt::{self, Debug, Display};
use std::time::Duration;

use ironflow_domain::{Event, Metadata, Project, Projection};

use super::telling::Telling;
use crate::scenario::unfinished::Unfinished;
use crate::scenario::{Happened, Moment};

/// Begins a sentence about the views of a projection.
///
/// ```
/// use ironflow_testing::views_of;
/// # use ironflow_domain::{Partition, Project, Projection, Recorded, event, events};
/// # use serde::{Deserialize, Serialize};
/// # #[event("ticket")] pub enum TicketEvent { Opened { by: String }, Closed }
/// # use TicketEvent::*;
/// # #[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
/// # #[projection("open-tickets", partition = String, of(TicketEvent))]
/// # pub struct OpenTickets { open: u32 }
/// # impl Project<TicketEvent> for OpenTickets {
/// #     fn partition(event: &Recorded<TicketEvent>) -> Partition<String> {
/// #         match &event.data { Opened { by } => Partition::Key(by.clone()), Closed => Partition::SameStream }
/// #     }
/// #     fn project(&mut self, event: &Recorded<TicketEvent>) {
/// #         match &event.data { Opened { .. } => self.open += 1, Closed => self.open -= 1 }
/// #     }
/// # }
/// # fn opened(by: &str) -> TicketEvent { Opened { by: by.into() } }
///
/// # fn main() {
/// views_of::<OpenTickets>()
///     .given("1", events![opened("ann")])
///     .given("2", events![opened("bob"), Closed])
///     .then([
///         ("ann", OpenTickets { open: 1 }),
///         ("bob", OpenTickets { open: 0 }),
///     ]);
/// # }
/// ```
#[track_caller]
pub fn views_of<P>() -> Views<P>
where
    P: Projection + Debug + PartialEq,
{
    Views::new(Telling::new())
}

/// What has happened, and a projection that has followed it; [`views_of`] makes it.
///
/// Go on with [`given`](Self::given), and end with [`then`](Self::then) or one of the others. It
/// fails the test if it is dropped instead.
///
/// The projection takes every append as a runtime would have it taken, and what must hold of every
/// projection is checked without being told to:
///
/// - Events are written in their stored form and read back, by way of the upcasters.
/// - Views are written as JSON and read back as the same.
/// - Taken again, the same events lead to the same views.
/// - One by one, all in one batch, or with a restart between any two of them: the same appends lead
///   to the same views. (Of more than a hundred places for a restart, some are tried.)
#[must_use = "nothing is checked before a `then`"]
pub struct Views<P> {
    pub(super) telling: Telling<P>,
    pub(super) unfinished: Unfinished,
}

impl<P: Projection + Debug + PartialEq> Views<P> {
    #[track_caller]
    pub(super) fn new(telling: Telling<P>) -> Self {
        let unfinished = Unfinished::new(
            "views_of(..) without a then: nothing was checked; end with .then(views), .then_view(key, view) or .then_nothing()",
        );
        Self {
            telling,
            unfinished,
        }
    }

    /// Appends what has happened to an aggregate, as a whole, to its stream: that of the order `1`
    /// is `order-1`.
    ///
    /// It is one append, as of one command. What happened later is given later:
    ///
    /// ```
    /// use ironflow_testing::{stored, views_of};
    /// use serde_json::json;
    /// # use ironflow_domain::{Partition, Project, Projection, Recorded, event, events};
    /// # use serde::{Deserialize, Serialize};
    /// # #[event("ticket")] pub enum TicketEvent { Opened { by: String }, Closed }
    /// # use TicketEvent::*;
    /// # #[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
    /// # #[projection("open-tickets", partition = String, of(TicketEvent))]
    /// # pub struct OpenTickets { open: u32 }
    /// # impl Project<TicketEvent> for OpenTickets {
    /// #     fn partition(event: &Recorded<TicketEvent>) -> Partition<String> {
    /// #         match &event.data { Opened { by } => Partition::Key(by.clone()), Closed => Partition::SameStream }
    /// #     }
    /// #     fn project(&mut self, event: &Recorded<TicketEvent>) {
    /// #         match &event.data { Opened { .. } => self.open += 1, Closed => self.open -= 1 }
    /// #     }
    /// # }
    /// # fn opened(by: &str) -> TicketEvent { Opened { by: by.into() } }
    ///
    /// # fn main() {
    /// views_of::<OpenTickets>()
    ///     // As a program of before has stored it.
    ///     .given("1", stored("ticket.opened", 1, json!({ "by": "ann" })))
    ///     .given("2", events![opened("ann")])
    ///     .given("1", events![Closed])
    ///     .then([("ann", OpenTickets { open: 1 })]);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When an event does not survive being stored, when the projection cannot apply it, or when a
    /// view does not survive being stored.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn given<E>(mut self, id: impl Display, happened: impl Happened<E>) -> Self
    where
        P: Project<E>,
        E: Event,
    {
        self.telling.append(id, happened);
        self
    }

    /// It is that time now: what is given from here on is recorded then. A sentence begins at the
    /// start of 2026.
    ///
    /// # Panics
    ///
    /// When a text is not a time in RFC 3339.
    #[track_caller]
    pub fn at(mut self, time: impl Moment) -> Self {
        self.telling.past.at(time);
        self
    }

    /// So much time goes by.
    pub fn advance(mut self, time: Duration) -> Self {
        self.telling.past.advance(time);
        self
    }

    /// Who issued the commands that led to what is given from here on.
    pub fn issued_by(mut self, who: impl Into<String>) -> Self {
        let who = who.into();
        self.telling.past.story.with("By", who.clone());
        self.telling.past.metadata.issued_by = Some(who);
        self
    }

    /// What is stored beside what is given from here on. What is not in it, of the cause, the
    /// conversation and the time, is filled in as a command would.
    ///
    /// What is [`stored`](crate::stored) with metadata of its own keeps that as it is.
    ///
    /// ```
    /// use ironflow_domain::{Metadata, Project, Projection, Recorded, Unpartitioned, Partition, event, events};
    /// use ironflow_testing::views_of;
    /// use serde::{Deserialize, Serialize};
    /// # #[event("door")] pub enum DoorEvent { Opened }
    ///
    /// /// Which command opened the door last.
    /// #[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
    /// #[projection("last-opened", of(DoorEvent))]
    /// pub struct LastOpened {
    ///     command: Option<String>,
    /// }
    /// # impl Project<DoorEvent> for LastOpened {
    /// #     fn partition(_: &Recorded<DoorEvent>) -> Partition<Unpartitioned> { Partition::Key(Unpartitioned) }
    /// #     fn project(&mut self, event: &Recorded<DoorEvent>) { self.command.clone_from(&event.metadata.command); }
    /// # }
    ///
    /// # fn main() {
    /// let mut metadata = Metadata::default();
    /// metadata.command = Some("kick-in".into());
    /// views_of::<LastOpened>()
    ///     .metadata(metadata)
    ///     .given("front", events![DoorEvent::Opened])
    ///     .then_state(LastOpened { command: Some("kick-in".into()) });
    /// # }
    /// ```
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        let text = serde_json::to_string(&metadata).unwrap_or_default();
        self.telling.past.story.with("With", text);
        self.telling.past.metadata = metadata;
        self
    }

    /// For a projection that claims to be idempotent: every append that is delivered so many times
    /// leads to the same views as if it were delivered once.
    ///
    /// The runtime delivers once. Others do not, such as whoever feeds the same views from a queue.
    ///
    /// # Panics
    ///
    /// When `times` is zero: nothing would be delivered.
    #[track_caller]
    pub fn times(mut self, times: u32) -> Self {
        if times == 0 {
            let story = &self.telling.past.story;
            story.fail("what is delivered zero times leads to nothing", &[])
        }
        let text = format!("every append is delivered {times} times");
        self.telling.past.story.with("Times", text);
        self.telling.times = times;
        self
    }
}

impl<P> Debug for Views<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Views")
            .field("log", &self.telling.past.log)
            .finish_non_exhaustive()
    }
}
