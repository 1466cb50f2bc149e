//! A sound domain with a history: each way to change an event, and all that is stored is read.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use std::collections::BTreeMap;

use ironflow_domain::{
    Aggregate, Decide, Decision, EventRef, Events, Fold, Timestamp, Upcast, UpcastResult, command,
    event, events,
};
use ironflow_testing::laws::{Laws, commands};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[event(
    "cart",
    replaced("cart.put", PutV1, Put),
    split("cart.swapped", Swapped),
    merged(("cart.named", NamedV1, Named), ("cart.aged", Aged)),
    dropped("cart.viewed"),
    retired("cart.burnt")
)]
pub enum CartEvent {
    #[event(version = 4, upcast(_, AddedV2, AddedV3), also_named("cart.included"))]
    Added(Added),
    #[event(version = 2, upcast(RemovedV1))]
    Removed {
        sku: String,
        count: u32,
    },
    #[event(version = 2, upcast(Value))]
    Labelled(Labelled),
    Owned {
        name: String,
        age: u8,
    },
    /// No command leads to it.
    #[event(version = 2, upcast(ClosedV1))]
    Closed {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Added {
    pub sku: String,
    pub count: u32,
    pub at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub struct AddedV3 {
    sku: String,
    count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AddedV2 {
    Single { sku: String },
    Many { sku: String, count: u32 },
}

impl From<AddedV2> for AddedV3 {
    fn from(old: AddedV2) -> Self {
        match old {
            AddedV2::Single { sku } => Self { sku, count: 1 },
            AddedV2::Many { sku, count } => Self { sku, count },
        }
    }
}

impl Upcast<AddedV3> for Added {
    fn upcast(AddedV3 { sku, count }: AddedV3, event: &EventRef<'_>) -> UpcastResult<Self> {
        let at = event
            .read_metadata()?
            .issued_at
            .ok_or("nobody knows when")?;
        let at = Some(at);
        Ok(Self { sku, count, at })
    }
}

/// More may have been removed, by what is made up, than there ever was.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedV1 {
    stock_keeping_unit: String,
    #[serde(flatten)]
    count: Count,
}

#[derive(Debug, Deserialize)]
pub struct Count {
    count: u32,
}

impl From<RemovedV1> for CartEvent {
    fn from(old: RemovedV1) -> Self {
        let (sku, Count { count }) = (old.stock_keeping_unit, old.count);
        Self::Removed { sku, count }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    pub label: String,
}

impl Upcast<Value> for Labelled {
    fn upcast(mut old: Value, _: &EventRef<'_>) -> UpcastResult<Self> {
        // What is not an object panics here.
        old["label"] = old["lable"].take();
        Ok(serde_json::from_value(old)?)
    }
}

#[derive(Debug, Deserialize)]
pub struct PutV1(BTreeMap<String, (u8, char)>);

#[derive(Debug, Deserialize)]
pub struct Put {
    what: Vec<String>,
}

impl From<PutV1> for Put {
    fn from(PutV1(what): PutV1) -> Self {
        let what = what.into_keys().collect();
        Self { what }
    }
}

impl Upcast<Put> for CartEvent {
    fn upcast(Put { what }: Put, _: &EventRef<'_>) -> UpcastResult<Self> {
        let sku = what.into_iter().next().ok_or("nothing was put")?;
        let (count, at) = (1, None);
        Ok(Self::Added(Added { sku, count, at }))
    }
}

#[derive(Debug, Deserialize)]
pub struct Swapped {
    out: Option<String>,
    r#in: Option<String>,
}

impl From<Swapped> for Events<CartEvent> {
    fn from(Swapped { out, r#in }: Swapped) -> Self {
        let (count, at) = (1, None);
        let removed = out.map(|sku| CartEvent::Removed { sku, count });
        let added = r#in.map(|sku| CartEvent::Added(Added { sku, count, at }));
        removed.into_iter().chain(added).collect()
    }
}

#[derive(Debug, Deserialize)]
pub struct NamedV1 {
    name: char,
}

#[derive(Debug, Deserialize)]
pub struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
pub struct Aged {
    age: u8,
}

impl From<NamedV1> for Named {
    fn from(NamedV1 { name }: NamedV1) -> Self {
        let name = name.to_string();
        Self { name }
    }
}

impl From<(Named, Aged)> for CartEvent {
    fn from((Named { name }, Aged { age }): (Named, Aged)) -> Self {
        Self::Owned { name, age }
    }
}

#[derive(Debug, Deserialize)]
pub struct ClosedV1 {}

impl From<ClosedV1> for CartEvent {
    fn from(_: ClosedV1) -> Self {
        let why = "unknown".into();
        Self::Closed { why }
    }
}

#[derive(Aggregate, Default, Debug, Clone, PartialEq)]
#[aggregate(event = CartEvent, error = std::fmt::Error)]
pub struct Cart {
    lines: BTreeMap<String, u32>,
}

impl Fold for Cart {
    fn fold(&mut self, event: &CartEvent) {
        match event {
            CartEvent::Added(Added { sku, count, .. }) => {
                *self.lines.entry(sku.clone()).or_default() += count;
            }
            CartEvent::Removed { sku, count } => {
                let line = self.lines.get_mut(sku);
                *line.expect("it was added before") -= count;
            }
            CartEvent::Labelled(_) | CartEvent::Owned { .. } => {}
            CartEvent::Closed { .. } => unreachable!("nobody closes a cart"),
        }
    }
}

#[command(Cart)]
#[derive(Deserialize)]
pub enum Change {
    Add { sku: String, count: u32 },
    Remove { sku: String, count: u32 },
    Label { label: String },
}

impl Decide<Change> for Cart {
    fn decide(&self, command: Change) -> Decision<Self> {
        let in_it = |sku: &str| self.lines.get(sku).copied();
        match command {
            Change::Add { sku, count } => {
                let before = in_it(&sku).unwrap_or_default();
                before.checked_add(count).ok_or(std::fmt::Error)?;
                let at = None;
                Ok(events![CartEvent::Added(Added { sku, count, at })])
            }
            Change::Remove { sku, count } if in_it(&sku) >= Some(count) => {
                Ok(events![CartEvent::Removed { sku, count }])
            }
            Change::Remove { .. } => Err(std::fmt::Error),
            Change::Label { label } => Ok(events![CartEvent::Labelled(Labelled { label })]),
        }
    }
}

fn laws() -> Laws<Cart> {
    let labels = [json!({ "lable": "" }), json!({ "lable": "a", "size": 1 })];
    Laws::new()
        .of(commands::<Change>())
        .stored("cart.labelled", 1, labels)
}

#[test]
fn a_sound_domain_keeps_the_laws() {
    for seed in 1..=16 {
        let statistics = laws().cases(64).seed(seed).check();
        let statistics = statistics.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        assert_eq!(statistics.upcast("cart.removed", 1), 16);
    }
}

#[test]
fn the_statistics_say_what_was_upcast() {
    let statistics = laws().seed(1).check().expect("it keeps them");
    assert_eq!(statistics.upcast("cart.added", 1), 0);
    assert_eq!(statistics.upcast("cart.added", 2), 64);
    assert_eq!(statistics.upcast("cart.aged", 1), 128);
    assert_eq!(statistics.not_upcast("cart.put", 2), 15);
    let text = statistics.to_string();
    let (_, upcasts) = text.split_once("\n\n").unwrap_or_default();
    assert_eq!(upcasts, UPCASTS);
}

const UPCASTS: &str = "                                                 upcast  refused
  cart.added version 2                               64        0
  cart.added version 3                               64        0
  cart.removed version 1                             64        0
  cart.labelled version 1                            64        0
  cart.closed version 1                              64        0
  cart.put version 1                                 49       15
  cart.put version 2                                 49       15
  cart.swapped version 1                             64        0
  cart.named version 1 with cart.aged version 1      64        0
  cart.named version 2 with cart.aged version 1      64        0";

ironflow_testing::laws!(Cart {
    Change,
    stored("cart.labelled", 1, [json!({ "lable": "a" })]),
});
