//! Three numbers that must not be mixed up: the version of a stream, the place in the log, the
//! version of a shape.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many events a stream has; for one event, its place in its stream, counted from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct StreamVersion(u64);

impl StreamVersion {
    /// The version of a stream without events.
    pub const EMPTY: Self = Self(0);

    /// The version of a stream with that many events.
    #[must_use]
    pub const fn new(version: u64) -> Self {
        Self(version)
    }

    /// The version as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after `events` more.
    ///
    /// # Panics
    ///
    /// When a stream would have more than `u64::MAX` events.
    #[must_use]
    pub const fn plus(self, events: u64) -> Self {
        Self(
            self.0
                .checked_add(events)
                .expect("no stream has 2^64 events"),
        )
    }

    /// The next event's version.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }
}

impl fmt::Display for StreamVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version of the shape of one kind of event, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaVersion(u32);

impl SchemaVersion {
    /// That version.
    #[must_use]
    pub const fn new(version: u32) -> Self {
        Self(version)
    }

    /// The version as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the log of all streams: opaque, ordered, and fit to be stored as text.
///
/// Positions come from a store and mean something only to that store. They grow, but need not be
/// consecutive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    major: u64,
    minor: u64,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self::new(0, 0);

    /// For adapters: the position made of these two numbers, the first being the weightier.
    #[must_use]
    pub const fn new(major: u64, minor: u64) -> Self {
        Self { major, minor }
    }

    /// For adapters: the weightier number, zero for stores that number their log with one counter.
    #[must_use]
    pub const fn major(self) -> u64 {
        self.major
    }

    /// For adapters: the lighter number.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.major {
            0 => self.minor.fmt(f),
            major => write!(f, "{major}.{}", self.minor),
        }
    }
}

/// A text that is no position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPosition(String);

impl fmt::Display for InvalidPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is not a position: expected a number, or two with a point between them"
        )
    }
}

impl Error for InvalidPosition {}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor) = text.split_once('.').unwrap_or(("0", text));
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Self { major, minor }),
            _ => Err(InvalidPosition(text.to_owned())),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_being_stored_as_text() {
        for position in [Position::START, Position::new(0, 17), Position::new(3, 9)] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        assert!("1.2.3".parse::<Position>().is_err());
        assert!("".parse::<Position>().is_err());
        assert!(Position::new(1, 0) > Position::new(0, u64::MAX));
    }
}
