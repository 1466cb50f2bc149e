//! Commands of which the laws are to hold, and where they come from.

use std::any::type_name;
use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::sync::Arc;

use ironflow_domain::{Aggregate, Command, Decision};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Reason, TestRunner};

use super::generator::Enum;
use super::made_up::{MadeUp, MakeUp};
use super::pair::{Pair, Tree};

/// Commands of one type: made up, unless said otherwise. [`commands`] makes it.
///
/// In [`laws!`](crate::laws!) it is written `PayOrder`, or `PayOrder: drawn_from(…) and idempotent`.
#[derive(Debug)]
#[must_use = "nothing is checked before it is handed to `Laws::of`"]
pub struct Commands<C, D = MakesUp, X = MakesUp> {
    drawn: D,
    context: X,
    is_idempotent: bool,
    command: PhantomData<fn() -> C>,
}

/// Commands of the type `C`, which are made up.
pub fn commands<C: Command>() -> Commands<C> {
    Commands {
        drawn: MakesUp,
        context: MakesUp,
        is_idempotent: false,
        command: PhantomData,
    }
}

impl<C: Command, D, X> Commands<C, D, X> {
    /// They are drawn from a strategy of proptest.
    pub fn drawn_from<S>(self, strategy: S) -> Commands<C, DrawnFrom<S>, X>
    where
        S: Strategy<Value = C> + 'static,
    {
        Commands {
            drawn: DrawnFrom(strategy),
            context: self.context,
            is_idempotent: self.is_idempotent,
            command: PhantomData,
        }
    }

    /// What they are decided with is drawn from a strategy of proptest.
    pub fn in_context<S>(self, strategy: S) -> Commands<C, D, DrawnFrom<S>>
    where
        S: Strategy<Value = C::Context> + 'static,
    {
        Commands {
            drawn: self.drawn,
            context: DrawnFrom(strategy),
            is_idempotent: self.is_idempotent,
            command: PhantomData,
        }
    }

    /// A command that was accepted, decided again at once, records nothing or is refused.
    pub fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }

    pub(super) fn kind(self) -> Kind<C::Aggregate>
    where
        C: Debug,
        C::Context: Debug,
        D: Draw<C>,
        X: Draw<C::Context>,
    {
        let stream = |command: &C| command.own_stream()?.ok().map(|stream| stream.to_string());
        let (drawn, mut enums) = self.drawn.draw(stream);
        let (contexts, others) = self.context.draw(|_| None);
        enums.extend(others);
        let is_idempotent = self.is_idempotent;
        Kind {
            step: Box::new(move |runner| {
                let pair = Pair::new(&drawn, &contexts, (is_idempotent, D::IS_SAID), runner)?;
                Ok(Box::new(pair))
            }),
            names: C::KINDS
                .iter()
                .map(|kind| (kind.name, kind.ident))
                .collect(),
            r#type: short(type_name::<C>()),
            enums,
        }
    }
}

/// What commands or contexts are taken from. There is nothing to implement.
pub trait Draw<T> {
    /// Whether somebody has said what it is drawn from.
    #[doc(hidden)]
    const IS_SAID: bool;

    /// The strategy, and the enums that are known to be in the values. Where the values are made up,
    /// they are called the same by `name` if possible.
    #[doc(hidden)]
    fn draw(self, name: impl Fn(&T) -> Option<String>) -> (BoxedStrategy<T>, Vec<Enum>);
}

/// They are made up.
#[derive(Debug, Clone, Copy)]
pub struct MakesUp;

/// They are drawn from a strategy.
#[derive(Debug, Clone, Copy)]
pub struct DrawnFrom<S>(S);

impl<T: MakeUp + Debug> Draw<T> for MakesUp {
    const IS_SAID: bool = false;

    fn draw(self, name: impl Fn(&T) -> Option<String>) -> (BoxedStrategy<T>, Vec<Enum>) {
        let mut learned = T::learn();
        learned.fix(name);
        let enums = learned.enums();
        (MadeUp::new(learned).boxed(), enums)
    }
}

impl<T: Debug, S: Strategy<Value = T> + 'static> Draw<T> for DrawnFrom<S> {
    const IS_SAID: bool = true;

    fn draw(self, _: impl Fn(&T) -> Option<String>) -> (BoxedStrategy<T>, Vec<Enum>) {
        (self.0.boxed(), Vec::new())
    }
}

/// Commands of one type, whichever it is.
pub(super) struct Kind<A: Aggregate> {
    pub(super) step: Box<NewStep<A>>,
    /// What the commands are called where they are stored, and in the program.
    pub(super) names: Vec<(&'static str, &'static str)>,
    /// What the type is called in the program.
    pub(super) r#type: &'static str,
    pub(super) enums: Vec<Enum>,
}

type NewStep<A> = dyn Fn(&mut TestRunner) -> Result<Tree<A>, Reason>;

/// The last part of the name of a type.
pub(super) fn short(name: &'static str) -> &'static str {
    let end = name.find('<').unwrap_or(name.len());
    let start = name[..end].rfind("::").map_or(0, |at| at + 2);
    &name[start..end]
}

/// A command, with what it is decided with.
pub(super) struct Step<A>(Arc<dyn Issue<A>>);

impl<A> Step<A> {
    pub(super) fn new(step: Arc<dyn Issue<A>>) -> Self {
        Self(step)
    }
}

impl<A> Clone for Step<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Debug for Step<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.command().fmt(f)
    }
}

impl<A> std::ops::Deref for Step<A> {
    type Target = dyn Issue<A>;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// What can be done with a command of any type.
pub(super) trait Issue<A> {
    fn name(&self) -> &'static str;
    fn command(&self) -> &dyn Debug;
    /// What it is decided with, where there is something.
    fn context(&self) -> Option<&dyn Debug>;
    /// What its type is called in the program.
    fn r#type(&self) -> &'static str;
    fn creates(&self) -> bool;
    fn is_idempotent(&self) -> bool;
    /// Whether it comes from a strategy of the user.
    fn is_drawn(&self) -> bool;
    /// The stream it names, where it names one; it may name one that cannot be one.
    fn stream(&self) -> Option<Result<String, ()>>;
    fn decide(&self, state: &A) -> Decision<A>
    where
        A: Aggregate;
}

pub(super) struct Issued<C: Command> {
    pub(super) command: C,
    pub(super) context: C::Context,
    pub(super) is_idempotent: bool,
    pub(super) is_drawn: bool,
}

impl<C> Issue<C::Aggregate> for Issued<C>
where
    C: Command<Context: Debug> + Debug,
{
    fn name(&self) -> &'static str {
        self.command.name()
    }

    fn command(&self) -> &dyn Debug {
        &self.command
    }

    fn context(&self) -> Option<&dyn Debug> {
        (size_of::<C::Context>() > 0).then_some(&self.context)
    }

    fn r#type(&self) -> &'static str {
        short(type_name::<C>())
    }

    fn creates(&self) -> bool {
        C::CREATES
    }

    fn is_idempotent(&self) -> bool {
        self.is_idempotent
    }

    fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    fn stream(&self) -> Option<Result<String, ()>> {
        let stream = self.command.own_stream()?;
        Some(stream.map(|stream| stream.to_string()).map_err(|_| ()))
    }

    fn decide(&self, state: &C::Aggregate) -> Decision<C::Aggregate> {
        self.command.clone().decide(state, &self.context)
    }
}
