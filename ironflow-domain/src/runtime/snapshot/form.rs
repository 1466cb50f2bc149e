//! What a snapshot depends on besides the events of its stream: where that is another, the snapshot
//! is not read.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::model::shape::Hash;
use crate::{Aggregate, Event, Fate, Snapshots};

/// What a snapshot depends on besides the events of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    /// The shape of the state.
    shape: String,
    /// The names and versions of the events.
    events: String,
    /// The version of what the fold makes of them.
    version: u32,
}

/// What is known about the snapshots of one aggregate in this program.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) form: Form,
    /// Whether it has been said that a state is too large to be kept.
    pub(crate) said_too_large: AtomicBool,
}

impl Kind {
    /// That of `A`. The first time it takes milliseconds, to see the shape of the state.
    pub(crate) fn of<A: Aggregate>(snapshots: &Snapshots<A>) -> Arc<Self> {
        static KINDS: RwLock<Option<HashMap<TypeId, Arc<Kind>>>> = RwLock::new(None);
        let id = TypeId::of::<A>();
        // A panic elsewhere leaves nothing half-done in it.
        let kinds = KINDS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = kinds.as_ref().and_then(|kinds| kinds.get(&id)) {
            return Arc::clone(kind);
        }
        drop(kinds);
        // Made without the lock, since it runs the user's code.
        let kind = Arc::new(Self {
            form: Form::of(snapshots),
            said_too_large: AtomicBool::new(false),
        });
        let mut kinds = KINDS.write().unwrap_or_else(PoisonError::into_inner);
        let kinds = kinds.get_or_insert_with(HashMap::new);
        Arc::clone(kinds.entry(id).or_insert(kind))
    }
}

impl Form {
    fn of<A: Aggregate>(snapshots: &Snapshots<A>) -> Self {
        Self {
            shape: snapshots.shape().to_string(),
            events: format!("{:016x}", hash_of_events::<A::Event>()),
            version: snapshots.current_version(),
        }
    }

    /// What is not as in `now`, in words; nothing where all is.
    pub(crate) fn change(&self, now: &Self) -> Option<&'static str> {
        if self.shape != now.shape {
            Some("the shape of its state has changed")
        } else if self.events != now.events {
            Some("the names or versions of its events have changed")
        } else if self.version != now.version {
            Some("its version is another")
        } else {
            None
        }
    }
}

/// The names and versions of a set's events, and what becomes of past ones, as a number. The order
/// in which they are declared is not part of it.
///
/// It is stored. Where it is made in another way, no snapshot is read that was taken before.
fn hash_of_events<E: Event>() -> u64 {
    let kinds = E::KINDS.iter().map(|kind| {
        let retired = kind.retired.iter().map(|version| version.get().into());
        Hash::of("kind")
            .text(kind.name)
            .number(kind.version.get().into())
            .set(kind.also_named.iter().map(|name| Hash::of(name).finish()))
            .set(retired)
            .finish()
    });
    let past = E::PAST.iter().map(|kind| {
        let fate = match kind.fate {
            Fate::Replaced => Hash::of("replaced"),
            Fate::Split => Hash::of("split"),
            Fate::Merged { merge, part } => {
                let names = E::MERGES[merge].iter();
                let names = names.fold(Hash::of("merged"), |hash, name| hash.text(name));
                names.number(part as u64)
            }
            Fate::Dropped => Hash::of("dropped"),
            Fate::Retired => Hash::of("retired"),
        };
        let version = kind.version.map_or(0, |version| version.get().into());
        let retired = kind.retired.iter().map(|version| version.get().into());
        fate.text(kind.name).number(version).set(retired).finish()
    });
    Hash::of("ironflow events 1").set(kinds).set(past).finish()
}
