//! A projection that follows the log without a runtime.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;

use ironflow_domain::__private::{Routes, Routing, State, Unapplied, last_route};
use ironflow_domain::{EventRef, Kept, Projection, View};

use crate::log::{Append, Log};
use crate::scenario::story;

/// The states of views, by their keys.
pub(super) type States<P> = BTreeMap<String, P>;

/// What a process that follows a projection has stored, and what it has in mind.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower {
    /// The views as JSON.
    stored: BTreeMap<String, Vec<u8>>,
    routes: Routes,
}

/// Why a batch was not applied.
#[derive(Debug)]
pub(super) enum Trouble {
    Unapplied(Unapplied),
    /// A view cannot be stored, or what is stored cannot be read.
    Unstorable(String),
}

impl Trouble {
    pub(super) fn headline(&self) -> &'static str {
        match self {
            Self::Unapplied(Unapplied::Undecodable(_)) => "what is stored cannot be read",
            Self::Unapplied(Unapplied::Unrouted(_)) => "an event has no view to go to",
            Self::Unapplied(Unapplied::Panicked(..) | Unapplied::Unprojected { .. }) => {
                "the projection panicked: an event that has happened cannot be refused"
            }
            Self::Unapplied(Unapplied::Misstated { .. }) => "a statement is wrong",
            Self::Unstorable(_) => "a view cannot be stored",
        }
    }

    /// What a runtime would say.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Unapplied(error) => story::chain(error),
            Self::Unstorable(text) => text.clone(),
        }
    }
}

impl From<Unapplied> for Trouble {
    fn from(error: Unapplied) -> Self {
        Self::Unapplied(error)
    }
}

impl Follower {
    /// Another process, that goes on from what this one has stored.
    pub(super) fn restarted(self) -> Self {
        Self {
            stored: self.stored,
            routes: Routes::default(),
        }
    }

    /// Takes some appends into the views in one batch, each delivered so many times in a row.
    /// Returns the views that they change, as they are before they are stored.
    pub(super) fn take<P: Projection>(
        &mut self,
        log: &Log,
        appends: Range<usize>,
        times: u32,
    ) -> Result<States<P>, Trouble> {
        let appends = log.appends()[appends].iter();
        let events = appends
            .flat_map(|append| (0..times).map(move |_| append))
            .flat_map(Append::events);
        let mut routing = Routing::<P>::read(events, &self.routes)?;
        for (event, number) in routing.unknown().iter().zip(0..) {
            routing.earlier(number, earlier_route::<P>(log, event)?);
        }
        let routed = routing.routed(&mut self.routes)?;
        let stored = routed.keys().iter().map(|key| {
            let json = self.stored.get(key);
            json.map(|json| read(json)).transpose()
        });
        let stored = stored.collect::<Result<_, _>>()?;
        let mut states = States::new();
        for (key, view) in routed.apply(stored)?.views {
            let json = view.write(&key).map_err(unstorable)?;
            self.stored.insert(key.clone(), json);
            states.insert(key, view.state.0);
        }
        Ok(states)
    }

    /// The views as whoever asks for them would get them.
    pub(super) fn states<P: Projection>(&self) -> Result<States<P>, Trouble> {
        let states = self.stored.keys().map(|key| {
            let state = self.state(key)?;
            Ok(state.map(|state| (key.clone(), state)))
        });
        states.filter_map(Result::transpose).collect()
    }

    /// One of them.
    pub(super) fn state<P: Projection>(&self, key: &str) -> Result<Option<P>, Trouble> {
        let Some(json) = self.stored.get(key) else {
            return Ok(None);
        };
        read::<P>(json).map(|view| Some(view.state.0))
    }
}

/// A state as it is stored.
pub(super) fn json<P: Projection>(state: &P) -> String {
    let mut json = Vec::new();
    let written = <P::Form as Kept<P>>::keep(state, &mut serde_json::Serializer::new(&mut json));
    let json = written.ok().and_then(|()| String::from_utf8(json).ok());
    json.unwrap_or_default()
}

fn read<P: Projection>(json: &[u8]) -> Result<View<State<P>>, Trouble> {
    serde_json::from_slice(json).map_err(unstorable)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands over what it has"
)]
fn unstorable(error: impl Error) -> Trouble {
    Trouble::Unstorable(story::chain(&error))
}

/// Where the last event of the same stream with a key went, of those before this one.
fn earlier_route<P: Projection>(
    log: &Log,
    event: &EventRef<'_>,
) -> Result<Option<Vec<String>>, Unapplied> {
    let appends = log.appends().iter().rev();
    for append in appends.filter(|append| append.stream().as_str() == event.stream) {
        let earlier = append.events().filter(|one| one.version < event.version);
        if let Some(keys) = last_route::<P>(earlier)? {
            return Ok(Some(keys));
        }
    }
    Ok(None)
}
