//! What there is can be listed.

use serde_json::{Value, json};

#[test]
fn commands_events_and_their_readers_are_listed() {
    let catalogue = serde_json::to_value(orders::catalogue()).unwrap();
    let order = &catalogue["aggregates"][0];
    let names = |list: &Value| -> Vec<String> {
        let entries = list.as_array().expect("a list");
        entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        (&order["name"], &order["category"]),
        (&json!("Order"), &json!("order"))
    );
    assert_eq!(
        names(&order["commands"]),
        [
            "place-order",
            "confirm-order",
            "pay-order",
            "ship-order",
            "cancel-order"
        ]
    );
    assert_eq!(
        names(&order["events"]),
        [
            "order.placed",
            "order.confirmed",
            "order.paid",
            "order.shipped",
            "order.cancelled"
        ]
    );
    assert_eq!(
        order["commands"][0],
        json!({
            "name": "place-order",
            "ident": "PlaceOrder",
            "doc": "A customer submits an order.",
            "creates": true,
            "context": "orders::commands::place_order::PlaceOrderContext",
        })
    );
    assert_eq!(order["events"][1]["doc"], "The shop accepted it.");
    assert_eq!(
        names(&catalogue["projections"]),
        ["order-detail-view", "customer-orders-list"]
    );
    assert_eq!(catalogue["projections"][1]["reads"], json!(["order"]));
}
