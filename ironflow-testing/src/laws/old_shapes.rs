//! The shapes that events had before, and payloads of them. They are made up of the `Deserialize` of
//! the shape, as commands are.

use std::any::type_name;
use std::rc::Rc;

use ironflow_domain::__private::OldShapes;
use ironflow_domain::Event;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::choices::Dice;
use super::command::short;
use super::generator::{Made, make};
use super::knowledge::Knowledge;
use super::made_up::Learned;
use super::recorded::Recorded;
use super::values;

/// How many payloads are looked at to find out whether they are objects, and to find one.
const PROBES: usize = 16;

/// What was stored in one append: names, versions, payloads.
pub(super) type Payloads = Vec<(String, u32, Value)>;

/// What a payload of each part stands for.
pub(super) type Choices = Vec<Vec<u64>>;

/// Payloads that somebody gives, in place of those that are made up.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) payloads: Vec<Value>,
}

impl Given {
    pub(super) fn is_one_of(&self, shapes: &[OldShape]) -> bool {
        let mut parts = shapes.iter().flat_map(OldShape::parts);
        parts.any(|part| part == (self.name, self.version))
    }
}

/// What is stored in an old shape: one event, or all the parts of a merge.
#[derive(Debug)]
pub(super) struct OldShape {
    parts: Vec<Rc<Part>>,
}

#[derive(Debug)]
struct Part {
    name: &'static str,
    version: u32,
    source: Source,
}

#[derive(Debug)]
enum Source {
    MadeUp {
        learned: Learned<Option<Value>>,
        r#type: &'static str,
        /// Events are objects. What is read from anything else, too, as a `Value`, never was.
        is_object: bool,
    },
    Given(Vec<Value>),
}

/// All that events of the set may be stored in, besides their shapes of today.
pub(super) fn old_shapes<E: Event>(given: &[Given]) -> Vec<OldShape> {
    let mut collected = Collected {
        given,
        parts: Vec::new(),
    };
    E::old_shapes(&mut collected);
    let parts = collected.parts;
    let is_merged = |name| E::MERGES.iter().any(|names| names.contains(&name));
    let alone = parts.iter().filter(|part| !is_merged(part.name));
    let mut shapes: Vec<_> = alone.map(|part| vec![Rc::clone(part)]).collect();
    for names in E::MERGES {
        let versions = names.iter().map(|name| {
            let versions = parts.iter().filter(|part| part.name == *name);
            versions.collect::<Vec<_>>()
        });
        let versions: Vec<_> = versions.collect();
        let newest = versions.iter().filter_map(|part| part.last().copied());
        let newest: Vec<_> = newest.map(Rc::clone).collect();
        // Each version of each part, with the newest of the others.
        for (place, versions) in versions.iter().enumerate() {
            for older in &versions[..versions.len().saturating_sub(1)] {
                let mut together = newest.clone();
                together[place] = Rc::clone(older);
                shapes.push(together);
            }
        }
        shapes.push(newest);
    }
    shapes.into_iter().map(|parts| OldShape { parts }).collect()
}

struct Collected<'g> {
    given: &'g [Given],
    parts: Vec<Rc<Part>>,
}

impl OldShapes for Collected<'_> {
    fn shape<T: DeserializeOwned>(&mut self, name: &'static str, version: u32) {
        let mut given = self.given.iter();
        let given = given.find(|given| (given.name, given.version) == (name, version));
        let source = match given {
            Some(given) => Source::Given(given.payloads.clone()),
            None => Source::made_up::<T>(),
        };
        self.parts.push(Rc::new(Part {
            name,
            version,
            source,
        }));
    }
}

impl Source {
    fn made_up<T: DeserializeOwned>() -> Self {
        let learned = Learned::of::<Recorded<T>>(recorded::<T>);
        let mut dice = Dice::new(4);
        let is_object = (0..PROBES)
            .filter_map(|_| learned.make(&dice.choices()).value.ok()?)
            .any(|json| json.is_object());
        Self::MadeUp {
            learned,
            r#type: short(type_name::<T>()),
            is_object,
        }
    }
}

fn recorded<T: DeserializeOwned>(knowledge: &Knowledge, choices: &[u64]) -> Made<Option<Value>> {
    make::<Recorded<T>>(knowledge, choices).map(|recorded| recorded.json)
}

impl Part {
    fn draw(&self, dice: &mut Dice) -> Result<Vec<u64>, String> {
        let (learned, r#type) = match &self.source {
            Source::MadeUp {
                learned, r#type, ..
            } => (learned, r#type),
            Source::Given(payloads) if payloads.is_empty() => {
                return Err("it is said what is stored, and that is nothing".to_owned());
            }
            Source::Given(_) => return Ok(vec![dice.roll()]),
        };
        let mut drawn = Vec::new();
        for _ in 0..PROBES {
            drawn = learned
                .draw(dice)
                .map_err(|refusal| format!("no value of `{type}` can be made up: {refusal}"))?;
            if self.payload(&drawn).is_some() {
                break;
            }
        }
        Ok(drawn)
    }

    fn payload(&self, choices: &[u64]) -> Option<Value> {
        match &self.source {
            Source::MadeUp {
                learned, is_object, ..
            } => {
                let json = learned.make(choices).value.ok()??;
                (json.is_object() || !is_object).then_some(json)
            }
            Source::Given(payloads) => {
                let choice = choices.first().copied().unwrap_or(0);
                payloads.get(values::nth(choice, payloads.len())).cloned()
            }
        }
    }
}

impl OldShape {
    /// The names and versions of its parts.
    pub(super) fn parts(&self) -> Vec<(&'static str, u32)> {
        let parts = self.parts.iter();
        parts.map(|part| (part.name, part.version)).collect()
    }

    /// Choices that stand for payloads.
    pub(super) fn draw(&self, dice: &mut Dice) -> Result<Choices, String> {
        self.parts.iter().map(|part| part.draw(dice)).collect()
    }

    /// What the choices stand for, where JSON has a form for it.
    pub(super) fn payloads(&self, choices: &[Vec<u64>]) -> Option<Payloads> {
        let parts = self.parts.iter().zip(choices);
        parts
            .map(|(part, choices)| {
                Some((part.name.to_owned(), part.version, part.payload(choices)?))
            })
            .collect()
    }
}
