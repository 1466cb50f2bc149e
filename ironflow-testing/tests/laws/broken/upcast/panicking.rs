//! An upcaster overflows.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use ironflow_testing::stored;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::listens::{assert_pasted, assert_told};

#[event("order")]
pub enum OrderEvent {
    #[event(version = 3, upcast(PlacedV1, PlacedV2))]
    Placed(Placed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    pub cents: u64,
    pub currency: String,
}

#[derive(Debug, Deserialize)]
pub struct PlacedV2 {
    cents: u64,
}

#[derive(Debug, Deserialize)]
pub struct PlacedV1 {
    euros: u64,
    #[serde(rename = "forWhom")]
    _for_whom: String,
}

impl From<PlacedV1> for PlacedV2 {
    fn from(PlacedV1 { euros, .. }: PlacedV1) -> Self {
        Self { cents: euros * 100 }
    }
}

impl From<PlacedV2> for Placed {
    fn from(PlacedV2 { cents }: PlacedV2) -> Self {
        let currency = "EUR".into();
        Self { cents, currency }
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = OrderEvent, error = std::fmt::Error)]
pub struct Order;

#[command(Order)]
#[derive(Deserialize)]
pub struct Place {
    pub cents: u64,
}

impl Fold for Order {
    fn fold(&mut self, _: &OrderEvent) {}
}

impl Decide<Place> for Order {
    fn decide(&self, Place { cents }: Place) -> Decision<Self> {
        let currency = "EUR".into();
        Ok(events![OrderEvent::Placed(Placed { cents, currency })])
    }
}

#[test]
fn an_upcaster_that_panics_is_found() {
    let laws = Laws::<Order>::new().of(commands::<Place>()).seed(1);
    let failure = laws.check().expect_err("an upcaster overflows");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("panicking.rs"));
}

const STORY: &str = r#"
a law of `Order` is broken: an upcaster takes or refuses an old event, and does not panic
  --> here

  Stored  order.placed version 1  {"euros":18446744073709551615,"forWhom":""}
  Panic   attempt to multiply with overflow
          at there

found
"#;

#[should_panic(expected = "attempt to multiply with overflow")]
#[test]
fn order_placed_of_version_1_is_read_without_a_panic() {
    stored::<OrderEvent>(
        "order.placed",
        1,
        json!({
            "euros": 18_446_744_073_709_551_615_u64,
            "forWhom": "",
        }),
    )
    .then(events![]);
}
