//! A relation between shapes that may contain themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::shape::Shape;

/// Two shapes, of which one is held against the other.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a>(pub(super) Shape<'a>, pub(super) Shape<'a>);

type Key = (*const Value, *const Value);

impl<'a> Pair<'a> {
    /// A type is the same pair wherever it is referred to.
    pub(super) fn of(one: Shape<'a>, other: Shape<'a>) -> Self {
        Self(one.itself(), other.itself())
    }

    fn key(self) -> Key {
        (
            std::ptr::from_ref(self.0.schema),
            std::ptr::from_ref(self.1.schema),
        )
    }
}

/// What must hold for a pair to be related. Paths begin at the pair.
pub(super) enum Condition<'a> {
    /// It cannot be.
    Never { path: String, why: String },
    /// These parts are related.
    Part { path: String, pair: Pair<'a> },
    /// Some of these are related.
    Any {
        pairs: Vec<Pair<'a>>,
        why: String,
        /// The one that was most likely meant: where it is not related, it says why.
        closest: Option<Pair<'a>>,
    },
}

/// Which pairs are related: as many as the conditions allow, since a type that contains itself is
/// related to another as long as nothing speaks against it.
///
/// Pairs are looked at once each, and not by recursion: there may be as many nested in one another
/// as the product of the types on both sides.
pub(super) struct Relation<'a, F> {
    conditions_of: F,
    pairs: BTreeMap<Key, Entry<'a>>,
}

struct Entry<'a> {
    conditions: Vec<Condition<'a>>,
    holds: bool,
    /// The pairs that have this one in their conditions.
    needed_by: Vec<Key>,
}

impl<'a, F: Fn(Pair<'a>) -> Vec<Condition<'a>>> Relation<'a, F> {
    pub(super) fn new(conditions_of: F) -> Self {
        Self {
            conditions_of,
            pairs: BTreeMap::new(),
        }
    }

    /// Why a pair is not related, one line each; nothing where it is.
    pub(super) fn refusals(
        &mut self,
        start: Pair<'a>,
        line: impl Fn(&str, &str) -> String,
    ) -> Vec<String> {
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut seen = BTreeSet::new();
        // By breadth: a type that contains itself is told about where it is met first.
        let mut left = VecDeque::from([(String::new(), start)]);
        while let Some((path, pair)) = left.pop_front() {
            if self.holds(pair) || !seen.insert(pair.key()) {
                continue;
            }
            for condition in self.unmet(pair) {
                match condition {
                    Unmet::Here { path: own, why } => {
                        let path = join(&path, &own);
                        let line = line(&path, &why);
                        if !lines.iter().any(|(_, known)| *known == line) {
                            lines.push((path, line));
                        }
                    }
                    Unmet::Part { path: own, pair } => left.push_back((join(&path, &own), pair)),
                }
            }
        }
        lines.sort_by(|(one, _), (other, _)| one.cmp(other));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// What speaks against a pair.
    fn unmet(&mut self, pair: Pair<'a>) -> Vec<Unmet<'a>> {
        let mut unmet = Vec::new();
        let mut left = Vec::new();
        for condition in self
            .pairs
            .get(&pair.key())
            .map_or(&[][..], |entry| &entry.conditions)
        {
            match condition {
                Condition::Never { path, why } => unmet.push(Unmet::Here {
                    path: path.clone(),
                    why: why.clone(),
                }),
                Condition::Part { path, pair } => unmet.push(Unmet::Part {
                    path: path.clone(),
                    pair: *pair,
                }),
                Condition::Any {
                    pairs,
                    why,
                    closest,
                } => left.push((pairs.clone(), why.clone(), *closest)),
            }
        }
        for (pairs, why, closest) in left {
            // Where something else cannot be, these were not looked at yet.
            if pairs.into_iter().any(|pair| self.holds(pair)) {
                continue;
            }
            let path = String::new();
            unmet.push(match closest {
                Some(pair) => Unmet::Part { path, pair },
                None => Unmet::Here { path, why },
            });
        }
        unmet
    }

    /// Whether a pair is related.
    pub(super) fn holds(&mut self, pair: Pair<'a>) -> bool {
        self.explore(pair);
        self.pairs.get(&pair.key()).is_some_and(|entry| entry.holds)
    }

    /// Looks at a pair, and at all it depends on.
    fn explore(&mut self, start: Pair<'a>) {
        let mut fallen = Vec::new();
        let mut added = Vec::new();
        let mut left = vec![start];
        while let Some(pair) = left.pop() {
            let key = pair.key();
            if self.pairs.contains_key(&key) {
                continue;
            }
            let conditions = (self.conditions_of)(pair);
            let holds = !conditions
                .iter()
                .any(|condition| matches!(condition, Condition::Never { .. }));
            // What cannot be depends on nothing any more.
            if holds {
                left.extend(conditions.iter().flat_map(Condition::pairs));
            }
            let entry = Entry {
                conditions,
                holds,
                needed_by: Vec::new(),
            };
            self.pairs.insert(key, entry);
            added.push(key);
        }
        for key in &added {
            let entry = &self.pairs[key];
            if !entry.holds {
                fallen.push(*key);
                continue;
            }
            let needed: Vec<Key> = entry
                .conditions
                .iter()
                .flat_map(Condition::pairs)
                .map(Pair::key)
                .collect();
            for part in needed {
                if let Some(part) = self.pairs.get_mut(&part) {
                    part.needed_by.push(*key);
                }
            }
        }
        // What was found earlier may speak against what was found now.
        for key in added {
            self.reconsider(key, &mut fallen);
        }
        while let Some(key) = fallen.pop() {
            for dependent in self.pairs[&key].needed_by.clone() {
                self.reconsider(dependent, &mut fallen);
            }
        }
    }

    fn reconsider(&mut self, key: Key, fallen: &mut Vec<Key>) {
        let holds = |pair: &Pair<'a>| self.pairs.get(&pair.key()).is_none_or(|entry| entry.holds);
        let entry = &self.pairs[&key];
        let is_met = entry.conditions.iter().all(|condition| match condition {
            Condition::Never { .. } => false,
            Condition::Part { pair, .. } => holds(pair),
            Condition::Any { pairs, .. } => pairs.iter().any(holds),
        });
        if entry.holds && !is_met {
            fallen.push(key);
            if let Some(entry) = self.pairs.get_mut(&key) {
                entry.holds = false;
            }
        }
    }
}

/// A condition that is not met.
enum Unmet<'a> {
    Here { path: String, why: String },
    Part { path: String, pair: Pair<'a> },
}

impl<'a> Condition<'a> {
    fn pairs(&self) -> impl Iterator<Item = Pair<'a>> {
        let (one, several) = match self {
            Self::Never { .. } => (None, &[][..]),
            Self::Part { pair, .. } => (Some(*pair), &[][..]),
            Self::Any { pairs, .. } => (None, &pairs[..]),
        };
        one.into_iter().chain(several.iter().copied())
    }
}

/// A path within another: `items`, `items[]`, `items[].sku`.
fn join(path: &str, own: &str) -> String {
    if path.is_empty() || own.is_empty() || own.starts_with('[') {
        format!("{path}{own}")
    } else {
        format!("{path}.{own}")
    }
}

/// Of several shapes, the one that was most likely the other before it was changed.
pub(super) fn closest<'a>(shape: Shape<'a>, others: &[Shape<'a>]) -> Option<Shape<'a>> {
    let word = shape.word()?;
    let mut alike: Vec<_> = others
        .iter()
        .copied()
        .filter(|other| other.word() == Some(word) && other.values().is_none())
        .filter(|other| {
            let known = other.properties();
            // What says which variant it is.
            shape.properties().iter().all(|(name, property)| {
                let tag = property.shape.values();
                match (tag, known.get(name).and_then(|known| known.shape.values())) {
                    (Some(tag), Some(known)) => tag == known,
                    _ => true,
                }
            })
        })
        .collect();
    let names = |shape: Shape<'a>| shape.properties().into_keys().collect::<BTreeSet<_>>();
    let own = names(shape);
    if alike.len() > 1 {
        alike.retain(|other| names(*other) == own);
    }
    match alike.as_slice() {
        // An object that has nothing in common is another variant.
        [only] if own.is_empty() || own.intersection(&names(*only)).next().is_some() => Some(*only),
        _ => None,
    }
}
