//! Facts that belong to no aggregate.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde::Serialize;

use super::content;
use super::repeat::{CommandIdReused, Identity, Unrepeatable};
use super::said::{Checked, Said, Unsayable, say};
use crate::model::identity::start_of;
use crate::model::json;
use crate::store::{
    Append, AppendError, ExpectedVersion, NewEvent, Store, StoreError, StoreErrorKind,
};
use crate::{
    DecodeError, EncodeError, Event, EventId, EventKind, EventRef, InvalidCommandId,
    InvalidMetadata, InvalidStreamId, Ironflow, JsonError, Receipt, SchemaVersion, StreamId,
};

/// What the events of a fact say that their command was.
const COMMAND: &str = "emit";

impl<X> Ironflow<X> {
    /// Records a fact that belongs to no aggregate: what a provider reported, what a machine measured.
    /// Nothing decides on it.
    ///
    /// It lies in the same log as everything else, in the stream `emitted` of its category, where
    /// projections find it. An id makes it safe to repeat, as a command's does.
    ///
    /// ```
    /// # use ironflow_domain::{Ironflow, event, store::MemoryStore};
    /// #[event("stripe")]
    /// pub enum StripeEvent {
    ///     ChargeSucceeded { charge: String },
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// let fact = || StripeEvent::ChargeSucceeded { charge: "ch_1".into() };
    /// let receipt = ironflow.emit(fact()).command_id("evt_1").source("webhook").await?;
    /// assert_eq!(receipt.stream.as_str(), "stripe-emitted");
    /// assert!(ironflow.emit(fact()).command_id("evt_1").await?.duplicate);
    /// # Ok(())
    /// # }
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it has happened, and is of no more use to the caller"
    )]
    pub fn emit<E: Event>(&self, fact: E) -> Emission<'_> {
        Emission::new(self.store(), Fact::of(&fact))
    }

    /// Records a fact that this program has no type for, under a name such as
    /// `stripe.charge_succeeded`; see [`emit`](Self::emit). What comes before the point is its
    /// category.
    ///
    /// The data must be an object in JSON, since every event is one. Its shape has version 1, unless
    /// [`version`](Emission::version) says otherwise.
    ///
    /// ```
    /// # use ironflow_domain::{Ironflow, store::MemoryStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// let data = serde_json::json!({ "charge": "ch_1" });
    /// let receipt = ironflow.emit_named("stripe.charge_succeeded", &data).await?;
    /// assert_eq!(receipt.stream.as_str(), "stripe-emitted");
    ///
    /// let refused = ironflow.emit_named("charge_succeeded", &data).await.unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "\"charge_succeeded\" cannot name a fact: there is no category before a point, as in `stripe.charge_succeeded`",
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_named<D>(&self, name: impl Into<String>, data: &D) -> Emission<'_>
    where
        D: Serialize + ?Sized,
    {
        Emission::new(self.store(), Fact::named(name.into(), data))
    }
}

/// A fact, as it will be stored.
#[derive(Debug)]
struct Fact {
    stream: StreamId,
    name: Cow<'static, str>,
    version: SchemaVersion,
    data: String,
}

impl Fact {
    fn of<E: Event>(fact: &E) -> Result<Self, EmitError> {
        let EventKind { name, version, .. } = *fact.kind();
        let stream = StreamId::new(E::CATEGORY, "emitted")?;
        let data = fact.encode()?;
        let stored = EventRef {
            stream: stream.as_str(),
            ..EventRef::unrecorded(name, version, &data)
        };
        if let Err(source) = E::decode(&stored) {
            return Err(EmitError::Unreadable { name, source });
        }
        Ok(Self {
            stream,
            name: Cow::Borrowed(name),
            version,
            data,
        })
    }

    fn named<D: Serialize + ?Sized>(name: String, data: &D) -> Result<Self, EmitError> {
        let invalid = |problem| InvalidFactName {
            name: name.clone(),
            problem,
        };
        if name.len() > LONGEST_NAME {
            return Err(invalid("it is longer than 256 bytes").into());
        }
        if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(invalid("it has a space or a control character").into());
        }
        let category = match name.split_once('.') {
            Some((category, rest)) if !category.is_empty() && !rest.is_empty() => category,
            _ => {
                let problem =
                    "there is no category before a point, as in `stripe.charge_succeeded`";
                return Err(invalid(problem).into());
            }
        };
        let stream = StreamId::new(category, "emitted")?;
        let data = json::write(&data).map_err(EmitError::Data)?;
        if !data.starts_with('{') {
            return Err(EmitError::NotAnObject { name });
        }
        Ok(Self {
            stream,
            name: Cow::Owned(name),
            version: SchemaVersion::new(1),
            data,
        })
    }
}

/// The longest name of a fact, in bytes.
const LONGEST_NAME: usize = 256;

/// A fact about to be recorded: say more about it, then await it.
#[must_use = "a fact is recorded when awaited"]
pub struct Emission<'a> {
    store: &'a dyn Store,
    fact: Result<Fact, EmitError>,
    said: Said,
}

impl fmt::Debug for Emission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emission")
            .field("fact", &self.fact)
            .field("said", &self.said)
            .finish_non_exhaustive()
    }
}

impl<'a> Emission<'a> {
    fn new(store: &'a dyn Store, fact: Result<Fact, EmitError>) -> Self {
        Self {
            store,
            fact,
            said: Said::nothing(),
        }
    }

    /// The version of the data's shape, for a fact that was given by its name: others have that of
    /// their type.
    pub fn version(mut self, version: SchemaVersion) -> Self {
        if let Ok(Fact {
            name: Cow::Owned(_),
            version: its,
            ..
        }) = &mut self.fact
        {
            *its = version;
        }
        self
    }

    say!();

    async fn run(self) -> Result<Receipt, EmitError> {
        let Self { store, fact, said } = self;
        let Fact {
            stream,
            name,
            version,
            data,
        } = fact?;
        let Checked {
            metadata: issued,
            is_repeatable,
        } = Said::check(said.command_id, said.metadata)?;
        let mut metadata = issued.for_events(COMMAND);
        if is_repeatable {
            metadata.command_hash = content::hash(&data);
        }
        let command_hash = metadata.command_hash.clone();
        let id = EventId::derive(&issued.command_id, 0);
        let append = Append {
            stream: stream.clone(),
            expected: ExpectedVersion::Any,
            events: vec![NewEvent {
                id,
                name,
                schema_version: version,
                source: issued.source,
                data,
                metadata,
            }],
        };
        let error = match store.append(append).await {
            Ok(appended) => {
                return Ok(Receipt {
                    command_id: issued.command_id,
                    stream,
                    version: appended.version,
                    event_ids: vec![id],
                    position: Some(appended.position),
                    duplicate: false,
                });
            }
            Err(AppendError::DuplicateEvent(_)) => {
                let identity = Identity {
                    command_id: &issued.command_id,
                    stream: &stream,
                    command: COMMAND,
                    content_hash: command_hash.as_ref(),
                    transaction: None,
                    first_event: 0,
                };
                if let Some(receipt) = identity.recorded(store).await? {
                    return Ok(receipt);
                }
                AppendError::DuplicateEvent(id)
            }
            Err(error) => error,
        };
        Err(match error {
            AppendError::Store(error) => error.into(),
            // It said something that cannot be true.
            error => {
                let doing = format!("failed to append to stream {stream}");
                StoreError::new(StoreErrorKind::Other, doing)
                    .because(error)
                    .into()
            }
        })
    }
}

impl<'a> IntoFuture for Emission<'a> {
    type Output = Result<Receipt, EmitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A fact was not recorded, unless the store says it does not know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The given text cannot name a fact.
    #[error(transparent)]
    Name(#[from] InvalidFactName),
    /// Its category cannot be that of a stream.
    #[error(transparent)]
    StreamId(#[from] InvalidStreamId),
    /// It cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Its data cannot be written.
    #[error("the data of the fact cannot be written as JSON")]
    Data(#[source] JsonError),
    /// Its data is a list, a text or the like.
    #[error("the data of {name} is not an object: put it into a field of one")]
    #[non_exhaustive]
    NotAnObject {
        /// The name of the fact.
        name: String,
    },
    /// It would not be readable once it is written, as a `NaN` is not.
    #[error("event {name} could not be read back from its stored form, so it was not recorded")]
    #[non_exhaustive]
    Unreadable {
        /// The event's stored name.
        name: &'static str,
        /// What does not fit.
        source: DecodeError,
    },
    /// The given text cannot be an id.
    #[error(transparent)]
    CommandId(#[from] InvalidCommandId),
    /// What is known about it cannot ride beside it.
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
    /// Its id has been used before, for something else.
    #[error(transparent)]
    CommandIdReused(#[from] CommandIdReused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unsayable> for EmitError {
    fn from(unsayable: Unsayable) -> Self {
        match unsayable {
            Unsayable::CommandId(error) => Self::CommandId(error),
            Unsayable::Metadata(error) => Self::Metadata(error),
        }
    }
}

impl From<Unrepeatable> for EmitError {
    fn from(error: Unrepeatable) -> Self {
        match error {
            Unrepeatable::Reused(error) => Self::CommandIdReused(error),
            Unrepeatable::Store(error) => Self::Store(error),
        }
    }
}

/// A text that cannot name a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFactName {
    name: String,
    problem: &'static str,
}

impl fmt::Display for InvalidFactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problem } = self;
        write!(f, "{:?} cannot name a fact: {problem}", start_of(name))
    }
}

impl Error for InvalidFactName {}
