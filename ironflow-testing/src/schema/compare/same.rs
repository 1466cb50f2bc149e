//! Whether two shapes are the same, and the fields that differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::relation::{Condition, Pair, Relation, closest};
use super::shape::{Rest, Shape};

/// Whether the same fits both, with the same defaults.
pub(super) fn is_same(one: Shape<'_>, other: Shape<'_>) -> bool {
    Relation::new(conditions).holds(Pair::of(one, other))
}

/// One line for each field that differs.
pub(super) fn differences(old: Shape<'_>, new: Shape<'_>) -> Vec<String> {
    Relation::new(conditions).refusals(Pair::of(old, new), |path, what| {
        // What was there before, and is now, is told by its mark.
        let (mark, what) = what.split_at(1);
        let path = if path.is_empty() { "the payload" } else { path };
        format!("{mark} {path}: {what}")
    })
}

/// What must hold for the first of a pair to be the same as the second.
fn conditions(Pair(old, new): Pair<'_>) -> Vec<Condition<'_>> {
    let mut conditions = Conditions(Vec::new());
    match (old.is_anything(), new.is_anything()) {
        (true, true) => return conditions.0,
        (false, false) => {}
        _ => {
            conditions.changed(old, new);
            return conditions.0;
        }
    }
    let (olds, old_values) = alternatives(old);
    let (news, new_values) = alternatives(new);
    if old_values != new_values {
        conditions.changed(old, new);
    }
    if let ([old], [new]) = (olds.as_slice(), news.as_slice()) {
        conditions.one(*old, *new);
        return conditions.0;
    }
    let why = format!("~{} → {}", old.describe(), new.describe());
    for old in &olds {
        conditions.0.push(Condition::Any {
            pairs: news.iter().map(|new| Pair::of(*old, *new)).collect(),
            why: why.clone(),
            closest: closest(*old, &news).map(|new| Pair::of(*old, new)),
        });
    }
    for new in &news {
        conditions.0.push(Condition::Any {
            pairs: olds.iter().map(|old| Pair::of(*old, *new)).collect(),
            why: why.clone(),
            closest: closest(*new, &olds).map(|old| Pair::of(old, *new)),
        });
    }
    conditions.0
}

/// The alternatives, and the values among them in one order.
fn alternatives(shape: Shape<'_>) -> (Vec<Shape<'_>>, BTreeSet<String>) {
    let mut values = BTreeSet::new();
    let mut shapes = Vec::new();
    for one in shape.alternatives() {
        match one.values() {
            Some(known) => values.extend(known.iter().map(ToString::to_string)),
            None => shapes.push(one),
        }
    }
    (shapes, values)
}

struct Conditions<'a>(Vec<Condition<'a>>);

impl<'a> Conditions<'a> {
    fn never(&mut self, path: impl Into<String>, what: impl Into<String>) {
        self.0.push(Condition::Never {
            path: path.into(),
            why: what.into(),
        });
    }

    fn part(&mut self, path: impl Into<String>, old: Shape<'a>, new: Shape<'a>) {
        self.0.push(Condition::Part {
            path: path.into(),
            pair: Pair::of(old, new),
        });
    }

    fn changed(&mut self, old: Shape<'a>, new: Shape<'a>) {
        let (was, is) = (old.describe(), new.describe());
        self.never(
            "",
            if was == is {
                format!("~{} → {}", Value::Object(own(old)), Value::Object(own(new)))
            } else {
                format!("~{was} → {is}")
            },
        );
    }

    fn one(&mut self, old: Shape<'a>, new: Shape<'a>) {
        if own(old) != own(new) {
            self.changed(old, new);
        }
        if old.word() == new.word() {
            self.fields(old, new);
            self.parts(old, new);
        }
    }

    fn fields(&mut self, old: Shape<'a>, new: Shape<'a>) {
        let (before, after) = (old.properties(), new.properties());
        let names: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            match (before.get(name), after.get(name)) {
                (Some(was), Some(is)) => {
                    match (old.requires(name), new.requires(name)) {
                        (true, false) => self.never(name, "~need not be there any more"),
                        (false, true) => self.never(name, "~must be there now"),
                        _ => {}
                    }
                    if let (Some(was), Some(is)) = (was.default, is.default)
                        && was != is
                    {
                        self.never(name, format!("~default {was} → {is}"));
                    }
                    self.part(name, was.shape, is.shape);
                }
                (Some(was), None) => self.never(name, format!("-{}", was.shape.describe())),
                (None, Some(is)) => {
                    let default = if new.requires(name) {
                        ""
                    } else {
                        ", with a default"
                    };
                    self.never(name, format!("+{}{default}", is.shape.describe()));
                }
                (None, None) => {}
            }
        }
    }

    /// What is not a field with a name.
    fn parts(&mut self, old: Shape<'a>, new: Shape<'a>) {
        match (old.rest(), new.rest()) {
            (Rest::Map(was), Rest::Map(is)) => self.part("*", was, is),
            (Rest::Map(was), _) => self.never("*", format!("-{}", was.describe())),
            (_, Rest::Map(is)) => self.never("*", format!("+{}", is.describe())),
            (Rest::Ignored, Rest::Refused) => self.never("", "~refuses unknown fields now"),
            (Rest::Refused, Rest::Ignored) => {
                self.never("", "~does not refuse unknown fields any more");
            }
            (Rest::Ignored, Rest::Ignored) | (Rest::Refused, Rest::Refused) => {}
        }
        for (pattern, was) in old.patterns() {
            match new.patterns().find(|(known, _)| *known == pattern) {
                Some((_, is)) => self.part("*", was, is),
                None => self.never("*", format!("-{} under {pattern}", was.describe())),
            }
        }
        for (pattern, is) in new.patterns() {
            if !old.patterns().any(|(known, _)| known == pattern) {
                self.never("*", format!("+{} under {pattern}", is.describe()));
            }
        }
        if old.word() == Some("array") {
            self.part(
                "[]",
                old.part_or_anything("items"),
                new.part_or_anything("items"),
            );
        }
        let (was, is) = (old.places(), new.places());
        if was.len() != is.len() {
            self.never("", format!("~{} places → {} places", was.len(), is.len()));
        }
        for (place, (was, is)) in was.into_iter().zip(is).enumerate() {
            self.part(format!("[{place}]"), was, is);
        }
        let all = |shape: Shape<'a>| {
            let all = shape.get("allOf").and_then(Value::as_array);
            all.into_iter()
                .flatten()
                .map(move |schema| shape.part(schema))
        };
        if all(old).count() != all(new).count() {
            self.changed(old, new);
        }
        for (was, is) in all(old).zip(all(new)) {
            self.part("", was, is);
        }
    }
}

/// What a shape says that is not about its parts.
fn own(shape: Shape<'_>) -> Map<String, Value> {
    shape
        .keywords()
        .filter(|(keyword, _)| {
            !matches!(
                keyword.as_str(),
                "properties"
                    | "required"
                    | "items"
                    | "prefixItems"
                    | "additionalProperties"
                    | "patternProperties"
                    | "allOf"
            )
        })
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect()
}
