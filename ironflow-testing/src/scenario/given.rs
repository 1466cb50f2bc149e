//! What has happened, and what is known when the command is issued.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use ironflow_domain::{Aggregate, Command, Timestamp};

use super::context::{ContextAt, NoContext, Provides, WithContext};
use super::past::{Happened, Past};
use super::story;
use super::time::Moment;
use super::unfinished::Unfinished;
use super::when::{self, Decided, When};

/// Begins a scenario with what has happened to an aggregate of type `A`, in order.
///
/// Every event is written in its stored form and read back; the scenario goes on with what came
/// back.
///
/// ```
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
/// given::<Door>(events![DoorEvent::Opened]).when(Close).then(events![DoorEvent::Closed]);
/// given::<Door>(events![]).when(Close).then_nothing();
/// ```
///
/// # Panics
///
/// When an event does not survive being stored, or when the fold panics.
#[track_caller]
pub fn given<A>(happened: impl Happened<A::Event>) -> Given<A>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let mut past = Past::new();
    past.add(happened);
    Given::new(past, NoContext)
}

/// What has happened; [`given`] makes it.
///
/// Go on with [`when`](Self::when) or [`then_state`](Self::then_state). It fails the test if it is
/// dropped instead.
#[must_use = "nothing is checked before `.when(command)` and a `then`"]
pub struct Given<A: Aggregate, X = NoContext> {
    past: Past<A>,
    context: X,
    unfinished: Unfinished,
}

impl<A: Aggregate, X> Given<A, X> {
    #[track_caller]
    pub(super) fn new(past: Past<A>, context: X) -> Self {
        let unfinished = Unfinished::new(
            "given(..) without a when: nothing was checked; go on with .when(command)",
        );
        Self {
            past,
            context,
            unfinished,
        }
    }

    /// Adds what enrichment would have fetched for a command declared with `#[command(…, context =
    /// …)]`.
    ///
    /// ```
    /// use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, command, event, events};
    /// # #[event("order")] #[derive(Eq)] pub enum OrderEvent { Placed { price: u64 } }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = OrderEvent, error = std::fmt::Error)] pub struct Order;
    /// # impl Fold for Order { fn fold(&mut self, _: &OrderEvent) {} }
    /// # #[command(Order, context = Shop, creates)] pub struct PlaceOrder;
    /// # pub struct Shop { price: u64 }
    /// # impl DecideWith<PlaceOrder> for Order {
    /// #     fn decide(&self, _: PlaceOrder, shop: &Shop) -> Decision<Self> {
    /// #         Ok(events![OrderEvent::Placed { price: shop.price }])
    /// #     }
    /// # }
    ///
    /// given::<Order>(events![])
    ///     .context(Shop { price: 500 })
    ///     .when(PlaceOrder)
    ///     .then(events![OrderEvent::Placed { price: 500 }]);
    /// ```
    ///
    /// A command that needs a context does not compile without one:
    ///
    /// ```compile_fail,E0277
    /// use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, command, event, events};
    /// # #[event("order")] #[derive(Eq)] pub enum OrderEvent { Placed { price: u64 } }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = OrderEvent, error = std::fmt::Error)] pub struct Order;
    /// # impl Fold for Order { fn fold(&mut self, _: &OrderEvent) {} }
    /// # #[command(Order, context = Shop, creates)] pub struct PlaceOrder;
    /// # pub struct Shop { price: u64 }
    /// # impl DecideWith<PlaceOrder> for Order {
    /// #     fn decide(&self, _: PlaceOrder, shop: &Shop) -> Decision<Self> {
    /// #         Ok(events![OrderEvent::Placed { price: shop.price }])
    /// #     }
    /// # }
    ///
    /// given::<Order>(events![])
    ///     .when(PlaceOrder)
    ///     .then(events![OrderEvent::Placed { price: 500 }]);
    /// ```
    pub fn context<Y>(self, context: Y) -> Given<A, WithContext<Y>> {
        self.with(WithContext(Arc::new(context)))
    }

    /// Adds a context that depends on the time at which the command is issued.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, Timestamp, command, event, events};
    /// # #[event("offer")] #[derive(Eq)] pub enum OfferEvent { Made { until: Timestamp }, Accepted }
    /// # #[derive(Debug, PartialEq)] pub struct TooLate;
    /// # impl std::fmt::Display for TooLate { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("too late") } }
    /// # impl std::error::Error for TooLate {}
    /// # #[derive(Aggregate, Default)] #[aggregate(event = OfferEvent, error = TooLate)] pub struct Offer { until: Option<Timestamp> }
    /// # impl Fold for Offer { fn fold(&mut self, e: &OfferEvent) { if let OfferEvent::Made { until } = e { self.until = Some(*until) } } }
    /// # #[command(Offer, context = Timestamp)] pub struct Accept;
    /// # impl DecideWith<Accept> for Offer {
    /// #     fn decide(&self, _: Accept, now: &Timestamp) -> Decision<Self> {
    /// #         if self.until < Some(*now) { Err(TooLate) } else { Ok(events![OfferEvent::Accepted]) }
    /// #     }
    /// # }
    ///
    /// let until = "2026-04-17T12:00:00Z".parse().unwrap();
    /// given::<Offer>(events![OfferEvent::Made { until }])
    ///     .context_at(|now| now)
    ///     .at("2026-04-17T11:00:00Z")
    ///     .advance(Duration::from_hours(2))
    ///     .when(Accept)
    ///     .then_error(TooLate);
    /// ```
    pub fn context_at<Y, F: Fn(Timestamp) -> Y>(self, context: F) -> Given<A, ContextAt<F>> {
        self.with(ContextAt(Arc::new(context)))
    }

    fn with<Y>(self, context: Y) -> Given<A, Y> {
        let Self {
            past, unfinished, ..
        } = self;
        Given {
            past,
            context,
            unfinished,
        }
    }

    /// It is that time now: [`context_at`](Self::context_at) sees it, and so do the upcasters of
    /// what is stored from here on. A scenario begins at the start of 2026.
    ///
    /// # Panics
    ///
    /// When a text is not a time in RFC 3339.
    #[track_caller]
    pub fn at(mut self, time: impl Moment) -> Self {
        self.past.set_time(time.timestamp());
        self
    }

    /// So much time goes by.
    pub fn advance(mut self, time: Duration) -> Self {
        self.past.set_time(self.past.now + time);
        self
    }

    /// Who issues the commands from here on: see [`Then::metadata`](super::Then::metadata).
    pub fn issued_by(mut self, who: impl Into<String>) -> Self {
        self.past.issuer.issued_by = Some(who.into());
        self
    }

    /// The conversation that the commands from here on are part of; each has one of its own unless
    /// given.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.past.issuer.correlation_id = Some(id.into());
        self
    }

    /// Whose data the commands from here on are about.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.past.issuer.tenant_id = Some(id.into());
        self
    }

    /// Something else that rides beside the events of the commands from here on, under a key of the
    /// application's own.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.past.issuer.extra.insert(key.into(), value.into());
        self
    }
}

impl<A, X> Given<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    /// Adds what happened after it.
    ///
    /// ```
    /// use ironflow_testing::{given, stored};
    /// use serde_json::json;
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
    /// // As a program of before has stored it, by way of the upcasters.
    /// given::<Door>(stored("door.opened", 1, json!({})))
    ///     .and(events![DoorEvent::Closed])
    ///     .when(Close)
    ///     .then_nothing();
    /// ```
    ///
    /// # Panics
    ///
    /// As [`given`].
    #[track_caller]
    pub fn and(mut self, happened: impl Happened<A::Event>) -> Self {
        self.past.add(happened);
        self
    }

    /// Adds what a command led to; it must be accepted.
    ///
    /// ```
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
    /// given::<Door>(events![DoorEvent::Opened]).after(Close).when(Close).then_nothing();
    /// ```
    ///
    /// # Panics
    ///
    /// When the command is refused, or as [`when`](Self::when).
    #[track_caller]
    pub fn after<C, How>(mut self, command: C) -> Self
    where
        C: Command<Aggregate = A> + Debug,
        X: Provides<C::Context, How>,
    {
        let context = self.context.provide(self.past.now);
        if let Some(context) = C::shown(&context) {
            self.past.story.decided_with(context);
        }
        self.past.story.after(command.name(), &command);
        let Decided { outcome, metadata } = when::decide(&mut self.past, command, &context);
        match outcome {
            Ok(produced) => {
                self.past.story.given(&produced);
                self.past.record(&produced, &metadata);
            }
            Err(error) => self.past.story.fail(
                "a command of the past was refused",
                &[("But", story::error(&error))],
            ),
        }
        self
    }

    /// Lets the aggregate decide `command`.
    ///
    /// Every event it decides upon is written in its stored form and read back, and folded after
    /// those that were given.
    ///
    /// # Panics
    ///
    /// When the decision or the fold panics, or when an event does not survive being stored.
    #[track_caller]
    pub fn when<C, How>(self, command: C) -> When<A, X>
    where
        C: Command<Aggregate = A> + Debug,
        X: Provides<C::Context, How>,
    {
        let Self {
            past,
            context,
            unfinished,
        } = self;
        unfinished.goes_on();
        When::new(past, context, command)
    }

    /// What has happened leaves the aggregate in this state.
    ///
    /// ```
    /// use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Fold, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    ///
    /// given::<Door>(events![DoorEvent::Opened]).then_state(Door { open: true });
    /// ```
    ///
    /// # Panics
    ///
    /// When it leaves it in another one.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_state(self, expected: A)
    where
        A: Debug + PartialEq,
    {
        let Self {
            mut past,
            unfinished,
            ..
        } = self;
        unfinished.goes_on();
        past.check_state(&expected);
    }
}

impl<A: Aggregate<Event: Debug>, X> Debug for Given<A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("events", &self.past.events)
            .finish_non_exhaustive()
    }
}
