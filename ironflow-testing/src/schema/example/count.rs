//! How many examples it takes to show each alternative.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::size::Sizes;

/// How many alternatives each definition has.
pub(super) struct Count<'a> {
    sizes: &'a Sizes<'a>,
    known: BTreeMap<&'a str, usize>,
}

impl<'a> Count<'a> {
    pub(super) fn of(schema: &'a Value, sizes: &'a Sizes<'a>) -> Self {
        let mut count = Self {
            sizes,
            known: BTreeMap::new(),
        };
        count.look(schema, &mut BTreeSet::new());
        count
    }

    /// Counts those of all definitions on the way, each after those it leads to.
    fn look(&mut self, schema: &'a Value, open: &mut BTreeSet<&'a str>) {
        match schema {
            Value::Object(keywords) => {
                if let Some(reference) = keywords.get("$ref").and_then(Value::as_str)
                    && let Some(definition) = self.sizes.definition(reference)
                    && open.insert(reference)
                {
                    self.look(definition, open);
                    let count = self.alternatives(definition, Some(reference));
                    self.known.insert(reference, count);
                }
                let parts = keywords.iter().filter(|(keyword, _)| *keyword != "$defs");
                for (_, part) in parts {
                    self.look(part, open);
                }
            }
            Value::Array(parts) => {
                for part in parts {
                    self.look(part, open);
                }
            }
            _ => {}
        }
    }

    /// How many examples it takes to have each alternative in one of them; of what stands in a
    /// definition, `within` it. What leads back to it counts as one.
    pub(super) fn alternatives(&self, schema: &Value, within: Option<&str>) -> usize {
        match schema {
            Value::Object(keywords) => keywords
                .iter()
                .filter(|(keyword, _)| *keyword != "$defs")
                .map(|(keyword, value)| match (keyword.as_str(), value) {
                    ("$ref", Value::String(reference)) => {
                        if within.is_some_and(|within| self.sizes.leads_to(reference, within)) {
                            return 1;
                        }
                        self.known.get(reference.as_str()).copied().unwrap_or(1)
                    }
                    ("anyOf", Value::Array(all)) => {
                        let counts = self.counts(all, within);
                        counts.fold(0_usize, |sum, (_, count)| sum.saturating_add(count))
                    }
                    ("enum" | "examples", Value::Array(all)) => all.len(),
                    _ => self.alternatives(value, within),
                })
                .max()
                .unwrap_or(0),
            Value::Array(values) => {
                let counts = values.iter().map(|value| self.alternatives(value, within));
                counts.max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// The alternatives that have a value, and how many each of them has.
    fn counts<'b>(
        &self,
        all: &'b [Value],
        within: Option<&str>,
    ) -> impl Iterator<Item = (&'b Value, usize)> {
        all.iter()
            .filter(|one| self.sizes.size(one).is_some())
            .map(move |one| (one, self.alternatives(one, within).max(1)))
    }

    /// The alternative that has the nth of all in it, and which of its own that is.
    pub(super) fn alternative<'b>(
        &self,
        all: &'b [Value],
        within: Option<&str>,
        nth: usize,
    ) -> Option<(&'b Value, usize)> {
        let counts: Vec<_> = self.counts(all, within).collect();
        let sum = counts
            .iter()
            .fold(0_usize, |sum, (_, count)| sum.saturating_add(*count));
        let mut nth = nth % sum.max(1);
        for (one, count) in counts {
            if nth < count {
                return Some((one, nth));
            }
            nth -= count;
        }
        None
    }
}
