//! Events as they lie in a store.

use ironflow_domain::{DecodeError, Event, EventRef, SchemaVersion};

/// Reads a stored payload that is one event.
pub(crate) fn read<E: Event>(name: &str, version: u32, data: &str) -> Result<E, DecodeError> {
    let event = EventRef::unrecorded(name, SchemaVersion::new(version), data);
    Ok(E::decode(&event)?
        .one()
        .expect("the stored event is one event"))
}
