//! Where the search gets to: behind what ends a story, and to what takes several commands.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use std::collections::BTreeMap;

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use proptest::prelude::*;
use serde::Deserialize;

#[event("library")]
pub enum LibraryEvent {
    Acquired { isbn: String },
    Lent { isbn: String, reader: String },
    Returned { isbn: String },
    Closed,
}

#[derive(Aggregate, Default)]
#[aggregate(event = LibraryEvent, error = std::fmt::Error)]
pub struct Library {
    lent: BTreeMap<String, Option<String>>,
    closed: bool,
}

#[command(Library)]
#[derive(Deserialize)]
pub struct Acquire {
    pub note: Option<String>,
    pub isbn: String,
}

#[command(Library)]
#[derive(Deserialize)]
pub struct Lend {
    pub isbn: String,
    pub reader: String,
}

#[command(Library)]
#[derive(Deserialize)]
pub struct Return {
    pub isbn: String,
}

#[command(Library)]
#[derive(Deserialize)]
pub struct Close;

impl Fold for Library {
    fn fold(&mut self, event: &LibraryEvent) {
        match event {
            LibraryEvent::Lent { isbn, reader } => {
                self.lent.insert(isbn.clone(), Some(reader.clone()));
            }
            LibraryEvent::Acquired { isbn } | LibraryEvent::Returned { isbn } => {
                self.lent.insert(isbn.clone(), None);
            }
            LibraryEvent::Closed => self.closed = true,
        }
    }
}

impl Decide<Acquire> for Library {
    fn decide(&self, Acquire { isbn, .. }: Acquire) -> Decision<Self> {
        if self.closed || isbn.is_empty() || self.lent.contains_key(&isbn) {
            return Err(std::fmt::Error);
        }
        Ok(events![LibraryEvent::Acquired { isbn }])
    }
}

impl Decide<Lend> for Library {
    fn decide(&self, Lend { isbn, reader }: Lend) -> Decision<Self> {
        if self.closed || self.lent.get(&isbn) != Some(&None) {
            return Err(std::fmt::Error);
        }
        Ok(events![LibraryEvent::Lent { isbn, reader }])
    }
}

impl Decide<Return> for Library {
    fn decide(&self, Return { isbn }: Return) -> Decision<Self> {
        if self.closed || !matches!(self.lent.get(&isbn), Some(Some(_))) {
            return Err(std::fmt::Error);
        }
        Ok(events![LibraryEvent::Returned { isbn }])
    }
}

impl Decide<Close> for Library {
    fn decide(&self, _: Close) -> Decision<Self> {
        if self.closed {
            return Err(std::fmt::Error);
        }
        Ok(events![LibraryEvent::Closed])
    }
}

fn library() -> Laws<Library> {
    Laws::new()
        .of(commands::<Acquire>())
        .of(commands::<Lend>())
        .of(commands::<Return>())
        .of(commands::<Close>())
}

#[test]
fn what_ends_a_story_does_not_keep_the_rest_from_being_tried() {
    for seed in 1..6 {
        let statistics = library().cases(256).seed(seed).check();
        let statistics = statistics.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(statistics.accepted("lend") > 100, "{statistics}");
        assert!(statistics.accepted("return") > 30, "{statistics}");
    }
}

#[test]
fn what_takes_three_commands_about_the_same_thing_is_found_from_every_seed() {
    for seed in 1..9 {
        let laws = library().seed(seed);
        let laws = laws.invariant_of_history("nobody returns", |_, history: &[LibraryEvent]| {
            !matches!(history.last(), Some(LibraryEvent::Returned { .. }))
        });
        let failure = laws.check().expect_err("a book is returned").to_string();
        assert!(failure.contains("2  Lent {"), "{failure}");
        assert!(!failure.contains("3  "), "{failure}");
    }
}

#[test]
fn all_that_is_decided_in_a_run_is_about_one_aggregate() {
    let both = || prop_oneof![Just("one"), Just("other")];
    let laws = Laws::<Sums>::new()
        .of(commands::<Add>().drawn_from(both().prop_map(|name| Add { name: name.into() })))
        .invariant("there is one name", |sums: &Sums| {
            sums.0.windows(2).all(|two| two[0] == two[1])
        });
    laws.hold();
}

#[event("sums")]
pub enum Added {
    Added { name: String },
}

#[derive(Aggregate, Default)]
#[aggregate(event = Added, error = std::fmt::Error)]
pub struct Sums(Vec<String>);

#[command(Sums)]
pub struct Add {
    #[id]
    pub name: String,
}

impl Fold for Sums {
    fn fold(&mut self, Added::Added { name }: &Added) {
        self.0.push(name.clone());
    }
}

impl Decide<Add> for Sums {
    fn decide(&self, Add { name }: Add) -> Decision<Self> {
        Ok(events![Added::Added { name }])
    }
}
