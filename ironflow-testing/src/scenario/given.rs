//! The past, and the context of a command.

use std::fmt::{self, Debug};

use ironflow_domain::{Aggregate, Command, Events};

use super::round_trip;
use super::story::Story;
use super::unfinished::Unfinished;
use super::when::When;

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
pub fn given<A>(events: Events<A::Event>) -> Given<A>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let mut story = Story::new();
    story.given(&events);
    let events = round_trip::all(events, &story);
    let state = round_trip::replay::<A>(events.iter(), &story);
    let unfinished =
        Unfinished::new("given(..) without a when: nothing was checked; go on with .when(command)");
    Given {
        events,
        state,
        story,
        context: NoContext,
        unfinished,
    }
}

/// What has happened; [`given`] makes it.
///
/// Go on with [`when`](Self::when). It fails the test if it is dropped instead.
#[must_use = "nothing is checked before `.when(command)` and a `then`"]
pub struct Given<A: Aggregate, X = NoContext> {
    events: Vec<A::Event>,
    state: A,
    story: Story,
    context: X,
    unfinished: Unfinished,
}

impl<A: Aggregate> Given<A> {
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
    pub fn context<X>(self, context: X) -> Given<A, WithContext<X>> {
        let Self {
            events,
            state,
            story,
            context: NoContext,
            unfinished,
        } = self;
        Given {
            events,
            state,
            story,
            context: WithContext(context),
            unfinished,
        }
    }
}

impl<A, X> Given<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    /// Lets the aggregate decide `command`.
    ///
    /// Every event it decides upon is written in its stored form and read back, and folded after
    /// those that were given.
    ///
    /// # Panics
    ///
    /// When the decision or the fold panics, or when an event does not survive being stored.
    #[track_caller]
    pub fn when<C>(self, command: C) -> When<A>
    where
        C: Command<Aggregate = A> + Debug,
        X: Provides<C::Context>,
    {
        let Self {
            events,
            state,
            mut story,
            context,
            unfinished,
        } = self;
        unfinished.goes_on();
        story.when(&command);
        When::new(&events, &state, story, command, context.provide())
    }
}

impl<A: Aggregate<Event: Debug>, X> Debug for Given<A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// No context was given: right for a command that was declared without one.
#[derive(Debug, Clone, Copy)]
pub struct NoContext;

/// The context given by [`Given::context`].
#[derive(Debug, Clone, Copy)]
pub struct WithContext<X>(X);

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
pub trait Provides<C> {
    /// The context.
    fn provide(&self) -> &C;
}

#[diagnostic::do_not_recommend]
impl Provides<()> for NoContext {
    fn provide(&self) -> &() {
        &()
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<C> for WithContext<C> {
    fn provide(&self) -> &C {
        &self.0
    }
}

// Nobody needs the next two. Where a type has a single implementation, the compiler takes it before
// it looks at the command, and then reports a mismatch of types instead of the message above.

#[diagnostic::do_not_recommend]
impl Provides<NoContext> for NoContext {
    fn provide(&self) -> &NoContext {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<C> Provides<WithContext<C>> for WithContext<C> {
    fn provide(&self) -> &WithContext<C> {
        self
    }
}
