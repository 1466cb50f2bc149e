//! What is declared about an aggregate: its commands, its invariants, what else is to hold.

use std::fmt::{self, Debug};

use ironflow_domain::{Aggregate, Command};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::command::{Commands, Draw, Kind};
use super::law::{Invariant, Snapshots, Source};
use super::old_shapes::Given;
use super::report::Failure;
use super::search::{self, Statistics};
use crate::color::colored;
use crate::scenario;

/// The laws of an aggregate, as a value; [`laws!`](crate::laws!) is made of it.
///
/// ```
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # use serde::Deserialize;
/// # #[event("door")] pub enum DoorEvent { Opened, Closed }
/// # #[command(Door)] #[derive(Deserialize)] pub struct Open;
/// # #[command(Door)] #[derive(Deserialize)] pub struct Close;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
/// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
/// # impl Decide<Open> for Door {
/// #     fn decide(&self, _: Open) -> Decision<Self> { Ok(if self.open { events![] } else { events![DoorEvent::Opened] }) }
/// # }
/// # impl Decide<Close> for Door {
/// #     fn decide(&self, _: Close) -> Decision<Self> { Ok(if self.open { events![DoorEvent::Closed] } else { events![] }) }
/// # }
/// use ironflow_testing::laws::{Laws, commands};
///
/// let statistics = Laws::<Door>::new()
///     .of(commands::<Open>().idempotent())
///     .of(commands::<Close>().idempotent())
///     .check()?;
/// assert!(statistics.accepted("close") > 0);
/// # Ok::<(), ironflow_testing::laws::Failure>(())
/// ```
#[must_use = "nothing is checked before `hold` or `check`"]
pub struct Laws<A: Aggregate> {
    pub(super) kinds: Vec<Kind<A>>,
    pub(super) invariants: Vec<Invariant<A>>,
    pub(super) snapshots: Option<Snapshots<A>>,
    pub(super) given: Vec<Given>,
    pub(super) cases: Option<u32>,
    pub(super) seed: Option<u64>,
}

impl<A: Aggregate> Default for Laws<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Debug for Laws<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands = self.kinds.iter().map(|kind| kind.r#type);
        let invariants = self.invariants.iter().map(|invariant| invariant.name);
        f.debug_struct("Laws")
            .field("commands", &commands.collect::<Vec<_>>())
            .field("invariants", &invariants.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl<A: Aggregate> Laws<A> {
    /// The laws that hold for every aggregate; there is no command yet.
    pub fn new() -> Self {
        Self {
            kinds: Vec::new(),
            invariants: Vec::new(),
            snapshots: A::snapshots().map(|_| Snapshots::of_the_aggregate()),
            given: Vec::new(),
            cases: None,
            seed: None,
        }
    }

    /// The runs have commands of this type, too.
    #[allow(private_bounds, reason = "there is nothing to implement")]
    pub fn of<C, D, X>(mut self, commands: Commands<C, D, X>) -> Self
    where
        C: Command<Aggregate = A, Context: Debug> + Debug,
        D: Draw<C>,
        X: Draw<C::Context>,
    {
        self.kinds.push(commands.kind());
        self
    }

    /// This holds in every state that can be reached.
    pub fn invariant(self, name: &'static str, holds: impl Fn(&A) -> bool + 'static) -> Self {
        self.holds(name, None, move |state, _| holds(state))
    }

    /// This holds for every state that can be reached, and the events that led there.
    pub fn invariant_of_history(
        self,
        name: &'static str,
        holds: impl Fn(&A, &[A::Event]) -> bool + 'static,
    ) -> Self {
        self.holds(name, None, holds)
    }

    /// As [`invariant`](Self::invariant), with its code.
    #[doc(hidden)]
    pub fn written(
        self,
        name: &'static str,
        code: &'static str,
        holds: impl Fn(&A) -> bool + 'static,
    ) -> Self {
        let sees_history = false;
        let source = Source { code, sees_history };
        self.holds(name, Some(source), move |state, _| holds(state))
    }

    /// As [`invariant_of_history`](Self::invariant_of_history), with its code.
    #[doc(hidden)]
    pub fn written_of_history(
        self,
        name: &'static str,
        code: &'static str,
        holds: impl Fn(&A, &[A::Event]) -> bool + 'static,
    ) -> Self {
        let sees_history = true;
        self.holds(name, Some(Source { code, sees_history }), holds)
    }

    fn holds(
        mut self,
        name: &'static str,
        source: Option<Source>,
        holds: impl Fn(&A, &[A::Event]) -> bool + 'static,
    ) -> Self {
        self.invariants.push(Invariant {
            name,
            holds: Box::new(holds),
            source,
        });
        self
    }

    /// The state can be written and read at every point, and folds on to the same.
    pub fn snapshots(mut self) -> Self
    where
        A: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        self.snapshots = Some(Snapshots {
            restore: |state| {
                let text = serde_json::to_string(state)
                    .map_err(|error| format!("the state cannot be written: {error}"))?;
                serde_json::from_str(&text)
                    .map_err(|error| format!("{text}\ncannot be read: {error}"))
            },
            differs: |state, other| (state != other).then(|| scenario::versus(state, other)),
        });
        self
    }

    /// These payloads are stored in an old version of what has that name, and none is made up: for
    /// upcasters that take few values only.
    pub fn stored(
        mut self,
        name: &'static str,
        version: u32,
        payloads: impl IntoIterator<Item = Value>,
    ) -> Self {
        self.given.push(Given {
            name,
            version,
            payloads: payloads.into_iter().collect(),
        });
        self
    }

    /// So many runs, whatever the environment variable `PROPTEST_CASES` says.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = Some(cases);
        self
    }

    /// The seed of all runs, whatever the environment variable `PROPTEST_RNG_SEED` says.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Checks the laws, and says how often the commands were accepted, and what is stored in old
    /// shapes was upcast.
    ///
    /// # Errors
    ///
    /// When a law is broken, and when the runs prove nothing: no value can be made up, a command is
    /// never accepted, or nothing of an old shape is upcast.
    #[track_caller]
    pub fn check(&self) -> Result<Statistics, Failure>
    where
        A: Aggregate<Event: Debug + PartialEq>,
    {
        search::check(self)
    }

    /// Checks the laws.
    ///
    /// # Panics
    ///
    /// When [`check`](Self::check) fails.
    #[track_caller]
    pub fn hold(&self)
    where
        A: Aggregate<Event: Debug + PartialEq>,
    {
        if let Err(failure) = self.check() {
            panic!("{}", colored(failure.to_string()));
        }
    }
}
