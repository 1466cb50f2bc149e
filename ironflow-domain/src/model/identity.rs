//! What streams, events and commands are known by.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest stream id, in bytes.
const LONGEST_STREAM_ID: usize = 512;
/// The longest command id, in bytes.
const LONGEST_COMMAND_ID: usize = 256;

/// The name of a stream: a category, a hyphen, and the id of one aggregate, such as `order-123`.
///
/// ```
/// use ironflow_domain::StreamId;
///
/// let stream = StreamId::new("order", "a-123")?;
/// assert_eq!(stream.as_str(), "order-a-123");
/// assert_eq!((stream.category(), stream.id()), ("order", "a-123"));
/// assert!(StreamId::new("order", "").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamId(String);

impl StreamId {
    /// The stream of the aggregate `id` in `category`.
    ///
    /// # Errors
    ///
    /// When one of them is empty, the category has a hyphen, a character is a control character, or
    /// both together have more than 512 bytes.
    pub fn new(category: &str, id: impl fmt::Display) -> Result<Self, InvalidStreamId> {
        let text = format!("{category}-{id}");
        if category.contains('-') {
            return Err(InvalidStreamId {
                text,
                problem: "its category has a hyphen",
            });
        }
        Self::try_from(text)
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of aggregate the stream is of: the part before the first hyphen.
    #[must_use]
    pub fn category(&self) -> &str {
        category_of(&self.0)
    }

    /// Which aggregate the stream is of: the part after the first hyphen.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

/// The category in the name of a stream, which need not be a valid one.
pub(crate) fn category_of(stream: &str) -> &str {
    stream.split_once('-').map_or("", |(category, _)| category)
}

impl TryFrom<String> for StreamId {
    type Error = InvalidStreamId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let problem = match text.split_once('-') {
            None => Some("it has no hyphen between category and id"),
            Some(("", _)) => Some("its category is empty"),
            Some((_, "")) => Some("its id is empty"),
            Some(_) if text.len() > LONGEST_STREAM_ID => Some("it is longer than 512 bytes"),
            Some(_) if text.chars().any(char::is_control) => Some("it has a control character"),
            Some(_) => None,
        };
        match problem {
            Some(problem) => Err(InvalidStreamId { text, problem }),
            None => Ok(Self(text)),
        }
    }
}

impl FromStr for StreamId {
    type Err = InvalidStreamId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<StreamId> for String {
    fn from(stream: StreamId) -> Self {
        stream.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that cannot name a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidStreamId {
    text: String,
    problem: &'static str,
}

impl fmt::Display for InvalidStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, problem } = self;
        write!(f, "{:?} cannot name a stream: {problem}", start_of(text))
    }
}

impl Error for InvalidStreamId {}

/// As much of a text as an error should repeat.
fn start_of(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The id of one event, unique in the whole store.
///
/// Derived from its command's id and its place in the decision, so that the same command cannot be
/// recorded twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
    /// The id of an event that is not recorded.
    pub(crate) const NIL: Self = Self(Uuid::nil());

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
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// For adapters: the id as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// For adapters: the id as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl From<Uuid> for EventId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id of one command: the idempotency key. The same id again is the same command again.
///
/// ```
/// use ironflow_domain::CommandId;
///
/// assert_eq!(CommandId::new("cmd-1")?.as_str(), "cmd-1");
/// assert!(CommandId::new("").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(String);

impl CommandId {
    /// That id.
    ///
    /// # Errors
    ///
    /// When it is empty, has a control character, or has more than 256 bytes.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidCommandId> {
        let text = id.into();
        let problem = if text.is_empty() {
            Some("it is empty")
        } else if text.len() > LONGEST_COMMAND_ID {
            Some("it is longer than 256 bytes")
        } else if text.chars().any(char::is_control) {
            Some("it has a control character")
        } else {
            None
        };
        match problem {
            Some(problem) => Err(InvalidCommandId { text, problem }),
            None => Ok(Self(text)),
        }
    }

    /// A new id that nobody else has; ids made later sort later.
    #[cfg(feature = "runtime")]
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommandId {
    type Error = InvalidCommandId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl TryFrom<&str> for CommandId {
    type Error = InvalidCommandId;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Uuid> for CommandId {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> Self {
        id.0
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that cannot be the id of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCommandId {
    text: String,
    problem: &'static str,
}

impl fmt::Display for InvalidCommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, problem } = self;
        write!(
            f,
            "{:?} cannot be the id of a command: {problem}",
            start_of(text)
        )
    }
}

impl Error for InvalidCommandId {}

impl From<Infallible> for InvalidCommandId {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn what_cannot_name_a_stream_is_refused() {
        for text in [
            "",
            "order",
            "-1",
            "order-",
            "order-a\0b",
            &format!("order-{}", "x".repeat(600)),
        ] {
            assert!(text.parse::<StreamId>().is_err(), "{text:?}");
        }
        for text in [
            "order-1",
            "order-O'Brien; DROP TABLE",
            "order-ö-日本",
            "order- ",
        ] {
            assert!(text.parse::<StreamId>().is_ok(), "{text:?}");
        }
        assert!(StreamId::new("my-orders", 1).is_err());
    }

    #[test]
    fn a_refusal_repeats_the_text_and_says_what_is_wrong_with_it() {
        let refused = "order".parse::<StreamId>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            r#""order" cannot name a stream: it has no hyphen between category and id"#
        );
        let refused = CommandId::new("a\nb").unwrap_err();
        assert_eq!(
            refused.to_string(),
            r#""a\nb" cannot be the id of a command: it has a control character"#
        );
    }
}
