//! Whether, when and how the state of an aggregate is kept beside its stream.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "runtime")]
use serde::{Deserialize, Deserializer, Serializer};
use serde::{Serialize, de::DeserializeOwned};

use crate::model::json;
#[cfg(feature = "runtime")]
use crate::model::shape::Fingerprint;
use crate::{Aggregate, JsonError};

/// How the state of an aggregate is kept as snapshots: `snapshot(…)` in
/// [`#[aggregate(…)]`](macro@crate::Aggregate) makes it.
///
/// A snapshot is a hint. It is what folding the stream would make, as JSON beside the stream; one
/// that does not fit, cannot be read or is lost only means that the whole stream is folded again.
///
/// It is kept under the aggregate's [`NAME`](Aggregate::NAME). Two aggregates of one name that fold
/// the same streams to states of the same shape are taken for one: give one of them another
/// [`version`](Self::version).
///
/// ```
/// use ironflow_domain::{Aggregate, Fold, SnapshotPolicy, event};
/// # use ironflow_domain::__private::serde;
/// use serde::{Deserialize, Serialize};
///
/// #[event("account")]
/// pub enum AccountEvent {
///     Deposited { cents: u64 },
/// }
///
/// #[derive(Aggregate, Default, Serialize, Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// #[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(every = 100))]
/// pub struct Account {
///     balance: u64,
/// }
/// # impl Fold for Account {
/// #     fn fold(&mut self, AccountEvent::Deposited { cents }: &AccountEvent) { self.balance += cents; }
/// # }
///
/// let snapshots = Account::snapshots().expect("the attribute says so");
/// assert_eq!(snapshots.policy(), SnapshotPolicy::Every(100));
/// # #[cfg(feature = "json")] {
/// assert_eq!(snapshots.encode(&Account { balance: 7 })?, r#"{"balance":7}"#);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an aggregate is kept as snapshots where `Aggregate::snapshots` returns this"]
pub struct Snapshots<A> {
    policy: SnapshotPolicy,
    version: u32,
    encode: fn(&A) -> Result<String, JsonError>,
    decode: fn(&str) -> Result<A, JsonError>,
    /// Called once in a program: it takes milliseconds.
    #[cfg(feature = "runtime")]
    shape: fn() -> Fingerprint,
}

/// When a snapshot is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotPolicy {
    /// So many events after the last one.
    Every(u64),
    /// When reading and folding what has happened since the last one took longer.
    After(Duration),
}

impl<A: Aggregate> Snapshots<A> {
    /// A snapshot so many events after the last one.
    ///
    /// # Panics
    ///
    /// When that is none.
    pub const fn every(events: u64) -> Self
    where
        A: Restorable,
    {
        assert!(events > 0, "a snapshot is of at least one event");
        Self::new(SnapshotPolicy::Every(events))
    }

    /// A snapshot when reading and folding what has happened since the last one took longer.
    pub const fn after(budget: Duration) -> Self
    where
        A: Restorable,
    {
        Self::new(SnapshotPolicy::After(budget))
    }

    const fn new(policy: SnapshotPolicy) -> Self
    where
        A: Restorable,
    {
        Self {
            policy,
            version: 1,
            encode: json::write,
            decode: json::read,
            #[cfg(feature = "runtime")]
            shape: Fingerprint::of::<Folded<A>>,
        }
    }

    /// The version of what the fold makes of events; 1 unless given. Raised where that has changed
    /// and neither the shape of the state nor the events have: older snapshots are not read then.
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// When a snapshot is due.
    #[must_use]
    pub const fn policy(&self) -> SnapshotPolicy {
        self.policy
    }

    /// A state as it is kept: a JSON text.
    ///
    /// # Errors
    ///
    /// When the state's own `Serialize` refuses, as it does for a map whose keys are no strings.
    pub fn encode(&self, state: &A) -> Result<String, JsonError> {
        (self.encode)(state)
    }

    /// Reads a state that was kept.
    ///
    /// # Errors
    ///
    /// When the text is not a state of this shape.
    pub fn decode(&self, text: &str) -> Result<A, JsonError> {
        (self.decode)(text)
    }

    #[cfg(feature = "runtime")]
    pub(crate) fn current_version(&self) -> u32 {
        self.version
    }

    #[cfg(feature = "runtime")]
    pub(crate) fn shape(&self) -> Fingerprint {
        (self.shape)()
    }
}

impl<A> Clone for Snapshots<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Snapshots<A> {}

impl<A> fmt::Debug for Snapshots<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshots")
            .field("policy", &self.policy)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A state can be kept as a snapshot and restored from it.
///
/// The serde traits are asked for here, and only of an aggregate that has snapshots.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as a snapshot",
    label = "it needs `Serialize` and `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{Self}` and to the types it is made of, or take `snapshot(…)` out of its `#[aggregate(…)]`"
)]
pub trait Restorable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Restorable for T {}

/// A state whose `Default` is the one before anything has happened.
#[cfg(feature = "runtime")]
struct Folded<A>(A);

#[cfg(feature = "runtime")]
impl<A: Aggregate> Default for Folded<A> {
    fn default() -> Self {
        Self(A::initial())
    }
}

#[cfg(feature = "runtime")]
impl<A: Serialize> Serialize for Folded<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "runtime")]
impl<'de, A: Deserialize<'de>> Deserialize<'de> for Folded<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        A::deserialize(deserializer).map(Self)
    }
}
