//! The views that a projection is busy with.

use std::collections::HashMap;

/// Up to how many views to keep in memory for certain, once they are written: twice as many are, at
/// most.
const KEPT: usize = 10_000;
/// About as many bytes of their JSON are kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The views that events have reached lately, so that they need not be read again.
pub(super) struct Views<V> {
    /// What has to be written.
    changed: HashMap<String, V>,
    /// What is as it is stored.
    recent: HashMap<String, V>,
    recent_bytes: usize,
    /// What is as it is stored, and is forgotten when there is much that is recent.
    earlier: HashMap<String, V>,
    /// Whether all views that are stored are here, so that there is none for any other key.
    are_all: bool,
}

impl<V> Views<V> {
    /// None is known; `are_all` where none is stored.
    pub(super) fn new(are_all: bool) -> Self {
        Self {
            changed: HashMap::new(),
            recent: HashMap::new(),
            recent_bytes: 0,
            earlier: HashMap::new(),
            are_all,
        }
    }

    /// Whether it takes a look at the store to know what there is under a key.
    pub(super) fn lacks(&self, key: &str) -> bool {
        !self.are_all
            && !self.changed.contains_key(key)
            && !self.recent.contains_key(key)
            && !self.earlier.contains_key(key)
    }

    /// Takes a view out, to change it.
    pub(super) fn take(&mut self, key: &str) -> Option<V> {
        let changed = self.changed.remove(key);
        let recent = changed.or_else(|| self.recent.remove(key));
        recent.or_else(|| self.earlier.remove(key))
    }

    /// Puts views in that have changed.
    pub(super) fn change(&mut self, views: impl IntoIterator<Item = (String, V)>) {
        self.changed.extend(views);
    }

    /// What has to be written.
    pub(super) fn changed(&self) -> &HashMap<String, V> {
        &self.changed
    }

    /// What had to be written is, so many bytes.
    pub(super) fn written(&mut self, bytes: usize) {
        if self.recent.len() >= KEPT || self.recent_bytes >= KEPT_BYTES {
            self.are_all &= self.earlier.is_empty();
            self.earlier = std::mem::take(&mut self.recent);
            self.recent_bytes = 0;
        }
        self.recent_bytes += bytes;
        self.recent.extend(self.changed.drain());
    }

    /// Forgets all of them, changes too: they are as they are stored.
    pub(super) fn clear(&mut self) {
        *self = Self::new(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(views: &mut Views<usize>, keys: std::ops::Range<usize>) {
        views.change(keys.map(|number| (number.to_string(), number)));
    }

    #[test]
    fn what_has_changed_is_taken_from_there() {
        let mut views = Views::new(false);
        assert!(views.lacks("1"));
        change(&mut views, 1..3);
        assert_eq!(views.changed().len(), 2);
        assert!(!views.lacks("1"));
        assert_eq!(views.take("1"), Some(1));
        // Whoever took it puts it back.
        assert!(views.lacks("1"));
        views.written(0);
        assert_eq!(views.changed().len(), 0);
        assert_eq!((views.take("2"), views.take("2")), (Some(2), None));
    }

    #[test]
    fn nothing_else_is_stored_until_something_was_forgotten() {
        let mut views = Views::new(true);
        for round in 0..2 {
            change(&mut views, round * KEPT..(round + 1) * KEPT);
            views.written(0);
            assert!(!views.lacks("none"), "{round}");
        }
        assert_eq!(views.recent.len() + views.earlier.len(), 2 * KEPT);
        change(&mut views, 2 * KEPT..2 * KEPT + 1);
        views.written(0);
        assert!(views.lacks("none") && views.lacks("0"));
        assert_eq!(views.take(&KEPT.to_string()), Some(KEPT));
        assert_eq!(views.take(&(2 * KEPT).to_string()), Some(2 * KEPT));
    }

    #[test]
    fn a_few_that_are_large_are_not_kept_for_long() {
        let mut views = Views::new(false);
        for number in 0..3 {
            change(&mut views, number..number + 1);
            views.written(KEPT_BYTES);
        }
        assert!(views.lacks("0"));
        assert!(!views.lacks("1") && !views.lacks("2"));
    }

    #[test]
    fn after_a_failure_all_is_as_it_is_stored() {
        let mut views = Views::new(true);
        change(&mut views, 0..2);
        views.written(0);
        change(&mut views, 0..1);
        views.clear();
        assert!(views.lacks("0") && views.lacks("1") && views.lacks("none"));
        assert_eq!(views.changed().len(), 0);
    }
}
