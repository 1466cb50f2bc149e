//! The metadata of a recorded event.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::Metadata;
use crate::model::json;

/// The metadata of a recorded event, which is read when it is looked at: most who follow the log never
/// do. It is a [`Metadata`] to whoever has it.
///
/// # Panics
///
/// A projection that looks at metadata that is not what Ironflow writes panics there, which parks the
/// view. Everybody else gets an error before.
#[derive(Clone)]
pub struct RecordedMetadata {
    /// As it is stored, where it was not read at once.
    text: Box<str>,
    read: OnceLock<Metadata>,
}

impl RecordedMetadata {
    pub(crate) fn unread(text: &str) -> Self {
        Self {
            text: text.into(),
            read: OnceLock::new(),
        }
    }
}

impl From<Metadata> for RecordedMetadata {
    fn from(metadata: Metadata) -> Self {
        Self {
            text: Box::default(),
            read: OnceLock::from(metadata),
        }
    }
}

impl From<RecordedMetadata> for Metadata {
    fn from(metadata: RecordedMetadata) -> Self {
        let RecordedMetadata { text, read } = metadata;
        read.into_inner().unwrap_or_else(|| parse(&text))
    }
}

impl Deref for RecordedMetadata {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        self.read.get_or_init(|| parse(&self.text))
    }
}

fn parse(text: &str) -> Metadata {
    match json::read(text) {
        Ok(metadata) => metadata,
        Err(error) => panic!("the metadata of the event cannot be read: {error}"),
    }
}

impl fmt::Debug for RecordedMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl PartialEq for RecordedMetadata {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for RecordedMetadata {}

impl PartialEq<Metadata> for RecordedMetadata {
    fn eq(&self, other: &Metadata) -> bool {
        **self == *other
    }
}
