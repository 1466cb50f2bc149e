//! What an event is known by.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
#[cfg(feature = "store")]
use uuid::Uuid;

#[cfg(feature = "store")]
use super::CommandId;
use super::start_of;

/// Where the hyphens of a UUID are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The id of one event, unique in the whole store.
///
/// Derived from its command's id and its place in the decision, so that the same command cannot be
/// recorded twice.
///
/// ```
/// use ironflow_domain::EventId;
///
/// let id: EventId = "855e5c16-0a35-8ce5-a38b-41a87b03885e".parse()?;
/// assert_eq!(id.to_string(), "855e5c16-0a35-8ce5-a38b-41a87b03885e");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Not a `Uuid`, since building a domain should not take the time to build that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId([u8; 16]);

impl EventId {
    /// The id of an event that is not recorded.
    pub(crate) const NIL: Self = Self([0; 16]);

    /// The id of the `index`th event (from 0) of the decision on a command.
    ///
    /// Where the command's id is a UUID of version 7, the event's id begins with the same time, so
    /// that new ids lie together in the store's index.
    #[cfg(feature = "store")]
    #[must_use]
    pub fn derive(command: &CommandId, index: usize) -> Self {
        /// Any fixed UUID does; this one makes our ids differ from everybody else's.
        const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_52a0_8c3b_4e57_9b0e_2f4a_71c8_d3e6);
        let text = command.as_str();
        let hashed = Uuid::new_v5(&NAMESPACE, format!("{index}:{text}").as_bytes());
        let mut bytes = hashed.into_bytes();
        if let Ok(command) = Uuid::parse_str(text)
            && command.get_version_num() == 7
        {
            bytes[..6].copy_from_slice(&command.as_bytes()[..6]);
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
    }

    /// For adapters: the id as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// For adapters: the id as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(feature = "store")]
impl From<Uuid> for EventId {
    fn from(id: Uuid) -> Self {
        Self(id.into_bytes())
    }
}

#[cfg(feature = "store")]
impl From<EventId> for Uuid {
    fn from(id: EventId) -> Self {
        Self::from_bytes(id.0)
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| InvalidEventId {
            text: text.to_owned(),
        })
    }
}

/// A UUID as everybody writes it, hyphens included or not.
fn parse(text: &str) -> Option<[u8; 16]> {
    let hyphens: &[usize] = if text.len() == 32 { &[] } else { &HYPHENS };
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (at, letter) in text.char_indices() {
        if hyphens.contains(&at) {
            (letter == '-').then_some(())?;
            continue;
        }
        let digit = u8::try_from(letter.to_digit(16)?).ok()?;
        let byte = bytes.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

impl TryFrom<String> for EventId {
    type Error = InvalidEventId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", u128::from_be_bytes(self.0));
        let [first, second, third, fourth, fifth] = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        f.pad(&format!("{first}-{second}-{third}-{fourth}-{fifth}"))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not the id of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEventId {
    text: String,
}

impl fmt::Display for InvalidEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not the id of an event: those are UUIDs, such as \
             855e5c16-0a35-8ce5-a38b-41a87b03885e",
            start_of(&self.text)
        )
    }
}

impl Error for InvalidEventId {}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn ids_are_written_and_read_as_uuids_are() {
        for bytes in [[0; 16], [0xff; 16], *b"0123456789abcdef"] {
            let (id, uuid) = (EventId::from_bytes(bytes), Uuid::from_bytes(bytes));
            assert_eq!(id.to_string(), uuid.to_string());
            for text in [
                uuid.to_string(),
                uuid.to_string().to_uppercase(),
                uuid.simple().to_string(),
            ] {
                assert_eq!(text.parse(), Ok(id));
            }
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, serde_json::to_string(&uuid).unwrap());
            assert_eq!(serde_json::from_str::<EventId>(&json).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let id = EventId::from_bytes([0x12; 16]).to_string();
        for text in [
            String::new(),
            "order-1".to_owned(),
            id[1..].to_owned(),
            format!("{id}0"),
            format!("{id}-"),
            id.replace('1', "g"),
            id.replace('1', "é"),
            id.replace('-', "1"),
            id.replace('-', "+"),
            "-".repeat(36),
            "é".repeat(16),
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text:?}");
        }
        assert_eq!(
            "order-1".parse::<EventId>().unwrap_err().to_string(),
            "\"order-1\" is not the id of an event: those are UUIDs, such as \
             855e5c16-0a35-8ce5-a38b-41a87b03885e"
        );
    }

    #[cfg(feature = "store")]
    #[test]
    fn an_event_id_depends_on_its_command_and_its_place_and_on_nothing_else() {
        let command = CommandId::new("cmd-1").unwrap();
        assert_eq!(EventId::derive(&command, 0), EventId::derive(&command, 0));
        assert_ne!(EventId::derive(&command, 0), EventId::derive(&command, 1));
        assert_ne!(
            EventId::derive(&command, 0),
            EventId::derive(&CommandId::new("cmd-2").unwrap(), 0)
        );
        // Stored ids are forever: a change of the derivation would let old commands in again.
        assert_eq!(
            EventId::derive(&command, 0).to_string(),
            "855e5c16-0a35-8ce5-a38b-41a87b03885e"
        );
    }

    #[cfg(feature = "store")]
    #[test]
    fn events_of_time_ordered_commands_have_time_ordered_ids() {
        let command = CommandId::new("0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f").unwrap();
        let id = EventId::derive(&command, 0).to_string();
        assert!(id.starts_with("0198c2f0-1a2b-8"), "{id}");
    }
}
