//! Which view an event goes to.

use std::collections::HashMap;

use super::named::{Unapplied, guarded};
use crate::{Delivery, EventRef, Partition, Projection};

/// How many streams' partitions to keep in mind.
const REMEMBERED_STREAMS: usize = 10_000;

/// Which view an event goes to, the key as text.
pub(super) enum Route {
    To(String),
    SameStream,
    Nowhere,
}

impl Route {
    pub(super) fn of<P: Projection>(delivery: &dyn Delivery<P>) -> Self {
        match delivery.partition() {
            Partition::Key(key) => Self::To(key.to_string()),
            Partition::SameStream => Self::SameStream,
            Partition::Nowhere => Self::Nowhere,
        }
    }
}

/// Where the events of a stream went last: what need not be looked up.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    keys: HashMap<String, String>,
}

impl Routes {
    /// Forgets all of them: they are looked up then.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    pub(super) fn get(&self, stream: &str) -> Option<&String> {
        self.keys.get(stream)
    }

    pub(super) fn remember(&mut self, stream: &str, key: &str) {
        if self.keys.len() >= REMEMBERED_STREAMS {
            self.keys.clear();
        }
        match self.keys.get_mut(stream) {
            Some(last) if last == key => {}
            Some(last) => key.clone_into(last),
            None => {
                self.keys.insert(stream.to_owned(), key.to_owned());
            }
        }
    }
}

/// Where the last event with a key went, of an append or of the first events of one, in order.
///
/// Whoever looks up [`Needed::EarlierRoute`](super::Needed::EarlierRoute) asks this of the appends
/// of the stream before the event, from the last to the first, until there is an answer.
pub fn last_route<'a, P: Projection>(
    append: impl Iterator<Item = EventRef<'a>>,
) -> Result<Option<String>, Unapplied> {
    let mut feed = P::feed();
    let mut last = None;
    for event in append {
        for delivery in guarded(&event, || feed.next(&event))?? {
            if let Route::To(key) = guarded(&event, || Route::of(&*delivery))? {
                last = Some(key);
            }
        }
    }
    Ok(last)
}
