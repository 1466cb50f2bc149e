//! What the specs tell their stories with.

use ironflow_domain::Timestamp;
use serde_json::{Value, json};

use crate::commands::{PlaceOrder, PlaceOrderContext};
use crate::domain::{Address, Cents, Contact, Item, LineItem, OrderEvent, OrderId, OrderPlaced};
use crate::shop::{Customer, Product};

/// The order of every story.
pub(crate) fn order() -> OrderId {
    "123".into()
}

/// Ann orders so much of each product.
pub(crate) fn placing(items: &[(&str, u32)]) -> PlaceOrder {
    PlaceOrder {
        order_id: order(),
        customer_id: "cust-456".into(),
        items: items
            .iter()
            .map(|&(id, qty)| Item {
                product_id: id.into(),
                qty,
            })
            .collect(),
        shipping_address: Address {
            street: "1 High Street".into(),
            city: "Bath".into(),
            zip: "BA1".into(),
            country: "GB".into(),
        },
    }
}

/// A shop that has Ann, coffee and mugs.
pub(crate) fn shop() -> PlaceOrderContext {
    let product = |id: &str, name: &str, price| Product {
        id: id.into(),
        name: name.into(),
        price: Cents(price),
        is_available: true,
    };
    PlaceOrderContext {
        customer: Some(Customer {
            id: "cust-456".into(),
            name: "Ann".into(),
            email: "ann@example.com".into(),
            is_blocked: false,
        }),
        products: vec![
            product("prod-1", "Coffee", 1_250),
            product("prod-2", "Mug", 900),
        ],
        issued_at: "2026-04-17T14:22:01Z".parse().expect("a valid time"),
    }
}

pub(crate) fn placed() -> OrderEvent {
    placed_by("cust-456", "123")
}

/// A customer has ordered two packets of coffee.
pub(crate) fn placed_by(customer: &str, order: &str) -> OrderEvent {
    OrderEvent::Placed(OrderPlaced {
        order_id: order.into(),
        customer: Contact {
            id: customer.into(),
            name: "Ann".into(),
            email: "ann@example.com".into(),
        },
        items: vec![LineItem {
            product_id: "prod-1".into(),
            name: "Coffee".into(),
            price: Cents(1_250),
            qty: 2,
        }],
        shipping_address: placing(&[]).shipping_address,
        total_amount: Cents(2_500),
        occurred_at: shop().issued_at,
    })
}

/// The same order as it was stored before names were frozen into it, under version 1.
pub(crate) fn placed_before() -> Value {
    json!({
        "orderId": "123",
        "customerId": "cust-456",
        "items": [{ "productId": "prod-1", "name": "Coffee", "price": 1_250, "qty": 2 }],
        "shippingAddress": placing(&[]).shipping_address,
        "total": 2_500,
    })
}

/// What that is read as, had it been recorded at that time.
pub(crate) fn placed_nameless(occurred_at: Timestamp) -> OrderEvent {
    let OrderEvent::Placed(order) = placed() else {
        unreachable!("that is what it was")
    };
    OrderEvent::Placed(OrderPlaced {
        customer: Contact {
            id: order.customer.id,
            ..Contact::default()
        },
        occurred_at,
        ..order
    })
}

pub(crate) fn confirmed() -> OrderEvent {
    OrderEvent::Confirmed
}

pub(crate) fn paid() -> OrderEvent {
    OrderEvent::Paid {
        payment_id: Some("pay-1".into()),
    }
}

pub(crate) fn shipped() -> OrderEvent {
    OrderEvent::Shipped {
        tracking_number: Some("track-1".into()),
    }
}

pub(crate) fn cancelled() -> OrderEvent {
    OrderEvent::Cancelled {
        reason: Some("changed my mind".into()),
    }
}
