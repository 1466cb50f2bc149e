//! The events of a page on their way into the views.
//!
//! Nothing is read or written here: what is needed is asked for, once for all of a page. A runtime
//! has it from a store, a test from a list of events, and both apply them by the same rules.

use std::collections::HashMap;
use std::{fmt, slice};

use super::named::{Named, Unapplied, guarded};
use super::route::{Route, Routes};
use super::{Feed, State, View};
use crate::model::event::sets::Item;
use crate::{EventRef, Projection, Statement, Statements};

/// The events of a page that a projection has read. Where they go may depend on earlier ones.
///
/// A page has whole appends, so nothing that is stored in several parts goes on in the next.
pub struct Routing<'e, P> {
    page: Page<'e, P>,
    /// Where the last event of each stream goes, where that matters to any event.
    last: Option<HashMap<&'e str, Target>>,
    /// The first events of streams whose earlier ones have to be looked up, and where those went.
    unknown: Vec<(EventRef<'e>, Option<Target>)>,
}

/// The events of a page, and the views that they go to.
pub struct Routed<'e, P> {
    page: Page<'e, P>,
}

/// What has become of a page.
#[derive(Debug)]
pub struct Applied<P> {
    /// The views that its events changed, as they are after it, by their keys.
    pub views: Vec<(String, View<State<P>>)>,
    /// What its events do to tables, in their order: those that do something.
    pub statements: Vec<OfEvent>,
    /// How many of its events were dropped.
    pub dropped: u64,
}

/// What an event does to tables.
#[derive(Debug)]
pub struct OfEvent {
    /// The event.
    pub event: Named,
    /// The statements it leads to.
    pub statements: Vec<Statement>,
}

struct Page<'e, P> {
    feed: Feed<P>,
    /// Those of which something is delivered.
    events: Vec<EventRef<'e>>,
    deliveries: Vec<Delivery>,
    keys: Keys,
}

/// What is delivered of an event, and where.
#[derive(Clone, Copy)]
struct Delivery {
    event: usize,
    item: Item,
    target: Target,
}

/// Which views an event goes to.
#[derive(Clone, Copy)]
enum Target {
    /// The one whose key has that number.
    One(usize),
    /// The ones on the list with that number.
    Several(usize),
    /// Those that the events before that unknown one went to.
    Unknown(usize),
}

/// The keys that the events of a page go to, each once, and lists of them.
#[derive(Default)]
struct Keys {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
    lists: Vec<Vec<usize>>,
}

impl<'e, P: Projection> Routing<'e, P> {
    /// Reads a page. Where the events before it went is in `routes`, as far as that is known.
    ///
    /// # Errors
    ///
    /// When an event cannot be read, or the user's code panics on it.
    pub fn read(
        events: impl Iterator<Item = EventRef<'e>>,
        routes: &Routes,
    ) -> Result<Self, Unapplied> {
        let mut routing = Self {
            page: Page {
                feed: P::feed(),
                events: Vec::new(),
                deliveries: Vec::new(),
                keys: Keys::default(),
            },
            last: routes.matter.then(HashMap::new),
            unknown: Vec::new(),
        };
        for event in events {
            routing.take(event, routes)?;
        }
        Ok(routing)
    }

    fn take(&mut self, event: EventRef<'e>, routes: &Routes) -> Result<(), Unapplied> {
        let delivered = guarded(&event, || self.page.feed.read(&event))??;
        for item in delivered.items() {
            let route: Route = guarded(&event, || self.page.feed.route(item))?;
            let target = match route {
                Route::One(key) => {
                    let target = Target::One(self.page.keys.number(key));
                    self.goes_to(event.stream, target)
                }
                Route::Several(keys) => {
                    let target = self.page.keys.target(keys);
                    self.goes_to(event.stream, target)
                }
                Route::SameStream => self.last_of(event, routes),
                Route::Nowhere => continue,
            };
            let events = &mut self.page.events;
            if events.last().is_none_or(|last| last.id != event.id) {
                events.push(event);
            }
            let event = events.len() - 1;
            self.page.deliveries.push(Delivery {
                event,
                item,
                target,
            });
        }
        Ok(())
    }

    fn goes_to(&mut self, stream: &'e str, target: Target) -> Target {
        if let Some(last) = &mut self.last {
            last.insert(stream, target);
        }
        target
    }

    /// Where the last event of its stream went.
    fn last_of(&mut self, event: EventRef<'e>, routes: &Routes) -> Target {
        let page = &self.page;
        // The first that asks.
        let last = self.last.get_or_insert_with(|| {
            let so_far = page.deliveries.iter();
            so_far
                .map(|it| (page.events[it.event].stream, it.target))
                .collect()
        });
        if let Some(target) = last.get(event.stream) {
            return *target;
        }
        let target = if let Some(keys) = routes.get(event.stream) {
            self.page.keys.target(keys.iter().cloned())
        } else {
            self.unknown.push((event, None));
            Target::Unknown(self.unknown.len() - 1)
        };
        self.goes_to(event.stream, target)
    }

    /// The events that go where earlier ones of their streams went, which have to be looked up: see
    /// [`last_route`](super::last_route). Tell the answers to [`earlier`](Self::earlier).
    #[must_use]
    pub fn unknown(&self) -> Vec<EventRef<'e>> {
        self.unknown.iter().map(|(event, _)| *event).collect()
    }

    /// Says where the events before an unknown one went, of those in the order of
    /// [`unknown`](Self::unknown); nowhere where there were none.
    pub fn earlier(&mut self, number: usize, keys: Option<Vec<String>>) {
        if let (Some((_, target)), Some(keys)) = (self.unknown.get_mut(number), keys) {
            *target = Some(self.page.keys.target(keys));
        }
    }

    /// Where all events go, which is remembered in `routes`.
    ///
    /// # Errors
    ///
    /// When one is to go where earlier ones of its stream went, and none went anywhere.
    pub fn routed(self, routes: &mut Routes) -> Result<Routed<'e, P>, Unapplied> {
        let Self {
            mut page,
            last,
            unknown,
        } = self;
        let known = |target: Target| match target {
            Target::Unknown(number) => {
                let (event, target) = &unknown[number];
                target.ok_or_else(|| Unapplied::Unrouted(Named::new(event)))
            }
            target => Ok(target),
        };
        for delivery in &mut page.deliveries {
            delivery.target = known(delivery.target)?;
        }
        routes.matter = last.is_some();
        for (stream, target) in last.into_iter().flatten() {
            let target = known(target)?;
            let keys = page.keys.of(&target).iter();
            let keys = keys.map(|number| page.keys.all[*number].clone());
            routes.remember(stream, keys.collect());
        }
        Ok(Routed { page })
    }
}

impl<P: Projection> Routed<'_, P> {
    /// The keys of the views that the events go to, each once.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.page.keys.all
    }

    /// The same but for the events that are left out of the view with a key.
    #[must_use]
    pub fn leaving_out(self, is_left_out: impl Fn(&str, &EventRef<'_>) -> bool) -> Self {
        let mut left = Keys::default();
        let page = self.page;
        let keep = |delivery: &Delivery| {
            let event = &page.events[delivery.event];
            let keys = page.keys.of(&delivery.target).iter();
            let keys = keys.map(|number| &page.keys.all[*number]);
            let keys: Vec<_> = keys
                .filter(|key| !is_left_out(key, event))
                .cloned()
                .collect();
            (!keys.is_empty()).then(|| Delivery {
                target: left.target(keys),
                ..*delivery
            })
        };
        let deliveries = page.deliveries.iter().filter_map(keep).collect();
        Self {
            page: Page {
                deliveries,
                keys: left,
                ..page
            },
        }
    }

    /// Applies the events to the views, which are given in the order of their [`keys`](Self::keys);
    /// nothing where one is new.
    ///
    /// # Errors
    ///
    /// When the user's code panics on an event.
    pub fn apply(self, views: Vec<Option<View<State<P>>>>) -> Result<Applied<P>, Unapplied> {
        let Page {
            feed,
            events,
            deliveries,
            keys,
        } = self.page;
        let mut states: Vec<Option<State<P>>> = views
            .into_iter()
            .map(|view| view.map(|view| view.state))
            .collect();
        states.resize_with(keys.all.len(), || None);
        let mut last = vec![None; states.len()];
        let mut statements = Vec::new();
        for delivery in &deliveries {
            let event = &events[delivery.event];
            for number in keys.of(&delivery.target) {
                let state = states[*number].get_or_insert_default();
                let mut sql = Statements::of(P::TABLES);
                guarded(event, || {
                    feed.project(delivery.item, &mut state.0, &mut sql);
                })
                .and_then(|()| {
                    sql.finish()
                        .map_err(|error| Unapplied::misstated(event, error))
                })
                .map(|sql| {
                    if !sql.is_empty() {
                        statements.push(OfEvent {
                            event: Named::new(event),
                            statements: sql,
                        });
                    }
                })
                .map_err(|error| error.of_view(&keys.all[*number]))?;
                last[*number] = Some(delivery.event);
            }
        }
        let changed = keys.all.into_iter().zip(states.into_iter().zip(last));
        let views = changed.filter_map(|(key, (state, last))| {
            let event = &events[last?];
            Some((key, View::after(event, state?)))
        });
        Ok(Applied {
            views: views.collect(),
            statements,
            dropped: feed.dropped(),
        })
    }
}

impl Keys {
    fn target(&mut self, keys: impl IntoIterator<Item = String>) -> Target {
        let mut numbers: Vec<usize> = keys.into_iter().map(|key| self.number(key)).collect();
        match (numbers.pop(), numbers.is_empty()) {
            (Some(only), true) => Target::One(only),
            (last, _) => {
                numbers.extend(last);
                self.lists.push(numbers);
                Target::Several(self.lists.len() - 1)
            }
        }
    }

    fn number(&mut self, key: String) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(key.clone());
        self.numbers.insert(key, number);
        number
    }

    /// What a target stands for; nothing where that is unknown.
    fn of<'k>(&'k self, target: &'k Target) -> &'k [usize] {
        match target {
            Target::One(number) => slice::from_ref(number),
            Target::Several(list) => &self.lists[*list],
            Target::Unknown(_) => &[],
        }
    }
}

impl<P> fmt::Debug for Routing<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routing")
            .field("keys", &self.page.keys.all)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Routed<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routed")
            .field("keys", &self.page.keys.all)
            .finish_non_exhaustive()
    }
}
