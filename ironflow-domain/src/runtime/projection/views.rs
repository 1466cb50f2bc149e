//! The views that a projection is busy with.

use std::collections::HashMap;

use crate::model::projection::{State, Unstorable};
use crate::runtime::projection::generation::view_key;
use crate::store::Write;
use crate::{Projection, View};

/// Up to how many views to keep in memory for certain, once they are written: twice as many are, at
/// most.
const KEPT: usize = 10_000;
/// About as many bytes of their JSON are kept.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

type ByKey<P> = HashMap<String, View<State<P>>>;

/// The views that events have reached lately, so that they need not be read again.
pub(super) struct Views<P> {
    /// What has to be written.
    changed: ByKey<P>,
    /// What is as it is stored.
    recent: ByKey<P>,
    recent_bytes: usize,
    /// What is as it is stored, and is forgotten when there is much that is recent.
    earlier: ByKey<P>,
    /// Whether all views that are stored are here, so that there is none for any other key.
    are_all: bool,
}

impl<P: Projection> Views<P> {
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
    pub(super) fn take(&mut self, key: &str) -> Option<View<State<P>>> {
        let changed = self.changed.remove(key);
        let recent = changed.or_else(|| self.recent.remove(key));
        recent.or_else(|| self.earlier.remove(key))
    }

    /// Puts a view in that has changed.
    pub(super) fn change(&mut self, key: String, view: View<State<P>>) {
        self.changed.insert(key, view);
    }

    /// How many have to be written.
    pub(super) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// What writes them into a generation.
    pub(super) fn writes(&self, generation: u32) -> Result<Vec<Write>, Unstorable> {
        let mut writes = Vec::with_capacity(self.changed.len() + 1);
        for (key, view) in &self.changed {
            let json = view.write(key)?;
            writes.push(Write::put(view_key(P::NAME, generation, key), json));
        }
        Ok(writes)
    }

    /// They are written, so many bytes of them.
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
