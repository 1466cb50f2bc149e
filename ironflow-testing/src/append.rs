//! What was stored in one append, read as events of today.

use ironflow_domain::{
    Decoder, Event, EventRef, SchemaVersion, StreamVersion, Timestamp, UndecodableEvent,
};
use serde_json::Value;

/// All that is known about an event, so that an upcaster finds what it looks for.
#[cfg(any(feature = "schema", feature = "laws"))]
pub(crate) const METADATA: &str = concat!(
    r#"{"causationId":"cmd-1","correlationId":"cmd-1","tenantId":"tenant-1","#,
    r#""traceId":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","#,
    r#""issuedBy":"somebody","issuedAt":"2026-04-17T14:22:01Z","command":"some-command"}"#,
);

/// Where an append begins.
#[derive(Debug, Clone)]
pub struct Place {
    /// The name of the stream.
    pub(crate) stream: String,
    /// The place of its first event.
    pub(crate) from: StreamVersion,
}

impl Place {
    /// The beginning of a stream of the set.
    pub(crate) fn first<E: Event>() -> Self {
        Self {
            stream: format!("{}-1", E::CATEGORY),
            from: StreamVersion::new(1),
        }
    }
}

/// Reads payloads that were stored one after the other in one append, with their names and
/// versions, by the upcasters of the set.
pub(crate) fn read<'a, E: Event>(
    Place { stream, from }: &Place,
    stored: impl ExactSizeIterator<Item = (&'a str, u32, &'a Value)>,
    metadata: &str,
    time: Timestamp,
) -> Result<Vec<E>, UndecodableEvent> {
    let mut left = u32::try_from(stored.len()).unwrap_or(u32::MAX);
    let mut decoder = Decoder::<E>::new();
    let mut events = Vec::new();
    for (place, (name, version, payload)) in (from.get()..).zip(stored) {
        left = left.saturating_sub(1);
        let text = payload.to_string();
        let event = EventRef {
            stream,
            version: StreamVersion::new(place),
            time,
            metadata,
            left_in_commit: left,
            ..EventRef::unrecorded(name, SchemaVersion::new(version), &text)
        };
        events.extend(decoder.decode(&event)?);
    }
    Ok(events)
}
