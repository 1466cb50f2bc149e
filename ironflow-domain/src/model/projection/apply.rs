//! The events of a page on their way into the views.
//!
//! Nothing is read or written here: what is needed is asked for. A runtime has it from a store, a
//! test from a list of events, and both apply them by the same rules.

use std::collections::BTreeMap;
use std::fmt;
use std::vec;

use super::named::{Named, Unapplied, guarded};
use super::route::{Route, Routes};
use super::{Delivery, Feed, State, View};
use crate::{EventRef, Projection};

/// Applies the events of a page to the views of a projection.
///
/// A page has whole appends, so nothing that is stored in several parts goes on in the next.
pub struct Applying<'e, 'r, P, I> {
    events: I,
    feed: Feed<P>,
    routes: &'r mut Routes,
    views: BTreeMap<String, View<State<P>>>,
    deliveries: Option<Deliveries<'e, P>>,
    /// What something was asked for.
    waiting: Option<Waiting<'e, P>>,
}

/// What has to be told before the page can go on.
#[derive(Debug)]
pub enum Needed<'e, 'k> {
    /// Where the last event of the same stream with a key went, of those before this one: see
    /// [`last_route`](super::last_route). Tell it with [`Applying::earlier_route`].
    EarlierRoute(EventRef<'e>),
    /// The view with this key as it is stored. Tell it with [`Applying::view`].
    View(&'k str),
}

/// What has become of a page.
#[derive(Debug)]
pub struct Applied<P> {
    /// The views that its events changed, as they are after it.
    pub views: BTreeMap<String, View<State<P>>>,
    /// How many of its events were dropped.
    pub dropped: u64,
}

/// What is left to deliver of an event.
struct Deliveries<'e, P> {
    event: EventRef<'e>,
    rest: vec::IntoIter<Box<dyn Delivery<P>>>,
}

/// An event on its way into a view, whose key is known or has to be looked up.
struct Waiting<'e, P> {
    event: EventRef<'e>,
    delivery: Box<dyn Delivery<P>>,
    key: Option<String>,
}

impl<'e, 'r, P, I> Applying<'e, 'r, P, I>
where
    P: Projection,
    I: Iterator<Item = EventRef<'e>>,
{
    /// Begins a page. Where its events go is remembered in `routes`.
    pub fn new(events: I, routes: &'r mut Routes) -> Self {
        Self {
            events,
            feed: P::feed(),
            routes,
            views: BTreeMap::new(),
            deliveries: None,
            waiting: None,
        }
    }

    /// Applies events until something has to be told. Nothing has at the end of the page.
    pub fn go_on(&mut self) -> Result<Option<Needed<'e, '_>>, Unapplied> {
        loop {
            let Some(waiting) = self.next()? else {
                return Ok(None);
            };
            let Some(key) = &waiting.key else {
                let event = waiting.event;
                self.waiting = Some(waiting);
                return Ok(Some(Needed::EarlierRoute(event)));
            };
            let Some(view) = self.views.remove(key) else {
                let waiting = self.waiting.insert(waiting);
                return Ok(waiting.key.as_deref().map(Needed::View));
            };
            self.apply(waiting, Some(view))?;
        }
    }

    /// What is waiting, or else what is delivered next.
    fn next(&mut self) -> Result<Option<Waiting<'e, P>>, Unapplied> {
        if let Some(waiting) = self.waiting.take() {
            return Ok(Some(waiting));
        }
        loop {
            if let Some(Deliveries { event, rest }) = &mut self.deliveries {
                let event = *event;
                for delivery in rest {
                    let key = match guarded(&event, || Route::of(&*delivery))? {
                        Route::To(key) => {
                            self.routes.remember(event.stream, &key);
                            Some(key)
                        }
                        Route::SameStream => self.routes.get(event.stream).cloned(),
                        Route::Nowhere => continue,
                    };
                    return Ok(Some(Waiting {
                        event,
                        delivery,
                        key,
                    }));
                }
            }
            let Some(event) = self.events.next() else {
                self.deliveries = None;
                return Ok(None);
            };
            let rest = guarded(&event, || self.feed.next(&event))??.into_iter();
            self.deliveries = Some(Deliveries { event, rest });
        }
    }

    /// Goes on with the key that was asked for; it is an error where there is none.
    pub fn earlier_route(&mut self, key: Option<String>) -> Result<(), Unapplied> {
        let Some(waiting) = &mut self.waiting else {
            return Ok(());
        };
        let Some(key) = key else {
            return Err(Unapplied::Unrouted(Named::new(&waiting.event)));
        };
        self.routes.remember(waiting.event.stream, &key);
        waiting.key = Some(key);
        Ok(())
    }

    /// Goes on with the view that was asked for, or with a new one.
    pub fn view(&mut self, view: Option<View<State<P>>>) -> Result<(), Unapplied> {
        match self.waiting.take() {
            Some(waiting) => self.apply(waiting, view),
            None => Ok(()),
        }
    }

    fn apply(
        &mut self,
        waiting: Waiting<'e, P>,
        view: Option<View<State<P>>>,
    ) -> Result<(), Unapplied> {
        let Waiting {
            event,
            delivery,
            key: Some(key),
        } = waiting
        else {
            return Ok(());
        };
        let mut state = view.map(|view| view.state).unwrap_or_default();
        guarded(&event, || delivery.project(&mut state.0))?;
        self.views.insert(key, View::after(&event, state));
        Ok(())
    }

    /// What has become of the page.
    pub fn end(self) -> Applied<P> {
        Applied {
            views: self.views,
            dropped: self.feed.dropped(),
        }
    }
}

impl<P, I> fmt::Debug for Applying<'_, '_, P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applying")
            .field("views", &self.views.keys())
            .finish_non_exhaustive()
    }
}
