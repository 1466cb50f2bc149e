//! An invariant that does not hold, of the state and of what has happened.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("order")]
pub enum OrderEvent {
    Placed { items: Vec<String> },
    Paid,
    Shipped,
}

#[derive(Aggregate, Default)]
#[aggregate(event = OrderEvent, error = std::fmt::Error)]
pub struct Order {
    placed: bool,
    paid: bool,
    shipped: bool,
}

#[command(Order)]
#[derive(Deserialize)]
pub struct Place {
    pub items: Vec<String>,
}

#[command(Order)]
#[derive(Deserialize)]
pub struct Pay;

#[command(Order)]
#[derive(Deserialize)]
pub struct Ship;

impl Fold for Order {
    fn fold(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed { .. } => self.placed = true,
            OrderEvent::Paid => self.paid = true,
            OrderEvent::Shipped => self.shipped = true,
        }
    }
}

impl Decide<Place> for Order {
    fn decide(&self, Place { items }: Place) -> Decision<Self> {
        if self.placed || items.is_empty() {
            return Err(std::fmt::Error);
        }
        Ok(events![OrderEvent::Placed { items }])
    }
}

impl Decide<Pay> for Order {
    fn decide(&self, _: Pay) -> Decision<Self> {
        if !self.placed || self.paid {
            return Err(std::fmt::Error);
        }
        Ok(events![OrderEvent::Paid])
    }
}

impl Decide<Ship> for Order {
    fn decide(&self, _: Ship) -> Decision<Self> {
        if !self.placed || self.shipped {
            return Err(std::fmt::Error);
        }
        Ok(events![OrderEvent::Shipped])
    }
}

fn laws() -> Laws<Order> {
    let laws = Laws::new().of(commands::<Place>());
    laws.of(commands::<Pay>()).of(commands::<Ship>()).seed(1)
}

#[test]
fn a_state_in_which_an_invariant_does_not_hold_is_found() {
    let laws = ironflow_testing::__laws!(
        laws(),
        invariant("what is shipped was paid", |order| !order.shipped
            || order.paid),
    );
    let failure = laws.check().expect_err("it is shipped before it is paid");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("invariant.rs"));
}

const STORY: &str = r#"
a law of `Order` is broken: what is shipped was paid
  --> here

  Given   1  Placed { items: [""] }
  When    Ship
  Then    1  Shipped

found
"#;

#[should_panic(expected = "what is shipped was paid")]
#[test]
fn ship_keeps_what_is_shipped_was_paid() {
    let history = events![
        OrderEvent::Placed {
            items: ["".into()].into()
        },
        OrderEvent::Shipped,
    ];
    let state = Order::replay(&history);
    let holds: fn(&Order) -> bool = |order| !order.shipped || order.paid;
    assert!(holds(&state), "what is shipped was paid");
}

#[test]
fn an_invariant_sees_what_has_happened() {
    let laws = ironflow_testing::__laws!(
        laws(),
        invariant("first paid, then shipped", |_, history| {
            let at = |event| history.iter().position(|other| *other == event);
            at(OrderEvent::Shipped).is_none() || at(OrderEvent::Paid) < at(OrderEvent::Shipped)
        }),
    );
    let failure = laws.check().expect_err("it is shipped first");
    assert_pasted(&failure, include_str!("invariant.rs"));
}

#[test]
fn an_invariant_may_be_broken_from_the_beginning() {
    let failure = laws()
        .invariant("it is placed", |order| order.placed)
        .check();
    let failure = failure.expect_err("it is not placed at first");
    assert_told(&failure, BEGINNING);
}

const BEGINNING: &str = r"
a law of `Order` is broken: it is placed
  --> here

  Given   no events

found
";

#[should_panic(expected = "first paid, then shipped")]
#[test]
fn pay_keeps_first_paid_then_shipped() {
    let history = events![
        OrderEvent::Placed {
            items: ["".into()].into()
        },
        OrderEvent::Shipped,
        OrderEvent::Paid,
    ];
    let state = Order::replay(&history);
    let holds: fn(&Order, &[OrderEvent]) -> bool = |_, history| {
        let at = |event| history.iter().position(|other| *other == event);
        at(OrderEvent::Shipped).is_none() || at(OrderEvent::Paid) < at(OrderEvent::Shipped)
    };
    assert!(holds(&state, &history), "first paid, then shipped");
}
