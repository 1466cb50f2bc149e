//! Which views an event goes to.

use std::collections::HashMap;

use super::named::{Unapplied, guarded};
use crate::{EventRef, Partition, Projection};

/// Up to how many streams to keep in mind for certain: twice as many are, at most.
const REMEMBERED_STREAMS: usize = 50_000;

/// Which views an event goes to, the keys as text.
pub(super) enum Route {
    One(String),
    Several(Vec<String>),
    SameStream,
    Nowhere,
}

impl<K: ToString> From<Partition<K>> for Route {
    fn from(partition: Partition<K>) -> Self {
        match partition {
            Partition::Key(key) => Self::One(key.to_string()),
            Partition::Keys(keys) if keys.is_empty() => Self::Nowhere,
            Partition::Keys(keys) => {
                let mut texts: Vec<String> = Vec::with_capacity(keys.len());
                for key in keys {
                    let key = key.to_string();
                    if !texts.contains(&key) {
                        texts.push(key);
                    }
                }
                Self::Several(texts)
            }
            Partition::SameStream => Self::SameStream,
            Partition::Nowhere => Self::Nowhere,
        }
    }
}

/// Where the events of a stream went last: what need not be looked up.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// Whether that matters: until an event goes where others went, nothing is remembered.
    pub(super) matter: bool,
    recent: HashMap<String, Vec<String>>,
    /// Forgotten when there are many recent ones.
    earlier: HashMap<String, Vec<String>>,
}

impl Routes {
    /// Forgets all of them: they are looked up then.
    pub fn clear(&mut self) {
        self.recent.clear();
        self.earlier.clear();
    }

    pub(super) fn get(&self, stream: &str) -> Option<&[String]> {
        let keys = self.recent.get(stream);
        keys.or_else(|| self.earlier.get(stream)).map(Vec::as_slice)
    }

    pub(super) fn remember(&mut self, stream: &str, keys: Vec<String>) {
        if let Some(last) = self.recent.get_mut(stream) {
            *last = keys;
            return;
        }
        if self.recent.len() >= REMEMBERED_STREAMS {
            self.earlier = std::mem::take(&mut self.recent);
        }
        self.recent.insert(stream.to_owned(), keys);
    }
}

/// Where the last event with a key went, of an append or of the first events of one, in order.
///
/// Whoever looks up what [`Routing::unknown`](super::Routing::unknown) names asks this of the
/// appends of the stream before the event, from the last to the first, until there is an answer.
pub fn last_route<'a, P: Projection>(
    append: impl Iterator<Item = EventRef<'a>>,
) -> Result<Option<Vec<String>>, Unapplied> {
    let mut feed = P::feed();
    let mut last = None;
    for event in append {
        for item in guarded(&event, || feed.read(&event))??.items() {
            match guarded(&event, || feed.route(item))? {
                Route::One(key) => last = Some(vec![key]),
                Route::Several(keys) => last = Some(keys),
                Route::SameStream | Route::Nowhere => {}
            }
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_lately_is_not_forgotten() {
        let mut routes = Routes::default();
        for stream in 0..3 * REMEMBERED_STREAMS {
            routes.remember(&stream.to_string(), vec![format!("to {stream}")]);
            let before = stream.saturating_sub(REMEMBERED_STREAMS - 1);
            let expected = [format!("to {before}")];
            assert_eq!(routes.get(&before.to_string()), Some(expected.as_slice()));
        }
        assert!(routes.recent.len() + routes.earlier.len() <= 2 * REMEMBERED_STREAMS);
        assert_eq!(routes.get("0"), None);
        routes.clear();
        assert_eq!(routes.get(&(3 * REMEMBERED_STREAMS - 1).to_string()), None);
    }

    #[test]
    fn a_stream_that_goes_elsewhere_does_so_from_then_on() {
        let mut routes = Routes::default();
        routes.remember("a", vec!["one".to_owned()]);
        routes.remember("a", vec!["two".to_owned(), "three".to_owned()]);
        assert_eq!(
            routes.get("a"),
            Some(["two".to_owned(), "three".to_owned()].as_slice())
        );
    }

    #[test]
    fn an_event_goes_to_a_view_once() {
        let route = Route::from(Partition::Keys(vec![1, 2, 1]));
        assert!(matches!(route, Route::Several(keys) if keys == ["1", "2"]));
        assert!(matches!(
            Route::from(Partition::<u8>::Keys(vec![])),
            Route::Nowhere
        ));
    }
}
