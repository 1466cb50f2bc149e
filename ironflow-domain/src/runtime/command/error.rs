//! A command was not executed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::repeat::CommandIdReused;
use super::said::Unsayable;
use crate::store::{Conflict, StoreError};
use crate::{
    BoxError, DecodeError, EncodeError, InvalidCommandId, InvalidMetadata, InvalidStreamId,
    LoadError, StreamId, UndecodableEvent,
};

/// A command was not executed; nothing was recorded, unless the store says it does not know.
///
/// `R` is the aggregate's own error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<R> {
    /// The aggregate refused it.
    #[error(transparent)]
    Rejected(R),
    /// Others kept changing the stream, or it is not at the version the caller asked for.
    #[error("{}{conflict}", gave_up(*.attempts))]
    #[non_exhaustive]
    Conflict {
        /// The last conflict.
        conflict: Conflict,
        /// How many times it was decided.
        attempts: u32,
    },
    /// It took longer than its policy allows. Nothing was recorded.
    #[error("{command} was not executed within {deadline:?}{}", after(*.attempts))]
    #[non_exhaustive]
    DeadlineExceeded {
        /// The name of the command.
        command: &'static str,
        /// How long it was allowed to take.
        deadline: Duration,
        /// How many times it was, or was to be, decided.
        attempts: u32,
    },
    /// The command is marked `creates`, and the stream exists.
    #[error("stream {stream} exists already, and {command} creates it")]
    #[non_exhaustive]
    AlreadyExists {
        /// The stream.
        stream: StreamId,
        /// The name of the command.
        command: &'static str,
    },
    /// The command names one aggregate, and the caller another.
    #[error("the command is for stream {named}, and was to be executed on stream {stream}")]
    #[non_exhaustive]
    OtherAggregate {
        /// The stream the caller named.
        stream: StreamId,
        /// The stream the command names.
        named: StreamId,
    },
    /// The command's id has been used before, for another command or another stream, or by the same
    /// one that said something else.
    #[error(transparent)]
    CommandIdReused(#[from] CommandIdReused),
    /// The context could not be fetched.
    #[error("failed to fetch the context of {command}")]
    #[non_exhaustive]
    Enrichment {
        /// The name of the command.
        command: &'static str,
        /// What the enrichment said.
        source: BoxError,
    },
    /// The aggregate's id cannot name a stream.
    #[error(transparent)]
    StreamId(#[from] InvalidStreamId),
    /// The given text cannot be a command's id.
    #[error(transparent)]
    CommandId(#[from] InvalidCommandId),
    /// What is known about the command cannot ride beside its events.
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
    /// An event of the stream cannot be read, so there is no state to decide on.
    #[error(transparent)]
    Undecodable(UndecodableEvent),
    /// A new event cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A new event would not be readable once it is written, as a `NaN` is not.
    #[error("event {name} could not be read back from its stored form, so it was not recorded")]
    #[non_exhaustive]
    Unreadable {
        /// The event's stored name.
        name: &'static str,
        /// What does not fit.
        source: DecodeError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn gave_up(attempts: u32) -> String {
    match attempts {
        1 => String::new(),
        attempts => format!("gave up after {attempts} attempts: "),
    }
}

fn after(attempts: u32) -> String {
    match attempts {
        0 => ": its context was still being fetched".to_owned(),
        1 => String::new(),
        attempts => format!(" and {attempts} attempts"),
    }
}

impl<R> ExecuteError<R> {
    /// The aggregate's reason to refuse, where that is what happened.
    pub fn rejection(&self) -> Option<&R> {
        match self {
            Self::Rejected(reason) => Some(reason),
            _ => None,
        }
    }
}

impl<R: Error + Send + Sync + 'static> ExecuteError<R> {
    /// The same of whichever aggregate: its reason to refuse is any error.
    #[must_use]
    pub fn boxed(self) -> ExecuteError<Reason> {
        match self {
            Self::Rejected(reason) => ExecuteError::Rejected(Reason(reason.into())),
            Self::Conflict { conflict, attempts } => ExecuteError::Conflict { conflict, attempts },
            Self::DeadlineExceeded {
                command,
                deadline,
                attempts,
            } => ExecuteError::DeadlineExceeded {
                command,
                deadline,
                attempts,
            },
            Self::AlreadyExists { stream, command } => {
                ExecuteError::AlreadyExists { stream, command }
            }
            Self::OtherAggregate { stream, named } => {
                ExecuteError::OtherAggregate { stream, named }
            }
            Self::CommandIdReused(reused) => ExecuteError::CommandIdReused(reused),
            Self::Enrichment { command, source } => ExecuteError::Enrichment { command, source },
            Self::StreamId(error) => ExecuteError::StreamId(error),
            Self::CommandId(error) => ExecuteError::CommandId(error),
            Self::Metadata(error) => ExecuteError::Metadata(error),
            Self::Undecodable(error) => ExecuteError::Undecodable(error),
            Self::Encode(error) => ExecuteError::Encode(error),
            Self::Unreadable { name, source } => ExecuteError::Unreadable { name, source },
            Self::Store(error) => ExecuteError::Store(error),
        }
    }
}

impl<R> From<Unsayable> for ExecuteError<R> {
    fn from(unsayable: Unsayable) -> Self {
        match unsayable {
            Unsayable::CommandId(error) => Self::CommandId(error),
            Unsayable::Metadata(error) => Self::Metadata(error),
        }
    }
}

impl<R> From<LoadError> for ExecuteError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::StreamId(error) => Self::StreamId(error),
            LoadError::Undecodable(error) => Self::Undecodable(error),
            LoadError::Store(error) => Self::Store(error),
        }
    }
}

/// Why an aggregate refused a command, whichever aggregate it was.
#[derive(Debug)]
pub struct Reason(BoxError);

impl Reason {
    /// The aggregate's own error, where it is that one.
    #[must_use]
    pub fn downcast_ref<R: Error + 'static>(&self) -> Option<&R> {
        self.0.downcast_ref()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
