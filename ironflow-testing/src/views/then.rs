//! Which views must have come of what has happened.

use std::fmt::{self, Debug, Display};
use std::time::Duration;

use ironflow_domain::{Event, Metadata, Project, Projection, Unpartitioned};

use super::follower::States;
use super::given::Views;
use super::telling::Telling;
use super::{promises, table};
use crate::scenario::{Happened, Moment, layout, story};

/// Ways to end the sentence.
#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the story may be at its end"
)]
impl<P: Projection + Debug + PartialEq> Views<P> {
    /// Exactly these views have come of it, and no others.
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
    ///     .given("1", events![opened("ann"), Closed])
    ///     .then([("ann", OpenTickets { open: 0 })]);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When a view is another, missing or not expected. The panic is at the caller's line, and its
    /// message tells the whole story.
    #[track_caller]
    pub fn then<K: Display>(self, expected: impl IntoIterator<Item = (K, P)>) -> ThenViews<P> {
        let then = self.told();
        let mut views = States::new();
        for (key, view) in expected {
            let key = key.to_string();
            if views.insert(key.clone(), view).is_some() {
                let headline = format!("{} is expected twice", table::title(&key));
                then.telling.past.story.fail(&headline, &[])
            }
        }
        let produced = then.telling.states();
        let comparison = table::compare(["expected", "produced"], &views, &produced);
        if let Some(summary) = comparison.summary {
            then.telling.past.story.fail(
                &format!("not the views that were expected: {summary}"),
                &[("Then", comparison.table)],
            )
        }
        then.and_say(table::rows(&produced)).kept()
    }

    /// No view at all has come of it.
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
    /// views_of::<OpenTickets>().then_nothing();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn then_nothing(self) -> ThenViews<P> {
        self.then([] as [(&str, P); 0])
    }

    /// This view has come of it; there may be others.
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
    ///     .given("2", events![opened("bob")])
    ///     .then_view("ann", OpenTickets { open: 1 })
    ///     .then_view_matching("bob", |tickets| tickets.open > 0)
    ///     .then_no_view("eve");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When it is another, or missing.
    #[track_caller]
    pub fn then_view(self, key: impl Display, expected: P) -> ThenViews<P> {
        self.told().has_view(&key.to_string(), expected).kept()
    }

    /// A view of which this is true has come of it; there may be others. See
    /// [`then_view`](Self::then_view).
    ///
    /// # Panics
    ///
    /// When it is not true, or the view is missing.
    #[track_caller]
    pub fn then_view_matching(
        self,
        key: impl Display,
        is_expected: impl FnOnce(&P) -> bool,
    ) -> ThenViews<P> {
        self.told()
            .has_view_matching(&key.to_string(), is_expected)
            .kept()
    }

    /// No view with this key has come of it; there may be others. See
    /// [`then_view`](Self::then_view).
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn then_no_view(self, key: impl Display) -> ThenViews<P> {
        self.told().has_no_view(&key.to_string()).kept()
    }

    fn told(self) -> ThenViews<P> {
        let Self {
            telling,
            unfinished,
        } = self;
        unfinished.goes_on();
        ThenViews { telling }
    }
}

/// Of a projection that has a single view.
#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the story may be at its end"
)]
impl<P: Projection<Key = Unpartitioned> + Debug + PartialEq> Views<P> {
    /// This is what has come of it.
    ///
    /// ```
    /// use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event, events};
    /// use ironflow_testing::views_of;
    /// use serde::{Deserialize, Serialize};
    /// # #[event("ticket")] pub enum TicketEvent { Opened, Closed }
    /// # use TicketEvent::*;
    ///
    /// /// How many tickets are open.
    /// #[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
    /// #[projection("backlog", of(TicketEvent))]
    /// pub struct Backlog {
    ///     open: u32,
    /// }
    /// # impl Project<TicketEvent> for Backlog {
    /// #     fn partition(_: &Recorded<TicketEvent>) -> Partition<Unpartitioned> { Partition::Key(Unpartitioned) }
    /// #     fn project(&mut self, event: &Recorded<TicketEvent>) {
    /// #         match event.data { Opened => self.open += 1, Closed => self.open -= 1 }
    /// #     }
    /// # }
    ///
    /// # fn main() {
    /// views_of::<Backlog>()
    ///     .given("1", events![Opened, Closed])
    ///     .given("2", events![Opened])
    ///     .then_state(Backlog { open: 1 });
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When it is another, or when no event has reached it.
    #[track_caller]
    pub fn then_state(self, expected: P) -> ThenViews<P> {
        self.then([(Unpartitioned, expected)])
    }
}

/// What has come of it, as it should; a `then` of [`Views`] makes it.
///
/// The story may be at its end, or go on: with another view, or with what happened next. It may go
/// on in several ways from here; none of them changes the others.
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
/// let opened_once = views_of::<OpenTickets>()
///     .given("1", events![opened("ann")])
///     .then([("ann", OpenTickets { open: 1 })]);
/// opened_once
///     .given("1", events![Closed])
///     .then([("ann", OpenTickets { open: 0 })]);
/// opened_once
///     .given("2", events![opened("ann")])
///     .then([("ann", OpenTickets { open: 2 })]);
/// # }
/// ```
pub struct ThenViews<P> {
    telling: Telling<P>,
}

#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the story may be at its end"
)]
impl<P: Projection + Debug + PartialEq> ThenViews<P> {
    /// And this view has come of it; see [`Views::then_view`].
    ///
    /// # Panics
    ///
    /// When it is another, or missing.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_view(self, key: impl Display, expected: P) -> Self {
        self.has_view(&key.to_string(), expected).noted()
    }

    /// And a view of which this is true has come of it; see [`Views::then_view`].
    ///
    /// # Panics
    ///
    /// When it is not true, or the view is missing.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_view_matching(
        self,
        key: impl Display,
        is_expected: impl FnOnce(&P) -> bool,
    ) -> Self {
        self.has_view_matching(&key.to_string(), is_expected)
            .noted()
    }

    /// And no view with this key has come of it; see [`Views::then_view`].
    ///
    /// # Panics
    ///
    /// When there is one.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_no_view(self, key: impl Display) -> Self {
        self.has_no_view(&key.to_string()).noted()
    }

    /// A view that has come of it, as whoever asks for it would get it.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn view(&self, key: impl Display) -> Option<P> {
        self.telling.state(&key.to_string())
    }
}

/// What is looked at, before anything is written down.
impl<P: Projection + Debug + PartialEq> ThenViews<P> {
    #[track_caller]
    fn has_view(self, key: &str, expected: P) -> Self {
        let produced = self.find(key, &layout::value(&expected));
        if produced != expected {
            let [expected, produced] =
                [expected, produced].map(|view| States::from([(key.to_owned(), view)]));
            let comparison = table::compare(["expected", "produced"], &expected, &produced);
            self.telling.past.story.fail(
                &format!("{} is not as was expected", table::title(key)),
                &[("Then", comparison.table)],
            )
        }
        self.and_say(table::rows(&States::from([(key.to_owned(), produced)])))
    }

    #[track_caller]
    fn has_view_matching(self, key: &str, is_expected: impl FnOnce(&P) -> bool) -> Self {
        let produced = self.find(key, "a view that matches");
        let is_expected = is_expected(&produced);
        let view = States::from([(key.to_owned(), produced)]);
        if !is_expected {
            let headline = format!("{} does not match", table::title(key));
            let then = table::list(&view);
            self.telling.past.story.fail(&headline, &[("Then", then)])
        }
        self.and_say(table::rows(&view))
    }

    #[track_caller]
    fn has_no_view(self, key: &str) -> Self {
        if let Some(view) = self.telling.state(key) {
            let headline = format!("{} is there, and should not be", table::title(key));
            let view = table::list(&States::from([(key.to_owned(), view)]));
            self.telling.past.story.fail(&headline, &[("Then", view)])
        }
        self.and_say(table::absence(key))
    }

    #[track_caller]
    fn find(&self, key: &str, expected: &str) -> P {
        if let Some(view) = self.telling.state(key) {
            return view;
        }
        let there_are = table::list(&self.telling.states());
        self.telling.past.story.fail(
            &format!("{} is missing", table::title(key)),
            &[("Then", story::beside(expected, &there_are))],
        )
    }

    fn and_say(mut self, views: Vec<(String, String)>) -> Self {
        self.telling.past.story.views(views);
        self
    }

    /// After what was expected, since that says more where both are wrong.
    #[track_caller]
    fn kept(self) -> Self {
        promises::check(&self.telling);
        self.noted()
    }

    fn noted(mut self) -> Self {
        self.telling.past.story.tell();
        self
    }
}

/// How the story goes on.
impl<P: Projection + Debug + PartialEq> ThenViews<P> {
    #[track_caller]
    fn goes_on(&self) -> Views<P> {
        Views::new(self.telling.clone())
    }

    /// See [`Views::given`].
    #[track_caller]
    pub fn given<E>(&self, id: impl Display, happened: impl Happened<E>) -> Views<P>
    where
        P: Project<E>,
        E: Event,
    {
        self.goes_on().given(id, happened)
    }

    /// See [`Views::at`].
    #[track_caller]
    pub fn at(&self, time: impl Moment) -> Views<P> {
        self.goes_on().at(time)
    }

    /// See [`Views::advance`].
    #[track_caller]
    pub fn advance(&self, time: Duration) -> Views<P> {
        self.goes_on().advance(time)
    }

    /// See [`Views::issued_by`].
    #[track_caller]
    pub fn issued_by(&self, who: impl Into<String>) -> Views<P> {
        self.goes_on().issued_by(who)
    }

    /// See [`Views::metadata`].
    #[track_caller]
    pub fn metadata(&self, metadata: Metadata) -> Views<P> {
        self.goes_on().metadata(metadata)
    }
}

impl<P> Debug for ThenViews<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThenViews")
            .field("log", &self.telling.past.log)
            .finish_non_exhaustive()
    }
}
