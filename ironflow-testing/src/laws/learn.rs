//! Finds out about a type what its `Deserialize` does not ask for, by trying.
//!
//! A text that is refused is tried in other forms: as a time, as a UUID and so on. Where anything is
//! asked for, what is refused is mended by what the refusal says: the name of a field that is
//! missing, the variants there are, the type that was expected. An untagged enum keeps that to
//! itself, but its variants say it to the one who listens.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::mem;

use serde::de::DeserializeOwned;

use super::choices::Dice;
use super::generator::{Kind, Last, Made, make};
use super::knowledge::{Knowledge, Place, Shape};
use super::refusal::{Found, Hint};
use super::values;

/// How many sequences of choices are tried.
const PROBES: usize = 160;
/// How often something may be found out about one sequence.
const LESSONS: usize = 64;
/// How often something may be found out about one place: what stands in it may have to be known
/// before.
const LESSONS_EACH: u8 = 5;
/// How many shapes are tried in one place.
const SHAPES: usize = 1_500;
/// How many of them are kept.
const KEPT: usize = 48;

/// All that can be found out about a type.
pub(super) fn learn<T: DeserializeOwned>() -> Knowledge {
    let mut knowledge = Knowledge::default();
    let mut lessons = HashMap::new();
    let mut dice = Dice::new(1);
    for probe in 0..PROBES {
        let choices = if probe == 0 {
            Vec::new()
        } else {
            dice.choices()
        };
        for _ in 0..LESSONS {
            let made = make::<T>(&knowledge, &choices);
            let (Err(_), Some(last)) = (&made.value, made.last) else {
                break;
            };
            if !mend::<T>(&mut knowledge, &choices, &made, last, &mut lessons) {
                break;
            }
        }
    }
    knowledge
}

/// Whether something was found out that makes up more of the value.
fn mend<T: DeserializeOwned>(
    knowledge: &mut Knowledge,
    choices: &[u64],
    made: &Made<T>,
    last: Last,
    lessons: &mut HashMap<Place, u8>,
) -> bool {
    let Last { place, kind, from } = last;
    let lesson = lessons.entry(place).or_default();
    *lesson += 1;
    if *lesson > LESSONS_EACH {
        return false;
    }
    match kind {
        Kind::Name if matches!(made.hints.last(), Some(Hint::Doubled(_))) => {
            knowledge.aliases.insert(place)
        }
        Kind::Text => mend_text(knowledge, choices, made, place),
        Kind::Anything => mend_shape::<T>(knowledge, &choices[..from.min(choices.len())], place),
        _ => false,
    }
}

/// Whether more is made with this knowledge, for some choice in the place that was refused.
fn helps<T: DeserializeOwned>(knowledge: &Knowledge, choices: &[u64], before: &Made<T>) -> bool {
    (0..8).any(|choice| {
        let mut choices = choices.to_vec();
        if let Some(at) = before.used.checked_sub(1) {
            choices.resize(choices.len().max(before.used), 0);
            choices[at] = choice;
        }
        let made = make::<T>(knowledge, &choices);
        made.value.is_ok() || made.filled > before.filled
    })
}

fn mend_text<T: DeserializeOwned>(
    knowledge: &mut Knowledge,
    choices: &[u64],
    made: &Made<T>,
    place: Place,
) -> bool {
    // Some text is taken: others are tried whenever one is refused.
    if helps(knowledge, choices, made) {
        return false;
    }
    for form in 1..values::FORMS {
        knowledge.texts.insert(place, form);
        if helps(knowledge, choices, made) {
            return true;
        }
    }
    knowledge.texts.remove(&place);
    false
}

fn mend_shape<T: DeserializeOwned>(
    knowledge: &mut Knowledge,
    choices: &[u64],
    place: Place,
) -> bool {
    let seeds = [
        Shape::Object(Vec::new()),
        Shape::Text(0),
        Shape::Unsigned,
        Shape::Float,
        Shape::Bool,
        Shape::Null,
        Shape::Sequence(Box::new(Shape::Unsigned), None),
    ];
    // What is refused for its shape is to be told from what is refused for being 0 or empty.
    let mut choices = choices.to_vec();
    choices.resize(choices.len() + 64, 1);
    let known = knowledge.shapes.get(&place).cloned().unwrap_or_default();
    let mut search = Search::<T> {
        knowledge,
        choices: &choices,
        place,
        seen: HashSet::new(),
        taken: Vec::new(),
        r#type: PhantomData,
    };
    for seed in seeds {
        search.explore(seed, &[], 0);
    }
    let mut taken = mem::take(&mut search.taken);
    // What was refused elsewhere may not be all that is needed here.
    let surely = taken.iter().any(|(_, surely)| *surely);
    taken.retain(|(_, is_sure)| *is_sure || !surely);
    let is_learned = !taken.is_empty();
    // Another variant, read in the same place, takes what was known before.
    let mut shapes = known;
    for (shape, _) in taken {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }
    knowledge.shapes.insert(place, shapes);
    is_learned
}

/// A search for the shapes that are taken in a place.
struct Search<'s, T> {
    knowledge: &'s mut Knowledge,
    choices: &'s [u64],
    place: Place,
    seen: HashSet<Shape>,
    /// And whether nothing else was refused with it.
    taken: Vec<(Shape, bool)>,
    r#type: PhantomData<T>,
}

impl<T: DeserializeOwned> Search<'_, T> {
    fn explore(&mut self, shape: Shape, hints: &[Hint], depth: usize) {
        let exhausted = self.seen.len() >= SHAPES || self.taken.len() >= KEPT || depth > 40;
        if exhausted || !self.seen.insert(shape.clone()) {
            return;
        }
        self.knowledge
            .shapes
            .insert(self.place, vec![shape.clone()]);
        let made = make::<T>(self.knowledge, self.choices);
        let is_here = made.last.is_some_and(|last| last.place == self.place);
        if made.value.is_ok() || !is_here {
            self.taken.push((shape, made.value.is_ok()));
            return;
        }
        if made.hints == hints {
            return;
        }
        for hint in &made.hints {
            for better in mended(&shape, hint) {
                self.explore(better, &made.hints, depth + 1);
            }
        }
    }
}

/// All shapes that differ in one place, as a hint suggests.
fn mended(shape: &Shape, hint: &Hint) -> Vec<Shape> {
    let mut all = here(shape, hint);
    match shape {
        Shape::Object(fields) => {
            for (at, (_, inner)) in fields.iter().enumerate() {
                for better in mended(inner, hint) {
                    let mut fields = fields.clone();
                    fields[at].1 = better;
                    all.push(Shape::Object(fields));
                }
            }
        }
        Shape::Sequence(element, length) => {
            let better = mended(element, hint).into_iter();
            all.extend(better.map(|element| Shape::Sequence(Box::new(element), *length)));
        }
        _ => {}
    }
    all
}

fn here(shape: &Shape, hint: &Hint) -> Vec<Shape> {
    match (hint, shape) {
        (Hint::Missing(name), Shape::Object(fields)) if !has(fields, name) => {
            let mut fields = fields.clone();
            fields.push((name, Shape::Text(0)));
            vec![Shape::Object(fields)]
        }
        (Hint::Doubled(name), Shape::Object(fields)) if has(fields, name) => {
            vec![without(fields, name)]
        }
        (Hint::Unknown(name), Shape::Object(fields)) if has(fields, name) => {
            vec![without(fields, name)]
        }
        (Hint::Variants(names), Shape::Text(_) | Shape::Word(_)) => {
            names.iter().map(|name| Shape::Word(name)).collect()
        }
        (Hint::Type { found, expected }, _) if *found == found_in(shape) => wanted(shape, expected),
        (Hint::Length(expected), Shape::Sequence(element, _)) => {
            let length = number(expected);
            vec![Shape::Sequence(element.clone(), length)]
        }
        (Hint::Other, Shape::Text(0)) => (1..values::FORMS).map(Shape::Text).collect(),
        _ => Vec::new(),
    }
}

fn has(fields: &[(&'static str, Shape)], name: &str) -> bool {
    fields.iter().any(|(field, _)| *field == name)
}

fn without(fields: &[(&'static str, Shape)], name: &str) -> Shape {
    let others = fields.iter().filter(|(field, _)| *field != name);
    Shape::Object(others.cloned().collect())
}

fn found_in(shape: &Shape) -> Found {
    match shape {
        Shape::Null => Found::Null,
        Shape::Bool => Found::Bool,
        Shape::Unsigned | Shape::Signed => Found::Number,
        Shape::Float => Found::Float,
        Shape::Text(_) | Shape::Word(_) => Found::Text,
        Shape::Sequence(..) => Found::Sequence,
        Shape::Object(_) => Found::Object,
    }
}

/// What may be meant by what serde says is expected.
fn wanted(shape: &Shape, expected: &str) -> Vec<Shape> {
    let says = |words: &[&str]| words.iter().any(|word| expected.contains(word));
    if let Shape::Word(name) = shape
        && says(&["variant"])
    {
        // The variant has a content.
        return [Shape::Unsigned, Shape::Object(Vec::new())]
            .into_iter()
            .map(|content| Shape::Object(vec![(name, content)]))
            .collect();
    }
    let sequence = || Shape::Sequence(Box::new(Shape::Unsigned), number(expected));
    let mut wanted = Vec::new();
    if says(&["struct", "map", "enum", "variant"]) {
        wanted.push(Shape::Object(Vec::new()));
    }
    if says(&["string", "str", "char", "enum", "text"]) {
        wanted.push(Shape::Text(0));
    }
    if says(&["sequence", "tuple", "array", "element"]) {
        wanted.push(sequence());
    }
    if says(&["u8", "u16", "u32", "u64", "u128", "usize", "integer"]) {
        wanted.push(Shape::Unsigned);
    }
    if says(&["i8", "i16", "i32", "i64", "i128", "isize"]) {
        wanted.push(Shape::Signed);
    }
    if says(&["f32", "f64", "float"]) {
        wanted.push(Shape::Float);
    }
    if says(&["bool"]) {
        wanted.push(Shape::Bool);
    }
    if says(&["unit", "null", "option"]) {
        wanted.push(Shape::Null);
    }
    if wanted.is_empty() {
        // Whoever wrote it used words of their own.
        wanted.extend([Shape::Text(0), Shape::Unsigned, sequence()]);
    }
    wanted
}

fn number(text: &str) -> Option<usize> {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    digits.filter_map(|digits| digits.parse().ok()).next_back()
}
