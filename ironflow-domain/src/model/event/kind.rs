//! What the events of a set are called where they are stored, today and before.

use crate::SchemaVersion;

/// One kind of event: what it is called where it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// The stored name, such as `account.opened`.
    pub name: &'static str,
    /// Names it was stored under before, and is still read by.
    pub also_named: &'static [&'static str],
    /// The current version of the payload's shape. All before it are read too, through upcasters.
    pub version: SchemaVersion,
    /// Earlier versions of which no event is stored any more.
    pub retired: &'static [SchemaVersion],
    /// The variant's name in the program.
    pub ident: &'static str,
    /// The type of the variant's payload, as it is written there; nothing where the variant has
    /// fields of its own, or none.
    pub payload: Option<&'static str>,
    /// The variant's doc comment.
    pub doc: &'static str,
}

impl EventKind {
    /// Whether events of this kind are, or were, stored under `name`.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.also_named.contains(&name)
    }
}

/// A kind of event that is not recorded any more: what becomes of those that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastKind {
    /// The name it was stored under.
    pub name: &'static str,
    /// The last version of its payload's shape; none where the payload is not looked at.
    pub version: Option<SchemaVersion>,
    /// Versions of which no event is stored any more.
    pub retired: &'static [SchemaVersion],
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a stored event that is not recorded any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is read as an event of today: `replaced("…", Old)`.
    Replaced,
    /// It is read as any number of events of today: `split("…", Old)`.
    Split,
    /// Together with others of the same append it is read as one event of today: `merged(…)`.
    #[non_exhaustive]
    Merged {
        /// Which of the set's [merges](crate::Event::MERGES).
        merge: usize,
        /// Which part of it.
        part: usize,
    },
    /// It is read and counted, and nothing comes of it: `dropped("…")`.
    Dropped,
    /// None is stored any more: `retired("…")`. One that is met all the same cannot be read.
    Retired,
}

impl Fate {
    /// For generated code: a part of a merge.
    #[must_use]
    pub const fn merged(merge: usize, part: usize) -> Self {
        Self::Merged { merge, part }
    }
}
