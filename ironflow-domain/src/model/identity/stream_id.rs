//! What a stream is known by.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::start_of;

/// The longest stream id, in bytes.
const LONGEST: usize = 512;

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
            Some(_) if text.len() > LONGEST => Some("it is longer than 512 bytes"),
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
