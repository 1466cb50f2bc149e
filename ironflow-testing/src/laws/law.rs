//! The laws, and what breaks one.

use std::fmt::{self, Debug};

use ironflow_domain::{Aggregate, Decoded, Event, EventRef};

use super::command::Step;
use crate::scenario;

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Law {
    DecisionsDoNotPanic,
    DecisionsArePure,
    /// Of the event of that name.
    EventsAreReadAsTheyWere(&'static str),
    FoldsDoNotPanic,
    CreatesOnce,
    /// The declared one of that number.
    Invariant(usize, &'static str),
    SnapshotsAreTheState,
    Idempotence,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DecisionsDoNotPanic => "a decision accepts or refuses, and does not panic",
            Self::DecisionsArePure => "a command is decided alike in the same state",
            Self::EventsAreReadAsTheyWere(_) => "what is recorded is read as it was",
            Self::FoldsDoNotPanic => "an event that has happened can be folded",
            Self::CreatesOnce => {
                "a command that is marked `creates` is refused once the stream exists"
            }
            Self::Invariant(_, name) => name,
            Self::SnapshotsAreTheState => "a state that was written and read folds on to the same",
            Self::Idempotence => {
                "a command that is declared idempotent records nothing when it is decided again"
            }
        })
    }
}

/// How a law was broken.
pub(super) struct Broken<A: Aggregate> {
    pub(super) law: Law,
    /// What had happened before.
    pub(super) history: Vec<A::Event>,
    /// The command that broke it, unless it is broken before there is any.
    pub(super) step: Option<Step<A>>,
    /// What the command led to.
    pub(super) produced: Option<Vec<A::Event>>,
    /// After how many events the state was written and read that is not the same any more.
    pub(super) restored: Option<usize>,
    pub(super) evidence: Vec<(&'static str, String)>,
}

/// A property that a user declares.
pub(super) struct Invariant<A: Aggregate> {
    pub(super) name: &'static str,
    pub(super) holds: Box<Holds<A>>,
    /// How it is written, with its type.
    pub(super) source: Option<Source>,
}

pub(super) type Holds<A> = dyn Fn(&A, &[<A as Aggregate>::Event]) -> bool;

/// How an invariant is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) code: &'static str,
    pub(super) sees_history: bool,
}

/// Whether the second of two states is another one; if so, how.
pub(super) type Differs<A> = fn(&A, &A) -> Option<String>;

/// How a state is written and read.
pub(super) struct Snapshots<A> {
    pub(super) restore: fn(&A) -> Result<A, String>,
    pub(super) differs: Differs<A>,
}

impl<A: Aggregate> Snapshots<A> {
    /// The ones that the aggregate itself says it has; its states need not be comparable.
    pub(super) fn of_the_aggregate() -> Self {
        Self {
            restore: |state| match A::snapshots() {
                Some(snapshots) => scenario::restore(&snapshots, state),
                None => Err("the aggregate has no snapshots".to_owned()),
            },
            differs: |state, other| scenario::differs(&A::snapshots()?, state, other),
        }
    }
}

/// Whether an event is read as it was under every name it is or was stored under; if not, why.
pub(super) fn other_names<E: Event + Debug + PartialEq>(
    event: &E,
) -> Option<(&'static str, String)> {
    let kind = event.kind();
    let stored = event.encode().ok()?;
    kind.also_named.iter().find_map(|name| {
        let read = E::decode(&EventRef::unrecorded(name, kind.version, &stored));
        match read.map(Decoded::one) {
            Ok(Some(read)) if read == *event => None,
            other => Some((*name, format!("{other:?}"))),
        }
    })
}
