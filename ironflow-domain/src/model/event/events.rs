//! The events of one decision.

/// Events in the order in which they happen: what a decision returns and a test is given.
///
/// Written with [`events!`](crate::events!).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "events have happened only once they are returned"]
pub struct Events<E>(Vec<E>);

impl<E> Events<E> {
    /// No event.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The events as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[E] {
        &self.0
    }

    /// Adds one that happens after all others.
    pub fn push(&mut self, event: E) {
        self.0.push(event);
    }
}

impl<E> Default for Events<E> {
    fn default() -> Self {
        Self::none()
    }
}

impl<E> std::ops::Deref for Events<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.0
    }
}

impl<E> From<Vec<E>> for Events<E> {
    fn from(events: Vec<E>) -> Self {
        Self(events)
    }
}

impl<E, const N: usize> From<[E; N]> for Events<E> {
    fn from(events: [E; N]) -> Self {
        Self(events.into())
    }
}

impl<E> FromIterator<E> for Events<E> {
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        Self(events.into_iter().collect())
    }
}

impl<E> Extend<E> for Events<E> {
    fn extend<I: IntoIterator<Item = E>>(&mut self, events: I) {
        self.0.extend(events);
    }
}

impl<E> IntoIterator for Events<E> {
    type Item = E;
    type IntoIter = std::vec::IntoIter<E>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, E> IntoIterator for &'a Events<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The events of a decision or a test, in the order in which they happen.
///
/// ```
/// use ironflow_domain::{Events, events};
///
/// let events: Events<&str> = events!["opened", "deposited"];
/// assert_eq!(events.len(), 2);
/// let nothing: Events<&str> = events![];
/// assert!(nothing.is_empty());
/// ```
#[macro_export]
macro_rules! events {
    ($($event:expr),* $(,)?) => {
        $crate::__private::events([$($event),*])
    };
}
