//! What a command is known by.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};
#[cfg(feature = "store")]
use uuid::Uuid;

use super::start_of;

/// The longest command id, in bytes.
const LONGEST: usize = 256;

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
        } else if text.len() > LONGEST {
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

impl TryFrom<&String> for CommandId {
    type Error = InvalidCommandId;

    fn try_from(text: &String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

#[cfg(feature = "store")]
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

    #[test]
    fn a_refusal_repeats_the_text_and_says_what_is_wrong_with_it() {
        let refused = CommandId::new("a\nb").unwrap_err();
        assert_eq!(
            refused.to_string(),
            r#""a\nb" cannot be the id of a command: it has a control character"#
        );
    }
}
