//! A point in time as data.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::rfc3339;

/// A point in time, in microseconds since 1970 in UTC; RFC 3339 as text.
///
/// ```
/// use ironflow_domain::Timestamp;
/// use std::time::Duration;
///
/// let time: Timestamp = "2026-04-17T14:22:01Z".parse()?;
/// assert_eq!(time.to_string(), "2026-04-17T14:22:01Z");
/// assert_eq!(time.as_micros(), 1_776_435_721_000_000);
/// let later = time + Duration::from_secs(60);
/// assert_eq!(later - time, Duration::from_secs(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// That many microseconds after the start of 1970, in UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start of 1970, in UTC.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl From<SystemTime> for Timestamp {
    /// Rounds down to microseconds; what does not fit in 64 bits becomes the nearest that does.
    fn from(time: SystemTime) -> Self {
        let clamp = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(clamp(after)),
            Err(before) => Self(-clamp(before.duration())),
        }
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// The time after `span`, or the last one there is.
    fn add(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl std::ops::Sub for Timestamp {
    type Output = Duration;

    /// The time from `earlier` on; none where that is later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match rfc3339::DateTime::from_micros(self.0) {
            Some(time) => time.fmt(f),
            // Beyond the year 9999 RFC 3339 has no form; this one is read back like the other.
            None => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTimestamp(String);

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is not a time: expected RFC 3339, such as 2026-04-17T14:22:01Z"
        )
    }
}

impl Error for InvalidTimestamp {}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(micros) = text
            .strip_suffix("us")
            .and_then(|micros| micros.parse().ok())
        {
            return Ok(Self(micros));
        }
        rfc3339::parse(text)
            .map(Self)
            .ok_or_else(|| InvalidTimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
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
    fn every_time_survives_being_stored_as_text() {
        let start = Timestamp::from_micros(0);
        for time in [
            start,
            start + Duration::MAX,
            Timestamp::from_micros(i64::MIN),
            Timestamp::from_micros(1_776_435_721_000_001),
        ] {
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        assert!("12".parse::<Timestamp>().is_err());
        assert!("us".parse::<Timestamp>().is_err());
    }
}
