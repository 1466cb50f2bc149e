//! Which generations of views a projection has.
//!
//! Every generation has been filled by one definition from the start of the log, and has a
//! checkpoint of its own. Here is written down which there are, and which of them is asked where
//! nothing else is known. Programs in which the projection is another have generations of their
//! own, and keep them up to date side by side for as long as both run.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::runtime::projection::definition::Definition;
use crate::runtime::projection::stored;
use crate::store::{Entry, Expected, Key, Revision, Store, StoreError, Write};

/// How many rebuilds are remembered.
const REMEMBERED: usize = 50;

/// The generations of a projection's views, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// In the order of their numbers.
    pub(crate) generations: Vec<Generation>,
    /// The generation that is asked where nothing else is known.
    pub(crate) serving: u32,
    /// The number of the next one.
    next: u32,
    /// Whether nobody is to follow.
    #[serde(default)]
    pub(crate) is_paused: bool,
    /// Generations whose views are to be deleted.
    #[serde(default)]
    pub(crate) outdated: Vec<u32>,
    /// Their tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) outdated_tables: Vec<OutdatedTable>,
    /// What has become of those that were begun, the last ones.
    #[serde(default)]
    pub(crate) history: Vec<PastRebuild>,
}

/// A table that is to be dropped with the views of its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutdatedTable {
    pub(crate) generation: u32,
    pub(crate) name: String,
}

/// Views that were filled by one definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Generation {
    pub(crate) number: u32,
    pub(crate) definition: Definition,
    /// Whether it has not reached the end of the log yet.
    pub(crate) is_building: bool,
    reason: String,
    begun_at: Timestamp,
    /// Whether it is to serve once it is complete, though newer ones have served.
    #[serde(default)]
    serves_again: bool,
    /// Whether it is not to serve before somebody says so.
    #[serde(default)]
    pub(crate) is_held: bool,
    /// How many events a second it may take while it is filled.
    #[serde(default)]
    pub(crate) most_events_per_second: Option<u32>,
}

/// A rebuild that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PastRebuild {
    /// The number of the generation of views.
    pub generation: u32,
    /// Why it was begun.
    pub reason: String,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Timestamp,
    /// What has become of it.
    pub outcome: RebuildOutcome,
}

/// What has become of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RebuildOutcome {
    /// It reached the end of the log, and its views have served since.
    Completed,
    /// It was cancelled, and its views were deleted.
    Cancelled,
}

/// The generations, and the state of the key that says so.
#[derive(Debug, Clone)]
pub(crate) struct SeenHead {
    pub(crate) head: Head,
    pub(crate) revision: Revision,
}

impl SeenHead {
    pub(crate) async fn read(store: &dyn Store, name: &str) -> Result<Option<Self>, StoreError> {
        let entry = store.get(&key(name)).await?;
        entry.map(|entry| Self::parse(&entry)).transpose()
    }

    pub(crate) fn parse(entry: &Entry) -> Result<Self, StoreError> {
        Ok(Self {
            head: stored::read(entry, "the generations of projection", &entry.key.name)?,
            revision: entry.revision,
        })
    }
}

impl Head {
    /// A first generation, which serves from the beginning: there is nothing else to ask.
    pub(crate) fn first(definition: Definition) -> Self {
        let mut head = Self {
            generations: Vec::new(),
            serving: 1,
            next: 1,
            is_paused: false,
            outdated: Vec::new(),
            outdated_tables: Vec::new(),
            history: Vec::new(),
        };
        head.begin(definition, "it is new".to_owned(), None);
        head
    }

    pub(crate) fn generation(&self, number: u32) -> Option<&Generation> {
        self.generations
            .iter()
            .find(|generation| generation.number == number)
    }

    /// Whether a generation has all that the log had once. The first one of all serves before.
    pub(crate) fn is_complete(&self, number: u32) -> bool {
        let generation = self.generation(number);
        number == self.serving || generation.is_some_and(|generation| !generation.is_building)
    }

    /// Whether it fills tables.
    pub(crate) fn has_tables(&self) -> bool {
        let mut generations = self.generations.iter();
        generations.any(|generation| !generation.definition.tables.is_empty())
    }

    /// The generation that serves.
    pub(crate) fn serving(&self) -> Option<&Generation> {
        self.generation(self.serving)
    }

    /// The generation that answers for this definition: what serves where that fits, or else the
    /// newest one, and one that is complete before one that is not.
    pub(crate) fn fitting(&self, definition: &Definition) -> Option<&Generation> {
        let fits = |generation: &&Generation| generation.definition.changes(definition).is_none();
        let serving = self.serving().filter(fits);
        let fitting = || self.generations.iter().rev().filter(fits);
        let complete = || fitting().find(|generation| !generation.is_building);
        serving.or_else(complete).or_else(|| fitting().next())
    }

    /// The generation of this definition that is filled, beside the one that answers for it.
    pub(crate) fn replacement(&self, definition: &Definition) -> Option<&Generation> {
        let answers = self.fitting(definition)?.number;
        self.generations.iter().rev().find(|generation| {
            generation.is_building
                && generation.number != answers
                && generation.definition.changes(definition).is_none()
        })
    }

    /// Adds a generation of which there is nothing yet, and says its number.
    pub(crate) fn begin(
        &mut self,
        definition: Definition,
        reason: String,
        most_events_per_second: Option<u32>,
    ) -> u32 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.generations.push(Generation {
            number,
            definition,
            is_building: true,
            reason,
            begun_at: SystemTime::now().into(),
            serves_again: false,
            is_held: false,
            most_events_per_second,
        });
        number
    }

    /// A generation has reached the end of the log: it serves from now on, unless a newer one does.
    pub(crate) fn complete(&mut self, number: u32) {
        self.remember(number, RebuildOutcome::Completed);
        let mut serves = number >= self.serving;
        for generation in &mut self.generations {
            if generation.number == number {
                generation.is_building = false;
                serves |= std::mem::take(&mut generation.serves_again);
            }
        }
        if serves {
            self.serve(number);
        }
    }

    /// A generation serves from now on. The one that served stays; those before are outdated.
    pub(crate) fn serve(&mut self, number: u32) {
        let kept = [number, self.serving];
        self.serving = number;
        self.retire(|generation| !generation.is_building && !kept.contains(&generation.number));
    }

    /// A generation is not to serve before it is released.
    pub(crate) fn hold(&mut self, number: u32) {
        self.set_held(number, true);
    }

    /// A generation may serve.
    pub(crate) fn release(&mut self, number: u32) {
        self.set_held(number, false);
    }

    fn set_held(&mut self, number: u32, is_held: bool) {
        for generation in &mut self.generations {
            if generation.number == number {
                generation.is_held = is_held;
            }
        }
    }

    /// A generation is not to be filled any more.
    pub(crate) fn cancel(&mut self, number: u32) {
        self.remember(number, RebuildOutcome::Cancelled);
        self.retire(|generation| generation.number == number);
    }

    /// The newest complete generation of this definition besides the one that serves.
    pub(crate) fn before(&self, definition: &Definition) -> Option<u32> {
        let mut others = self.generations.iter().rev();
        let before = others.find(|generation| {
            !generation.is_building
                && generation.number != self.serving
                && generation.definition.changes(definition).is_none()
        });
        before.map(|generation| generation.number)
    }

    /// A generation is to serve again, once it has caught up.
    pub(crate) fn catch_up(&mut self, number: u32) {
        for generation in &mut self.generations {
            if generation.number == number {
                generation.is_building = true;
                generation.serves_again = true;
                "views from before are to serve again".clone_into(&mut generation.reason);
                generation.begun_at = SystemTime::now().into();
            }
        }
    }

    fn remember(&mut self, number: u32, outcome: RebuildOutcome) {
        let Some(generation) = self.generation(number) else {
            return;
        };
        let past = PastRebuild {
            generation: number,
            reason: generation.reason.clone(),
            begun_at: generation.begun_at,
            ended_at: SystemTime::now().into(),
            outcome,
        };
        self.history.push(past);
        let forgotten = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..forgotten);
    }

    fn retire(&mut self, is_outdated: impl Fn(&Generation) -> bool) {
        let retired = self
            .generations
            .extract_if(.., |generation| is_outdated(generation));
        for Generation {
            number, definition, ..
        } in retired
        {
            self.outdated.push(number);
            let tables = definition.tables.into_iter().map(|table| OutdatedTable {
                generation: number,
                name: table.name,
            });
            self.outdated_tables.extend(tables);
        }
    }

    /// The views and tables of a generation are gone.
    pub(crate) fn is_deleted(&mut self, generation: u32) {
        self.outdated.retain(|outdated| *outdated != generation);
        self.outdated_tables
            .retain(|table| table.generation != generation);
    }

    /// The write that makes these the generations of the projection.
    pub(crate) fn write(&self, name: &str, expected: Expected) -> Result<Write, StoreError> {
        let json = stored::write(self, "the generations of projection", name)?;
        Ok(Write::put(key(name), json).expecting(expected))
    }
}

/// Where it is kept which generations of views there are.
pub(super) const BUCKET: &str = "projections";

/// Where it is kept of one projection.
pub(crate) fn key(name: &str) -> Key {
    Key::new(BUCKET, name)
}

/// Where the views of a generation are kept.
pub(crate) fn views_of(name: &str, generation: u32) -> String {
    format!("projection/{name}/{generation}")
}

/// Where one of them is kept.
pub(crate) fn view_key(name: &str, generation: u32, partition: &str) -> Key {
    Key::new(views_of(name, generation), partition)
}
