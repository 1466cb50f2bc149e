//! The laws about what is stored in old shapes: many payloads of each, and the way from one that
//! breaks a law to the simplest that does.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Debug};
use std::sync::LazyLock;

use ironflow_domain::{Aggregate, DecodeError, Event};
use serde_json::{Map, Value, json};

use super::choices::{Dice, Simpler};
use super::old_shapes::{Choices, OldShape, Payloads};
use super::quiet::catch;
use super::run::{same_text, stored};
use crate::append::{self, Place};
use crate::scenario::{self, BEGINNING};

/// Of so many runs one is as much as one payload of a shape.
const RUNS: u32 = 4;
/// Where payloads come to nothing, so many times as many are tried.
const PATIENCE: u32 = 4;
/// How many histories are remembered in which an event of a kind happened.
const REMEMBERED: usize = 16;
/// From so many different ones on, events are thought to be any.
const VARIOUS: usize = 8;
/// The most payloads on the way to the simplest.
const SHRINKING: u32 = 5_000;

/// What is known about what is stored, the simplest first: nothing, one thing, everything. Most
/// upcasters do not look at it, and some cannot do without.
static METADATA: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = serde_json::from_str(append::METADATA);
    let all: Map<String, Value> = all.expect("it is an object");
    let each = all.iter().map(|(name, value)| json!({ name: value }));
    let each = each.map(|one| one.to_string());
    let mut metadata = vec!["{}".to_owned()];
    metadata.extend(each);
    metadata.push(append::METADATA.to_owned());
    metadata
});

/// What must hold of what is stored in an old shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Law {
    DoNotPanic,
    ArePure,
    /// The event of that name, of those that it is read as.
    AreReadAsTheyWere(&'static str),
    /// Events of these names.
    CanBeFolded(BTreeSet<&'static str>),
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DoNotPanic => "an upcaster takes or refuses an old event, and does not panic",
            Self::ArePure => "an old event is read alike each time",
            Self::AreReadAsTheyWere(_) => "what an old event is upcast to is itself read as it was",
            Self::CanBeFolded(_) => "an old event can be folded where such events happen today",
        })
    }
}

/// How a law was broken.
pub(super) struct Broken<A: Aggregate> {
    pub(super) law: Law,
    /// What had happened before, where that matters.
    pub(super) history: Vec<A::Event>,
    pub(super) payloads: Payloads,
    /// What is stored beside it, where it needs that to be upcast.
    pub(super) metadata: Option<&'static str>,
    /// What the payloads are read as.
    pub(super) read: Option<Vec<A::Event>>,
    pub(super) evidence: Vec<(&'static str, String)>,
}

/// What became of payloads of an old shape.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    /// The names and versions of its parts.
    pub(super) parts: Vec<(&'static str, u32)>,
    pub(super) upcast: u64,
    pub(super) refused: u64,
    /// How often each reason was given for which one was not read.
    pub(super) reasons: BTreeMap<String, u64>,
}

/// Events of each kind, and what had happened before, in some of the runs; the shortest first.
#[derive(Debug)]
pub(super) struct Happened<E>(HashMap<&'static str, Vec<(Vec<E>, E)>>);

impl<E: Event> Happened<E> {
    pub(super) fn nothing() -> Self {
        Self(HashMap::new())
    }

    /// Where its kind happens first, and where it does so last.
    pub(super) fn remember(&mut self, history: &[E]) {
        for kind in E::KINDS {
            let is_it = |event: &E| event.kind().name == kind.name;
            let places = [
                history.iter().position(is_it),
                history.iter().rposition(is_it),
            ];
            let known = self.0.entry(kind.name).or_default();
            for place in places.into_iter().flatten() {
                if known.len() < REMEMBERED {
                    known.push((history[..place].to_vec(), history[place].clone()));
                }
            }
            known.sort_by_key(|(before, _)| before.len());
        }
    }

    fn of(&self, name: &str) -> &[(Vec<E>, E)] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// How much can be asked of the folds of other events of that kind.
    fn folds<A>(&self, name: &str) -> Folds
    where
        A: Aggregate<Event = E>,
        E: Debug,
    {
        let happened = self.of(name);
        let folds = |before: &[E], event| catch(|| A::replay(before.iter().chain([event]))).is_ok();
        let mut events = happened.iter().map(|(_, event)| event);
        let all = events.all(|event| happened.iter().all(|(before, _)| folds(before, event)));
        let different = happened.iter().map(|(_, event)| format!("{event:?}"));
        match different.collect::<BTreeSet<_>>().len() {
            0 => Folds::RelyOnDecisions,
            _ if !all => Folds::RelyOnDecisions,
            VARIOUS.. => Folds::Any,
            _ => Folds::Few,
        }
    }
}

/// Which events of a kind can be folded where one of them happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Folds {
    /// Not all that happened elsewhere: no more is taken than there is, and decisions see to that.
    RelyOnDecisions,
    /// All that happened elsewhere, but these are few, and may be alike.
    Few,
    /// All of many different ones.
    Any,
}

/// Checks the laws, for so many payloads of each shape as go with so many runs.
pub(super) fn check<A>(
    shapes: &[OldShape],
    happened: &Happened<A::Event>,
    runs: u32,
    seed: u64,
) -> Result<Vec<Count>, Box<Broken<A>>>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let check = |shape| {
        let mut search = Search::<A> {
            shape,
            happened,
            dice: Dice::new(seed),
            count: Count {
                parts: OldShape::parts(shape),
                ..Count::default()
            },
            folds: RefCell::default(),
            unfolded: BTreeMap::new(),
            folded: BTreeSet::new(),
        };
        search.try_many(runs.div_ceil(RUNS).max(1))?;
        Ok(search.count)
    };
    shapes.iter().map(check).collect()
}

/// What a payload is.
enum Is<E> {
    /// JSON has no form for it.
    Nothing,
    /// It does not fit the shape, or the upcaster refuses it.
    Unreadable { reason: String, is_refused: bool },
    Read {
        events: Vec<E>,
        metadata: Option<&'static str>,
    },
}

struct Search<'s, A: Aggregate> {
    shape: &'s OldShape,
    happened: &'s Happened<A::Event>,
    dice: Dice,
    count: Count,
    /// Where that was looked at.
    folds: RefCell<HashMap<&'static str, Folds>>,
    /// Events of which few kinds could not be folded anywhere, and what stands for the first.
    unfolded: BTreeMap<BTreeSet<&'static str>, Choices>,
    /// Events of which kinds could be.
    folded: BTreeSet<BTreeSet<&'static str>>,
}

impl<A: Aggregate<Event: Debug + PartialEq>> Search<'_, A> {
    fn try_many(&mut self, payloads: u32) -> Result<(), Box<Broken<A>>> {
        for _ in 0..payloads.saturating_mul(PATIENCE) {
            let tried = self.count.upcast + self.count.refused;
            // What could not be folded gets all the chances there are.
            if tried >= payloads.into() && self.unfolded.is_empty() {
                break;
            }
            match self.shape.draw(&mut self.dice) {
                Ok(choices) => self.try_one(choices, tried < payloads.into())?,
                Err(reason) => {
                    *self.count.reasons.entry(reason).or_default() += 1;
                    break;
                }
            }
        }
        let unfolded = std::mem::take(&mut self.unfolded);
        for (kinds, choices) in unfolded {
            self.find_simplest_unfolded(&kinds, choices)?;
        }
        Ok(())
    }

    fn try_one(&mut self, choices: Choices, is_counted: bool) -> Result<(), Box<Broken<A>>> {
        let is = self.read(&choices).map_err(|broken| {
            let law = broken.law.clone();
            let breaks = |choices: &Choices| self.read(choices).err();
            shrink(choices.clone(), broken, |choices| {
                breaks(choices).filter(|broken| broken.law == law)
            })
        })?;
        let count = &mut self.count;
        match is {
            Is::Nothing => *count.reasons.entry(NO_JSON.to_owned()).or_default() += 1,
            Is::Unreadable { reason, is_refused } if is_counted => {
                count.refused += u64::from(is_refused);
                *count.reasons.entry(reason).or_default() += 1;
            }
            Is::Unreadable { .. } => {}
            Is::Read { events, .. } => {
                count.upcast += u64::from(is_counted);
                let kinds = kinds(&events);
                if self.folded.contains(&kinds) {
                    return Ok(());
                }
                match self.fold(&events) {
                    Folded::Nowhere { .. } => match self.folds(&kinds) {
                        Folds::RelyOnDecisions => {}
                        Folds::Few => {
                            self.unfolded.entry(kinds).or_insert(choices);
                        }
                        Folds::Any => return self.find_simplest_unfolded(&kinds, choices),
                    },
                    // One that fits is enough where it is not known what does.
                    Folded::Somewhere if self.folds(&kinds) == Folds::Few => {
                        self.unfolded.remove(&kinds);
                        self.folded.insert(kinds);
                    }
                    Folded::Somewhere | Folded::Unknown => {}
                }
            }
        }
        Ok(())
    }

    /// How much can be asked of the fold of events of these kinds.
    fn folds(&self, kinds: &BTreeSet<&'static str>) -> Folds {
        let kinds = kinds.iter().map(|kind| {
            let mut known = self.folds.borrow_mut();
            *known
                .entry(*kind)
                .or_insert_with(|| self.happened.folds::<A>(kind))
        });
        kinds.min().unwrap_or(Folds::RelyOnDecisions)
    }

    /// Reads a payload, as a store would return it, and looks at what it is read as.
    fn read(&self, choices: &Choices) -> Result<Is<A::Event>, Box<Broken<A>>> {
        let Some(payloads) = self.shape.payloads(choices) else {
            return Ok(Is::Nothing);
        };
        let mut unreadable = None;
        for (place, metadata) in METADATA.iter().enumerate() {
            let needed = (place > 0).then_some(metadata.as_str());
            let broken = |law, read, evidence| {
                Box::new(Broken {
                    law,
                    history: Vec::new(),
                    payloads: payloads.clone(),
                    metadata: needed,
                    read,
                    evidence,
                })
            };
            let read = || read::<A::Event>(&payloads, metadata);
            let events = match catch(read) {
                Ok(Ok(events)) => events,
                Ok(Err((reason, is_refused))) => {
                    unreadable.get_or_insert(Is::Unreadable { reason, is_refused });
                    continue;
                }
                Err(panic) => {
                    return Err(broken(Law::DoNotPanic, None, vec![("Panic", panic)]));
                }
            };
            match catch(read) {
                Ok(Ok(again)) if again == events || same_text(&again, &events) => {}
                other => {
                    let again = match other {
                        Ok(Ok(again)) => scenario::numbered(&again),
                        Ok(Err((reason, _))) | Err(reason) => reason,
                    };
                    return Err(broken(Law::ArePure, Some(events), vec![("Again", again)]));
                }
            }
            for event in &events {
                if let Err(evidence) = stored(event) {
                    let law = Law::AreReadAsTheyWere(event.kind().name);
                    return Err(broken(law, Some(events), evidence));
                }
            }
            return Ok(Is::Read {
                events,
                metadata: needed,
            });
        }
        Ok(unreadable.unwrap_or(Is::Nothing))
    }

    /// Folds what was read where its first event happened.
    fn fold(&self, events: &[A::Event]) -> Folded<A::Event> {
        let first = events.first().map(|event| event.kind().name);
        let happened = first.map_or(&[][..], |name| self.happened.of(name));
        let mut folded = Folded::Unknown;
        for (history, _) in happened {
            match catch(|| A::replay(history.iter().chain(events))) {
                Ok(_) => return Folded::Somewhere,
                Err(panic) if matches!(folded, Folded::Unknown) => {
                    let history = history.clone();
                    folded = Folded::Nowhere { history, panic };
                }
                Err(_) => {}
            }
        }
        folded
    }

    /// Where few such events happened: unless a simpler one can be folded after all.
    fn find_simplest_unfolded(
        &self,
        law: &BTreeSet<&'static str>,
        choices: Choices,
    ) -> Result<(), Box<Broken<A>>> {
        let mut can_be_folded = false;
        let mut breaks = |choices: &Choices| {
            let Ok(Is::Read { events, metadata }) = self.read(choices) else {
                return None;
            };
            if kinds(&events) != *law {
                return None;
            }
            match self.fold(&events) {
                Folded::Nowhere { history, panic } => Some(Box::new(Broken {
                    law: Law::CanBeFolded(law.clone()),
                    history,
                    payloads: self.shape.payloads(choices)?,
                    metadata,
                    read: Some(events),
                    evidence: vec![("Panic", panic)],
                })),
                Folded::Somewhere => {
                    can_be_folded = true;
                    None
                }
                Folded::Unknown => None,
            }
        };
        let Some(broken) = breaks(&choices) else {
            return Ok(());
        };
        let broken = shrink(choices, broken, breaks);
        if can_be_folded && self.folds(law) == Folds::Few {
            return Ok(());
        }
        Err(broken)
    }
}

const NO_JSON: &str = "JSON has no form for it";

enum Folded<E> {
    Somewhere,
    /// And what it panics with, after the shortest of these histories.
    Nowhere {
        history: Vec<E>,
        panic: String,
    },
    /// Such events have not happened in any run.
    Unknown,
}

fn kinds<E: Event>(events: &[E]) -> BTreeSet<&'static str> {
    events.iter().map(|event| event.kind().name).collect()
}

/// What is read; or why nothing is, and whether it is the upcaster that refuses it.
fn read<E: Event>(payloads: &Payloads, metadata: &str) -> Result<Vec<E>, (String, bool)> {
    let stored = payloads
        .iter()
        .map(|(name, version, payload)| (name.as_str(), *version, payload));
    append::read(&Place::first::<E>(), stored, metadata, BEGINNING).map_err(|error| {
        let is_refused = matches!(error.source, DecodeError::Upcast { .. });
        let reason = match error.source {
            DecodeError::Upcast { source, .. } => source.to_string(),
            DecodeError::Payload { source, .. } => {
                let source = source.to_string();
                // Where in the text it is differs from payload to payload.
                let what = source.split(" at line ").next().unwrap_or_default();
                format!("what was made up is not read: {what}")
            }
            other => other.to_string(),
        };
        (reason, is_refused)
    })
}

/// The simplest that `breaks` a law.
fn shrink<A: Aggregate>(
    mut best: Choices,
    mut broken: Box<Broken<A>>,
    mut breaks: impl FnMut(&Choices) -> Option<Box<Broken<A>>>,
) -> Box<Broken<A>> {
    let mut left = SHRINKING;
    for part in 0..best.len() {
        let mut simpler = Simpler::new(best[part].clone());
        let mut more = simpler.accept();
        while more && left > 0 {
            left -= 1;
            let mut tried = best.clone();
            simpler.current().clone_into(&mut tried[part]);
            more = if let Some(simplest) = breaks(&tried) {
                (best, broken) = (tried, simplest);
                simpler.accept()
            } else {
                simpler.reject()
            };
        }
    }
    broken
}
