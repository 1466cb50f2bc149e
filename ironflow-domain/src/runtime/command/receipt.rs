//! The proof that a command was executed.

use crate::{CommandId, EventId, Position, StreamId, StreamVersion};

/// What became of an accepted command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The command.
    pub command_id: CommandId,
    /// The stream of its aggregate.
    pub stream: StreamId,
    /// The version of the stream after it.
    pub version: StreamVersion,
    /// Its events, in order; none where the aggregate accepted the command and recorded nothing.
    pub event_ids: Vec<EventId>,
    /// The place in the log of its last event.
    pub position: Option<Position>,
    /// Whether the command had been executed before, and this is what became of it then.
    pub duplicate: bool,
}
