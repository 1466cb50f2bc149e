//! Reading a stream from where something that is kept beside it ends.

use crate::StreamVersion;
use crate::store::{Entry, StreamPage};

/// What is kept under a key, and a page of a stream from the version on that it says it is of.
#[derive(Debug, Clone, Default)]
pub struct Resumed {
    /// What is kept under the key.
    pub entry: Option<Entry>,
    /// The page.
    pub page: StreamPage,
}

impl Resumed {
    /// For adapters: the version that a value says it is of, which is the number `of` in its first
    /// line.
    ///
    /// ```
    /// use ironflow_domain::{StreamVersion, store::Resumed};
    ///
    /// let value = b"{\"shape\":\"1f\",\"of\":7}\n{\"of\":1}";
    /// assert_eq!(Resumed::version_of(value), Some(StreamVersion::new(7)));
    /// assert_eq!(Resumed::version_of(b"\n\"of\":7"), None);
    /// ```
    #[must_use]
    pub fn version_of(value: &[u8]) -> Option<StreamVersion> {
        let line = value.split(|byte| *byte == b'\n').next()?;
        let (_, of) = std::str::from_utf8(line).ok()?.rsplit_once("\"of\":")?;
        let end = of.find(|c: char| !c.is_ascii_digit()).unwrap_or(of.len());
        of[..end].parse().ok().map(StreamVersion::new)
    }
}
