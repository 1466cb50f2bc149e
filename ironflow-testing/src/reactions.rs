//! Given/Then for reactors: what they do because of events.
//!
//! There is no store. What a reactor calls is given by the test: a mailer that only writes down what
//! it was asked to send.

use std::fmt::{self, Display};
use std::ops::Range;
use std::time::Duration;

use ironflow_domain::__private::Unreacted;
use ironflow_domain::{Event, EventRef, React, Reactor};

use crate::log::Append;
use crate::past::Past;
use crate::scenario::unfinished::Unfinished;
use crate::scenario::{Happened, Moment, story};

/// Begins a sentence about what a reactor does.
///
/// ```
/// use ironflow_testing::reactions_of;
/// # use std::collections::BTreeMap;
/// # use std::sync::{Arc, Mutex};
/// # use ironflow_domain::{EventId, React, Reactor, Recorded, event, events};
/// # #[event("order")] pub enum OrderEvent { Placed { customer: String }, Shipped }
/// # #[derive(Reactor)]
/// # #[reactor("order-mails", of(OrderEvent))]
/// # struct OrderMails { mailer: Mailer }
/// # impl React<OrderEvent> for OrderMails {
/// #     type Error = String;
/// #     async fn react(&self, event: &Recorded<OrderEvent>) -> Result<(), String> {
/// #         match &event.data {
/// #             OrderEvent::Placed { customer } => self.mailer.send(event.id, customer).await,
/// #             OrderEvent::Shipped => Ok(()),
/// #         }
/// #     }
/// # }
/// /// Sends a mail once, however often it is asked to.
/// #[derive(Clone, Default)]
/// struct Mailer(Arc<Mutex<BTreeMap<EventId, String>>>);
/// # impl Mailer {
/// #     async fn send(&self, id: EventId, to: &str) -> Result<(), String> {
/// #         if to.is_empty() { return Err("nobody to send it to".to_owned()); }
/// #         self.0.lock().unwrap().insert(id, to.to_owned());
/// #         Ok(())
/// #     }
/// #     fn sent(&self) -> Vec<String> { self.0.lock().unwrap().values().cloned().collect() }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mailer = Mailer::default();
/// reactions_of(OrderMails { mailer: mailer.clone() })
///     .given("1", events![OrderEvent::Placed { customer: "ann".into() }])
///     .react()
///     .await
///     .then_done()
///     // As after a crash: the same events, with the same ids.
///     .react_again()
///     .await
///     .then_done()
///     .given("2", events![OrderEvent::Placed { customer: String::new() }])
///     .react()
///     .await
///     .then_failed("nobody to send it to");
/// assert_eq!(mailer.sent(), ["ann"]);
/// # }
/// ```
#[track_caller]
pub fn reactions_of<R: Reactor>(reactor: R) -> ReactionsOf<R> {
    ThenReactions {
        past: Past::of(R::NAME),
        reactor,
        last: 0..0,
    }
    .goes_on()
}

/// What has happened, and a reactor that has yet to be told; [`reactions_of`] makes it.
///
/// Go on with [`given`](Self::given) and [`react`](Self::react). It fails the test if it is dropped
/// instead.
#[must_use = "nothing is done before `react`"]
pub struct ReactionsOf<R> {
    told: ThenReactions<R>,
    unfinished: Unfinished,
}

/// What has become of it; end with [`then_done`](Self::then_done) or
/// [`then_failed`](Self::then_failed).
#[must_use = "nothing is checked before a `then`"]
pub struct Reacted<R> {
    told: ThenReactions<R>,
    /// Which event failed, and why.
    failed: Option<(String, Unreacted)>,
    unfinished: Unfinished,
}

/// What was true so far; go on with another [`given`](Self::given), or not.
pub struct ThenReactions<R> {
    past: Past,
    reactor: R,
    /// The appends that the reactor was told of last.
    last: Range<usize>,
}

impl<R: Reactor> ReactionsOf<R> {
    /// Appends what has happened to an aggregate, as a whole, to its stream: that of the order `1`
    /// is `order-1`.
    ///
    /// # Panics
    ///
    /// When an event does not survive being stored.
    #[track_caller]
    pub fn given<E: Event>(mut self, id: impl Display, happened: impl Happened<E>) -> Self
    where
        R: React<E>,
    {
        self.told.past.append(id, happened);
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
        self.told.past.at(time);
        self
    }

    /// So much time goes by.
    pub fn advance(mut self, time: Duration) -> Self {
        self.told.past.advance(time);
        self
    }

    /// Tells the reactor of what it was not told of yet, event by event, until one fails.
    pub async fn react(self) -> Reacted<R> {
        let Self {
            mut told,
            unfinished,
        } = self;
        told.last = told.last.end..told.past.log.appends().len();
        let failed = told.react().await;
        Reacted {
            told,
            failed,
            unfinished,
        }
    }
}

impl<R: Reactor> Reacted<R> {
    /// All of it was done.
    ///
    /// # Panics
    ///
    /// When an event failed, or could not be read.
    #[allow(clippy::must_use_candidate, reason = "the story may be at its end")]
    #[track_caller]
    pub fn then_done(self) -> ThenReactions<R> {
        let Self {
            mut told,
            failed,
            unfinished,
        } = self;
        unfinished.goes_on();
        if let Some((event, error)) = failed {
            let text = format!("{event}: {}", story::chain(&error));
            told.past.story.fail(headline(&error), &[("But", text)])
        }
        told.past.story.with("Then", "it is done".to_owned());
        told.past.story.tell();
        told
    }

    /// One event failed, with an error that says this, among other things. A runtime tries it again,
    /// and parks its stream in the end. What comes after it in this sentence was not told.
    ///
    /// # Panics
    ///
    /// When all was done, when the error says something else, or when an event could not be read.
    #[allow(clippy::must_use_candidate, reason = "the story may be at its end")]
    #[track_caller]
    pub fn then_failed(self, because: &str) -> ThenReactions<R> {
        let Self {
            mut told,
            failed,
            unfinished,
        } = self;
        unfinished.goes_on();
        let said = match &failed {
            Some((_, Unreacted::Failed(error))) => story::chain(&**error),
            Some((event, error)) => {
                let text = format!("{event}: {}", story::chain(error));
                told.past.story.fail(headline(error), &[("But", text)])
            }
            None => told.past.story.fail(
                "it was expected to fail, and is done",
                &[("Then", format!("it fails: {because}"))],
            ),
        };
        if !said.contains(because) {
            let versus = story::beside(because, &said);
            told.past
                .story
                .fail("it failed for another reason", &[("Then", versus)])
        }
        told.past.story.with("Then", format!("it fails: {said}"));
        told.past.story.tell();
        told
    }
}

impl<R: Reactor> ThenReactions<R> {
    #[track_caller]
    fn goes_on(self) -> ReactionsOf<R> {
        let unfinished = Unfinished::new(
            "reactions_of(..) without a then: nothing was checked; end with .react().await.then_done() or .then_failed(..)",
        );
        ReactionsOf {
            told: self,
            unfinished,
        }
    }

    /// The story goes on: as [`ReactionsOf::given`].
    ///
    /// # Panics
    ///
    /// As that.
    #[track_caller]
    pub fn given<E: Event>(self, id: impl Display, happened: impl Happened<E>) -> ReactionsOf<R>
    where
        R: React<E>,
    {
        self.goes_on().given(id, happened)
    }

    /// Tells the reactor again of what it was told of last: after a crash the same events come again,
    /// with the same ids.
    #[track_caller]
    pub fn react_again(self) -> impl Future<Output = Reacted<R>> {
        let ReactionsOf {
            mut told,
            unfinished,
        } = self.goes_on();
        told.past
            .story
            .with("Again", "it is told of the same events".to_owned());
        async move {
            let failed = told.react().await;
            Reacted {
                told,
                failed,
                unfinished,
            }
        }
    }

    /// The event that fails, and why.
    async fn react(&self) -> Option<(String, Unreacted)> {
        let mut reactions = R::reactions();
        let appends = self.past.log.appends()[self.last.clone()].iter();
        for event in appends.flat_map(Append::events) {
            if let Err(error) = reactions.react_to(&event, &self.reactor).await {
                return Some((named(&event), error));
            }
        }
        None
    }
}

fn named(event: &EventRef<'_>) -> String {
    let EventRef {
        name,
        version,
        stream,
        ..
    } = event;
    format!("{name}, version {version} of stream {stream}")
}

fn headline(error: &Unreacted) -> &'static str {
    match error {
        Unreacted::Undecodable(_) => "what is stored cannot be read",
        Unreacted::Failed(_) => "an event has failed",
        Unreacted::Panicked(_) => "the reactor panicked",
    }
}

impl<R> fmt::Debug for ReactionsOf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactionsOf").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Reacted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reacted").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ThenReactions<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThenReactions").finish_non_exhaustive()
    }
}
