//! A command was not executed.

use std::time::Duration;

use crate::store::{Conflict, StoreError};
use crate::{
    BoxError, CommandId, DecodeError, EncodeError, InvalidCommandId, InvalidMetadata,
    InvalidStreamId, LoadError, StreamId, UndecodableEvent,
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
    /// The command's id has been used before, for another command or another stream.
    #[error(
        "command id {command_id} has been used before, for the command {command} on stream {stream}{}",
        otherwise(*.says_otherwise)
    )]
    #[non_exhaustive]
    CommandIdReused {
        /// The id.
        command_id: CommandId,
        /// The stream it was used for.
        stream: StreamId,
        /// The name of the command it was used for.
        command: String,
        /// Whether that was the same command on the same stream, and said something else.
        says_otherwise: bool,
    },
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

fn otherwise(says_otherwise: bool) -> &'static str {
    if says_otherwise {
        ", which said something else: a new intent needs a new id"
    } else {
        ""
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

impl<R> From<LoadError> for ExecuteError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::StreamId(error) => Self::StreamId(error),
            LoadError::Undecodable(error) => Self::Undecodable(error),
            LoadError::Store(error) => Self::Store(error),
        }
    }
}
