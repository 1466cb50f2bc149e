//! Whether a command was executed before.

use crate::store::{ReadStream, Store, StoreError};
use crate::{CommandId, EventId, ExecuteError, Metadata, Receipt, StreamId};

/// What tells a command from all others.
pub(super) struct Identity<'a> {
    pub(super) command_id: &'a CommandId,
    pub(super) stream: &'a StreamId,
    pub(super) command: &'a str,
    /// A hash of what it says, where that is known.
    pub(super) content_hash: Option<&'a String>,
    /// A hash of the transaction that it is part of.
    pub(super) transaction: Option<&'a String>,
    /// Where its events begin, of all that its id stands for.
    pub(super) first_event: usize,
}

/// A command's id has been used before, for something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "command id {command_id} has been used before, for the command {command} on stream {stream}{}",
    otherwise(*.says_otherwise)
)]
#[non_exhaustive]
pub struct CommandIdReused {
    /// The id.
    pub command_id: CommandId,
    /// The stream it was used for.
    pub stream: StreamId,
    /// The name of the command it was used for.
    pub command: String,
    /// Whether that was the same command on the same stream, and said something else.
    pub says_otherwise: bool,
}

fn otherwise(says_otherwise: bool) -> &'static str {
    if says_otherwise {
        ", which said something else: a new intent needs a new id"
    } else {
        ""
    }
}

/// Why it cannot be said whether a command was executed before, or must not be.
pub(super) enum Unrepeatable {
    Reused(CommandIdReused),
    Store(StoreError),
}

impl From<StoreError> for Unrepeatable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> From<Unrepeatable> for ExecuteError<R> {
    fn from(error: Unrepeatable) -> Self {
        match error {
            Unrepeatable::Reused(error) => Self::CommandIdReused(error),
            Unrepeatable::Store(error) => Self::Store(error),
        }
    }
}

impl Identity<'_> {
    /// What the log says became of it; nothing where it says nothing.
    pub(super) async fn recorded(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Receipt>, Unrepeatable> {
        let Self {
            command_id,
            stream,
            first_event,
            ..
        } = *self;
        let event_id = |index| EventId::derive(command_id, first_event + index);
        let first = store.find_event(event_id(0)).await?;
        let Some(first) = first else {
            return Ok(None);
        };
        let metadata = Metadata::from(first.metadata);
        let command = metadata.command.unwrap_or_default();
        // Where one of them is not known, a program of before recorded it, or another one asks.
        let hashes = metadata.command_hash.zip(self.content_hash);
        let says_the_same = hashes.is_none_or(|(recorded, own)| recorded == *own)
            && metadata.transaction.as_ref() == self.transaction;
        let is_same = first.stream == *stream && command == self.command;
        if !is_same || !says_the_same {
            return Err(Unrepeatable::Reused(CommandIdReused {
                command_id: command_id.clone(),
                stream: first.stream,
                command,
                says_otherwise: is_same,
            }));
        }
        let mut receipt = Receipt {
            command_id: command_id.clone(),
            stream: first.stream,
            version: first.version,
            event_ids: Vec::new(),
            position: Some(first.position),
            duplicate: true,
        };
        let mut next = Some(first.version);
        while let Some(from) = next {
            let page = store
                .read_stream(stream, ReadStream::forward(from).limit(100))
                .await?;
            next = page.next;
            for event in page.events.iter() {
                if event.id != event_id(receipt.event_ids.len()) {
                    return Ok(Some(receipt));
                }
                receipt.event_ids.push(event.id);
                receipt.version = event.version;
                receipt.position = Some(event.position);
            }
        }
        Ok(Some(receipt))
    }
}
