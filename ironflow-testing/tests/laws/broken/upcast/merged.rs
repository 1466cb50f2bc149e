//! The parts of a merge are read together, and so is their metadata.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{
    Aggregate, Decide, Decision, EventRef, Fold, Upcast, UpcastResult, command, event, events,
};
use ironflow_testing::laws::{Laws, commands};
use ironflow_testing::stored;
use serde::Deserialize;
use serde_json::json;

use crate::listens::{assert_pasted, assert_told};

#[event(
    "product",
    merged(
        ("product.price_set", PriceSetV1, PriceSet),
        ("product.currency_set", CurrencySet)
    )
)]
pub enum ProductEvent {
    Priced { text: String, by: String },
}

#[derive(Debug, Deserialize)]
pub struct PriceSetV1 {
    euros: u16,
}

#[derive(Debug, Deserialize)]
pub struct PriceSet {
    cents: u32,
}

#[derive(Debug, Deserialize)]
pub struct CurrencySet {
    currency: Option<String>,
}

impl From<PriceSetV1> for PriceSet {
    fn from(PriceSetV1 { euros }: PriceSetV1) -> Self {
        let cents = u32::from(euros) * 100;
        Self { cents }
    }
}

impl Upcast<(PriceSet, CurrencySet)> for ProductEvent {
    fn upcast(
        (price, currency): (PriceSet, CurrencySet),
        event: &EventRef<'_>,
    ) -> UpcastResult<Self> {
        let by = event.read_metadata()?.issued_by.ok_or("by nobody")?;
        let currency = currency.currency.unwrap_or_default();
        assert!(price.cents < 500 || !currency.is_empty(), "a high price");
        let text = format!("{} {currency}", price.cents);
        Ok(Self::Priced { text, by })
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = ProductEvent, error = std::fmt::Error)]
pub struct Product;

#[command(Product)]
#[derive(Deserialize)]
pub struct Price {
    pub text: String,
}

impl Fold for Product {
    fn fold(&mut self, _: &ProductEvent) {}
}

impl Decide<Price> for Product {
    fn decide(&self, Price { text }: Price) -> Decision<Self> {
        let by = String::new();
        Ok(events![ProductEvent::Priced { text, by }])
    }
}

#[test]
fn all_parts_are_made_simpler() {
    let laws = Laws::<Product>::new().of(commands::<Price>()).seed(1);
    let failure = laws.check().expect_err("a high price has a currency");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("merged.rs"));
}

const STORY: &str = r#"
a law of `Product` is broken: an upcaster takes or refuses an old event, and does not panic
  --> here

  Stored  product.price_set version 1  {"euros":5}
          product.currency_set version 1  {"currency":null}
  With    {"issuedBy":"somebody"}
  Panic   a high price
          at there

found
"#;

#[should_panic(expected = "a high price")]
#[test]
fn product_price_set_of_version_1_and_product_currency_set_of_version_1_is_read_without_a_panic() {
    stored::<ProductEvent>("product.price_set", 1, json!({ "euros": 5 }))
        .and("product.currency_set", 1, json!({ "currency": null }))
        .metadata(serde_json::from_str(r#"{"issuedBy":"somebody"}"#).unwrap())
        .then(events![]);
}
