//! What streams, events, commands and traces are known by.

mod command_id;
mod event_id;
mod stream_id;
mod trace_parent;

pub use command_id::{CommandId, InvalidCommandId};
pub use event_id::{EventId, InvalidEventId};
pub(crate) use stream_id::category_of;
pub use stream_id::{InvalidStreamId, StreamId};
pub use trace_parent::{InvalidTraceParent, TraceParent};

/// As much of a text as an error should repeat.
pub(crate) fn start_of(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
