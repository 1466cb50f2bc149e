//! The read models, as clients see them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::history::{histories, views_agree};
use crate::service::{Client, Home, eventually, placing};

const CUSTOMERS: [&str; 2] = ["cust-456", "cust-789"];

/// The lines of a customer's list, once it has so many and the first of them has that status.
fn list(client: &Client, customer: &str, expected: &[(&str, &str)]) -> Vec<Value> {
    eventually(|| {
        let view = client.view("customer-orders-list", customer);
        let orders = view["state"]["state"]["orders"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let seen: Vec<_> = orders
            .iter()
            .map(|order| {
                (
                    order["orderId"].as_str().unwrap(),
                    order["status"].as_str().unwrap(),
                )
            })
            .collect();
        if seen == expected {
            Ok(orders)
        } else {
            Err(format!("{customer} has {seen:?}, not {expected:?}"))
        }
    })
}

/// The page of an order, once it has that status.
fn page(client: &Client, order: &str, status: &str) -> Value {
    eventually(|| {
        let page = &client.view("order-detail-view", order)["state"]["state"];
        if page["status"] == status {
            Ok(page.clone())
        } else {
            Err(format!("order {order} is {page}, not {status}"))
        }
    })
}

#[test]
fn the_page_of_an_order_follows_it() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    client.place("1", "cust-456").expect(202);
    let placed = page(&client, "1", "placed");
    let time = placed["placedAt"].as_str().unwrap();
    let mut expected = json!({
        "orderId": "1",
        "customer": { "id": "cust-456", "name": "Ann", "email": "ann@example.com" },
        "items": [
            { "productId": "prod-1", "name": "Coffee", "price": 1250, "qty": 2 },
            { "productId": "prod-2", "name": "Mug", "price": 900, "qty": 1 },
        ],
        "shippingAddress": { "street": "1 High Street", "city": "Bath", "zip": "BA1 1AA", "country": "GB" },
        "totalAmount": 3400,
        "status": "placed",
        "placedAt": time,
        "confirmedAt": null,
        "paidAt": null,
        "paymentId": null,
        "shippedAt": null,
        "trackingNumber": null,
        "cancelledAt": null,
        "cancellationReason": null,
    });
    assert_eq!(placed, expected);

    client.advance("1", "confirm").expect(202);
    client
        .post("/api/orders/1/pay")
        .json(&json!({ "paymentId": "pay-1" }))
        .answer()
        .expect(202);
    client
        .post("/api/orders/1/ship")
        .json(&json!({ "trackingNumber": "track-1" }))
        .answer()
        .expect(202);
    let shipped = page(&client, "1", "shipped");
    for time in ["confirmedAt", "paidAt", "shippedAt"] {
        assert!(shipped[time].is_string(), "{shipped}");
        expected[time] = shipped[time].clone();
    }
    expected["status"] = json!("shipped");
    expected["paymentId"] = json!("pay-1");
    expected["trackingNumber"] = json!("track-1");
    assert_eq!(shipped, expected);

    client.place("2", "cust-456").expect(202);
    client
        .post("/api/orders/2/cancel")
        .json(&json!({ "reason": "too slow" }))
        .answer()
        .expect(202);
    let cancelled = page(&client, "2", "cancelled");
    assert_eq!(cancelled["cancellationReason"], "too slow");
    assert!(cancelled["cancelledAt"].is_string());
}

#[test]
fn a_customer_sees_their_own_orders_newest_first_with_the_status_of_each() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    for (order, customer) in [
        ("z", "cust-456"),
        ("b", "cust-789"),
        ("a", "cust-456"),
        ("m", "cust-456"),
        ("y", "cust-789"),
    ] {
        client.place(order, customer).expect(202);
    }
    let mut single = placing("single", "cust-789");
    single["items"].as_array_mut().unwrap().pop();
    client
        .post("/api/orders")
        .json(&single)
        .answer()
        .expect(202);
    client.advance("z", "confirm").expect(202);
    client.advance("a", "cancel").expect(202);
    client.advance("z", "pay").expect(202);
    client.advance("b", "confirm").expect(202);

    let ann = list(
        &client,
        "cust-456",
        &[("m", "placed"), ("a", "cancelled"), ("z", "paid")],
    );
    let placed_at = ann[0]["placedAt"].as_str().unwrap();
    assert_eq!(
        ann[0],
        json!({ "orderId": "m", "placedAt": placed_at, "totalAmount": 3400, "status": "placed", "summary": "2 items" })
    );
    let bob = list(
        &client,
        "cust-789",
        &[("single", "placed"), ("y", "placed"), ("b", "confirmed")],
    );
    assert_eq!(
        (&bob[0]["summary"], &bob[0]["totalAmount"]),
        (&json!("1 item"), &json!(2500))
    );

    let histories = histories(&client, ["z", "b", "a", "m", "y", "single"]);
    views_agree(&client, &histories, &CUSTOMERS);
    // Someone without orders has no view, and neither has an order that nobody placed.
    assert_eq!(
        client.view("customer-orders-list", "cust-666").get("state"),
        None
    );
    assert_eq!(
        client.view("order-detail-view", "nobody").get("state"),
        None
    );
}

#[test]
fn the_views_go_on_where_they_were_after_a_restart() {
    let home = Home::new();
    let mut orders: Vec<String> = Vec::new();
    for (round, signal) in ["TERM", "INT", "TERM"].into_iter().enumerate() {
        let service = home.start();
        let client = service.client();
        // Events of a stream that is older than this process find the customer too.
        for (order, step) in orders.iter().rev().zip(["confirm", "cancel"]) {
            client.advance(order, step).expect(202);
        }
        for (number, customer) in ["cust-456", "cust-789", "cust-456"].into_iter().enumerate() {
            let order = format!("{round}-{number}");
            client.place(&order, customer).expect(202);
            orders.push(order);
        }
        // Without waiting for the views: what they had not seen when it stopped, they see when it
        // starts again.
        service.stop(signal);
    }
    let service = home.start();
    let client = service.client();
    let histories = histories(&client, orders.iter().map(String::as_str));
    let lengths: BTreeMap<_, _> = histories
        .iter()
        .map(|(order, events)| (order.as_str(), events.len()))
        .collect();
    assert_eq!(lengths.len(), 9);
    assert_eq!(
        (
            lengths["0-2"],
            lengths["0-1"],
            lengths["1-2"],
            lengths["2-0"]
        ),
        (2, 2, 2, 1)
    );
    views_agree(&client, &histories, &CUSTOMERS);
    list(
        &client,
        "cust-456",
        &[
            ("2-2", "placed"),
            ("2-0", "placed"),
            ("1-2", "confirmed"),
            ("1-0", "placed"),
            ("0-2", "confirmed"),
            ("0-0", "placed"),
        ],
    );
    list(
        &client,
        "cust-789",
        &[
            ("2-1", "placed"),
            ("1-1", "cancelled"),
            ("0-1", "cancelled"),
        ],
    );
    service.stop("INT");
}
