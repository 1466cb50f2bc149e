//! Every route, every shape and every refusal.

use serde_json::{Value, json};

use crate::history::history;
use crate::service::{Home, encoded, eventually, keys, placing};

#[test]
fn an_order_is_placed() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let answer = client
        .post("/api/orders")
        .key("cmd-1")
        .json(&placing("1", "cust-456"))
        .answer();
    let body = answer.expect(202);
    assert_eq!(
        keys(&body),
        ["commandId", "entityVersion", "eventId", "orderId"]
    );
    assert_eq!(
        (&body["orderId"], &body["commandId"], &body["entityVersion"]),
        (&json!("1"), &json!("cmd-1"), &json!(1))
    );
    assert_eq!(answer.headers.get("idempotent-replayed"), None);
    let events = history(&client, "1").unwrap();
    assert_eq!(
        (events.len(), &events[0].id.clone().into()),
        (1, &body["eventId"])
    );
}

#[test]
fn the_same_key_again_is_the_same_command_again() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let place = || {
        client
            .post("/api/orders")
            .key("cmd-1")
            .json(&placing("1", "cust-456"))
            .answer()
    };
    let first = place();
    client
        .post("/api/orders/1/confirm")
        .key("cmd-2")
        .answer()
        .expect(202);
    // Also after other things have happened to the order, and after a restart.
    let again = place();
    assert_eq!(
        (again.expect(202), again.is_replay()),
        (first.expect(202), true)
    );
    let confirmed = client.post("/api/orders/1/confirm").key("cmd-2").answer();
    assert_eq!(
        (
            &confirmed.expect(202)["entityVersion"],
            confirmed.is_replay()
        ),
        (&json!(2), true)
    );
    assert_eq!(history(&client, "1").unwrap().len(), 2);
    service.stop("INT");

    let service = home.start();
    let client = service.client();
    let again = client
        .post("/api/orders")
        .key("cmd-1")
        .json(&placing("1", "cust-456"))
        .answer();
    assert_eq!(
        (again.expect(202), again.is_replay()),
        (first.expect(202), true)
    );
    assert_eq!(history(&client, "1").unwrap().len(), 2);
}

#[test]
fn a_key_is_good_for_one_command() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    client
        .post("/api/orders")
        .key("cmd-1")
        .json(&placing("1", "cust-456"))
        .answer()
        .expect(202);
    let other_order = client
        .post("/api/orders")
        .key("cmd-1")
        .json(&placing("2", "cust-456"))
        .answer();
    let message = other_order.error(422, "command_id_reused");
    assert_eq!(
        message,
        "command id cmd-1 has been used before, for the command place-order on stream order-1"
    );
    let other_command = client.post("/api/orders/1/confirm").key("cmd-1").answer();
    assert_eq!(other_command.error(422, "command_id_reused"), message);
    let mut other_items = placing("1", "cust-456");
    other_items["items"][0]["qty"] = json!(7);
    let other_content = client
        .post("/api/orders")
        .key("cmd-1")
        .json(&other_items)
        .answer();
    assert_eq!(
        other_content.error(422, "command_id_reused"),
        format!("{message}, which said something else: a new intent needs a new id")
    );
    assert!(history(&client, "2").is_none());
    assert_eq!(history(&client, "1").unwrap().len(), 1);
    // A command that was refused has not used up its key.
    client
        .post("/api/orders/3/confirm")
        .key("cmd-2")
        .answer()
        .error(422, "order_not_placed");
    client.place("3", "cust-456").expect(202);
    let retried = client.post("/api/orders/3/confirm").key("cmd-2").answer();
    retried.expect(202);
    assert!(!retried.is_replay());
}

#[test]
fn without_a_key_every_request_is_a_new_command() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let bodies: Vec<_> = ["1", "2"]
        .map(|order| client.place(order, "cust-456").expect(202))
        .into();
    for body in &bodies {
        let id = body["commandId"].as_str().unwrap();
        assert_eq!(id.len(), 36, "{id} is not a UUID");
        assert_eq!(
            history(&client, body["orderId"].as_str().unwrap()).unwrap()[0].key,
            id
        );
    }
    assert_ne!(bodies[0]["commandId"], bodies[1]["commandId"]);
    client
        .place("1", "cust-456")
        .error(422, "order_already_placed");
}

#[test]
fn the_life_of_an_order_with_bodies_and_without() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let full = [
        ("confirm", json!({}), json!({})),
        (
            "pay",
            json!({ "paymentId": "pay-1" }),
            json!({ "paymentId": "pay-1" }),
        ),
        (
            "ship",
            json!({ "trackingNumber": "track-1", "note": "ignored" }),
            json!({ "trackingNumber": "track-1" }),
        ),
    ];
    client.place("full", "cust-456").expect(202);
    for (version, (step, body, _)) in (2..).zip(&full) {
        let answer = client
            .post(&format!("/api/orders/full/{step}"))
            .json(body)
            .answer()
            .expect(202);
        assert_eq!(
            (&answer["orderId"], &answer["entityVersion"]),
            (&json!("full"), &json!(version))
        );
    }
    let events = history(&client, "full").unwrap();
    assert_eq!(
        events
            .iter()
            .skip(1)
            .map(|event| &event.data)
            .collect::<Vec<_>>(),
        full.each_ref().map(|(.., data)| data)
    );

    client.place("bare", "cust-456").expect(202);
    for (version, step) in (2..).zip(["confirm", "pay", "ship"]) {
        assert_eq!(
            client.advance("bare", step).expect(202)["entityVersion"],
            version
        );
    }
    let events = history(&client, "bare").unwrap();
    assert_eq!(
        (&events[2].data, &events[3].data),
        (
            &json!({ "paymentId": null }),
            &json!({ "trackingNumber": null })
        )
    );

    for (order, body, reason) in [
        ("why", r#"{"reason":"too slow"}"#, json!("too slow")),
        ("so", " \n", Value::Null),
    ] {
        client.place(order, "cust-456").expect(202);
        client
            .post(&format!("/api/orders/{order}/cancel"))
            .body(body)
            .answer()
            .expect(202);
        assert_eq!(history(&client, order).unwrap()[1].data["reason"], reason);
    }
}

#[test]
fn every_rule_has_a_code_and_a_sentence() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    for (field, value, code, sentence) in [
        (
            "/customerId",
            json!("cust-0"),
            "unknown_customer",
            "there is no customer cust-0",
        ),
        (
            "/customerId",
            json!("cust-666"),
            "customer_blocked",
            "customer cust-666 cannot place orders",
        ),
        (
            "/items",
            json!([]),
            "no_items",
            "an order needs at least one item",
        ),
        (
            "/items/1/qty",
            json!(0),
            "no_quantity",
            "the quantity of prod-2 must be at least 1",
        ),
        (
            "/items/1/productId",
            json!("prod-9"),
            "unknown_product",
            "there is no product prod-9",
        ),
        (
            "/items/1/productId",
            json!("prod-3"),
            "product_unavailable",
            "product prod-3 is not available",
        ),
    ] {
        let body = with(placing("new", "cust-456"), field, value);
        assert_eq!(
            client
                .post("/api/orders")
                .json(&body)
                .answer()
                .error(422, code),
            sentence
        );
    }
    assert!(history(&client, "new").is_none());
    for step in ["confirm", "pay", "ship", "cancel"] {
        assert_eq!(
            client.advance("new", step).error(422, "order_not_placed"),
            "the order has not been placed"
        );
    }

    let refuse = |order: &str, status: &str, steps: &[(&str, &str)]| {
        for (step, participle) in steps {
            let answer = client.advance(order, step);
            let sentence = format!("an order that is {status} cannot be {participle}");
            assert_eq!(answer.error(422, &format!("cannot_{step}")), sentence);
        }
    };
    let (confirm, pay, ship, cancel) = (
        ("confirm", "confirmed"),
        ("pay", "paid"),
        ("ship", "shipped"),
        ("cancel", "cancelled"),
    );
    client.place("1", "cust-456").expect(202);
    assert_eq!(
        client
            .place("1", "cust-456")
            .error(422, "order_already_placed"),
        "the order has been placed already"
    );
    refuse("1", "placed", &[pay, ship]);
    client.advance("1", "confirm").expect(202);
    refuse("1", "confirmed", &[confirm, ship]);
    client.advance("1", "pay").expect(202);
    refuse("1", "paid", &[confirm, pay]);
    client.advance("1", "ship").expect(202);
    refuse("1", "shipped", &[confirm, pay, ship, cancel]);
    client.place("2", "cust-456").expect(202);
    client.advance("2", "cancel").expect(202);
    refuse("2", "cancelled", &[confirm, pay, ship, cancel]);
    assert_eq!(
        (
            history(&client, "1").unwrap().len(),
            history(&client, "2").unwrap().len()
        ),
        (4, 2)
    );
}

/// A body with another value in one place.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    *body.pointer_mut(field).unwrap() = value;
    body
}

/// A body without a field.
fn without(mut body: Value, field: &str) -> Value {
    let (parent, name) = field.rsplit_once('/').unwrap();
    let removed = body
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(name);
    assert!(removed.is_some());
    body
}

#[test]
fn a_field_that_does_not_fit_is_named() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let good = placing("1", "cust-456");
    for (body, expected) in [
        (without(good.clone(), "/items"), "missing field `items`"),
        (
            without(good.clone(), "/items/1/qty"),
            "items[1]: missing field `qty`",
        ),
        (
            without(good.clone(), "/shippingAddress/zip"),
            "shippingAddress: missing field `zip`",
        ),
        (
            with(good.clone(), "/items/0/qty", json!("2")),
            "items[0].qty: invalid type: string \"2\", expected u32",
        ),
        (
            with(good.clone(), "/items/0/qty", json!(-1)),
            "items[0].qty: invalid value: integer `-1`, expected u32",
        ),
        (
            with(good.clone(), "/items/0/qty", json!(1_u64 << 32)),
            "items[0].qty: invalid value: integer `4294967296`",
        ),
        (
            with(good.clone(), "/items/0/qty", json!(1.5)),
            "items[0].qty: invalid type: floating point `1.5`",
        ),
        (
            with(good.clone(), "/items", json!({})),
            "items: invalid type: map, expected a sequence",
        ),
        (
            with(good.clone(), "/items/1", json!(null)),
            "items[1]: invalid type: null",
        ),
        (
            with(good.clone(), "/orderId", json!(7)),
            "orderId: invalid type: integer `7`, expected a string",
        ),
        (
            with(good.clone(), "/customerId", json!(null)),
            "customerId: invalid type: null, expected a string",
        ),
        (
            with(good.clone(), "/shippingAddress", json!("here")),
            "shippingAddress: invalid type: string \"here\"",
        ),
        (
            with(good.clone(), "/shippingAddress/city", json!([])),
            "shippingAddress.city: invalid type: sequence",
        ),
    ] {
        let message = client
            .post("/api/orders")
            .json(&body)
            .answer()
            .error(400, "invalid_argument");
        assert!(
            message.starts_with(expected),
            "{message:?}, not {expected:?}"
        );
    }
    assert!(history(&client, "1").is_none());

    client.post("/api/orders").json(&good).answer().expect(202);
    for (step, body, expected) in [
        (
            "pay",
            json!({ "paymentId": 7 }),
            "paymentId: invalid type: integer `7`",
        ),
        (
            "ship",
            json!({ "trackingNumber": [] }),
            "trackingNumber: invalid type: sequence",
        ),
        (
            "cancel",
            json!({ "reason": {} }),
            "reason: invalid type: map",
        ),
        ("cancel", json!(null), "invalid type: null"),
    ] {
        let message = client
            .post(&format!("/api/orders/1/{step}"))
            .json(&body)
            .answer()
            .error(400, "invalid_argument");
        assert!(
            message.starts_with(expected),
            "{message:?}, not {expected:?}"
        );
    }
    assert_eq!(history(&client, "1").unwrap().len(), 1);
}

#[test]
fn a_body_that_is_no_order_at_all_is_refused() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let good = placing("1", "cust-456").to_string();
    for (body, expected) in [
        (Vec::new(), "the body is empty: expected JSON"),
        (b" \r\n\t".to_vec(), "the body is empty: expected JSON"),
        (b"{".to_vec(), "the body is not JSON: "),
        (b"{\"orderId\": nope}".to_vec(), "the body is not JSON: "),
        (b"\xff\xfe".to_vec(), "the body is not JSON: "),
        (
            good.replace("cust-456", "\\ud800").into_bytes(),
            "the body is not JSON: ",
        ),
        (b"null".to_vec(), "invalid type: null"),
        (b"[]".to_vec(), "invalid length 0"),
        (b"\"text\"".to_vec(), "invalid type: string \"text\""),
        (b"{}".to_vec(), "missing field `orderId`"),
        (
            format!("{good} {{}}").into_bytes(),
            "the body goes on after its end",
        ),
        (
            good.replacen('{', r#"{"orderId":"2","#, 1).into_bytes(),
            "duplicate field `orderId`",
        ),
    ] {
        let sample = String::from_utf8_lossy(&body).into_owned();
        let message = client
            .post("/api/orders")
            .body(body)
            .answer()
            .error(400, "invalid_argument");
        assert!(
            message.contains(expected),
            "{message:?}, not {expected:?} for {sample}"
        );
    }
    assert!(history(&client, "1").is_none());

    client.place("2", "cust-456").expect(202);
    for step in ["pay", "ship", "cancel"] {
        let answer = client
            .post(&format!("/api/orders/2/{step}"))
            .body("not JSON")
            .answer();
        let message = answer.error(400, "invalid_argument");
        assert!(message.starts_with("the body is not JSON: "), "{message}");
    }
    assert_eq!(history(&client, "2").unwrap().len(), 1);
}

/// What an error repeats of an id: no more than people would read.
fn repeated(id: &str) -> String {
    if id.len() > 80 {
        format!("{}…", &id[..80])
    } else {
        id.to_owned()
    }
}

#[test]
fn an_id_that_cannot_be_one_is_refused() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let long = "x".repeat(600);
    for (order, problem) in [
        ("", "its id is empty"),
        ("a\0b", "it has a control character"),
        ("a\nb", "it has a control character"),
        ("\u{7f}", "it has a control character"),
        (long.as_str(), "it is longer than 512 bytes"),
    ] {
        let stream = repeated(&format!("order-{order}"));
        let name = format!("{stream:?} cannot name a stream: {problem}");
        assert_eq!(
            client
                .place(order, "cust-456")
                .error(400, "invalid_argument"),
            name
        );
        assert_eq!(
            client
                .advance(order, "confirm")
                .error(400, "invalid_argument"),
            name
        );
        assert_eq!(
            client.events(order, "").error(400, "invalid_argument"),
            name
        );
    }
    for (key, problem) in [
        ("", "it is empty"),
        ("a\tb", "it has a control character"),
        (&"k".repeat(257), "it is longer than 256 bytes"),
    ] {
        let answer = client
            .post("/api/orders")
            .key(key)
            .json(&placing("1", "cust-456"))
            .answer();
        let message = answer.error(400, "invalid_argument");
        assert_eq!(
            message,
            format!(
                "header Idempotency-Key: {:?} cannot be the id of a command: {problem}",
                repeated(key)
            )
        );
    }
    let answer = client
        .post("/api/orders")
        .header("idempotency-key", b"caf\xc3\xa9")
        .json(&placing("1", "cust-456"))
        .answer();
    assert_eq!(
        answer.error(400, "invalid_argument"),
        "header idempotency-key is not plain ASCII text"
    );
    assert!(history(&client, "1").is_none());
    // The longest key there may be.
    client
        .post("/api/orders")
        .key(&"k".repeat(256))
        .json(&placing("1", "cust-456"))
        .answer()
        .expect(202);
}

#[test]
fn an_id_may_hold_whatever_a_person_can_write() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let orders = [
        "a/b",
        "a%2Fb",
        "../../etc/passwd",
        "O'Brien \"the\" `shopper`",
        "'; DROP TABLE events; --",
        "ö日本🦀",
        "e\u{301}",
        "é",
        " ",
        "a b",
        "a+b",
        "?x=1&y=2#z",
        "{id}",
        "*",
        "-",
        "order-1",
        "\\",
        "\u{202e}abc",
        "NULL",
        "0",
    ];
    for order in orders {
        assert_eq!(
            client.place(order, "cust-456").expect(202)["orderId"],
            order
        );
        assert_eq!(
            client.advance(order, "confirm").expect(202)["orderId"],
            order
        );
    }
    for order in orders {
        let events = history(&client, order).unwrap();
        assert_eq!(events.len(), 2, "{order}");
        let page = eventually(|| {
            let view = client.view("order-detail-view", order);
            let state = &view["state"];
            if state["state"]["status"] == "confirmed" {
                Ok(state.clone())
            } else {
                Err(format!("{order}: {view}"))
            }
        });
        assert_eq!(
            (&page["partition_key"], &page["state"]["orderId"]),
            (&json!(order), &json!(order))
        );
    }
    let streams = client.get("/api/v1/streams?category=order").expect(200);
    let mut listed: Vec<_> = streams["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stream| stream["entityId"].as_str().unwrap())
        .collect();
    let mut expected: Vec<_> = orders
        .iter()
        .map(|order| format!("order-{order}"))
        .collect();
    expected.sort_unstable();
    assert_eq!(listed, expected, "in the order of their ids");
    // One after the other, each page beginning where the one before ended.
    listed.clear();
    let mut after = None;
    let pages: Vec<_> = std::iter::from_fn(|| {
        let after_that = after.as_deref().map_or(String::new(), |stream| {
            format!("&after={}", encoded(stream))
        });
        let page = client
            .get(&format!("/api/v1/streams?limit=3{after_that}"))
            .expect(200);
        after = page["streams"]
            .as_array()
            .unwrap()
            .last()
            .map(|stream| stream["entityId"].as_str().unwrap().to_owned());
        after.is_some().then_some(page)
    })
    .collect();
    let found: Vec<_> = pages
        .iter()
        .flat_map(|page| page["streams"].as_array().unwrap())
        .map(|stream| &stream["entityId"])
        .collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
    assert_eq!(pages.len(), orders.len().div_ceil(3));
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let mut body = placing("1", "cust-456");
    for size in [2 * 1024 * 1024 + 1, 8 * 1024 * 1024] {
        body["shippingAddress"]["street"] = json!("x".repeat(size));
        let answer = client.post("/api/orders").json(&body).answer();
        assert_eq!(
            answer.error(413, "payload_too_large"),
            "the body is too large"
        );
    }
    // One that just fits.
    body["shippingAddress"]["street"] = json!("x".repeat(2 * 1024 * 1024 - 1024));
    client.post("/api/orders").json(&body).answer().expect(202);
    assert_eq!(history(&client, "1").unwrap().len(), 1);
}

#[test]
fn what_is_not_there_is_not_found() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    for path in [
        "/",
        "/api",
        "/api/order",
        "/api/orders/1",
        "/api/orders/1/refund",
        "/api/v1",
        "/api/v2/streams",
        "/health/",
        "//",
        "/%FF",
    ] {
        assert_eq!(
            client.get(path).error(404, "not_found"),
            format!("nothing is served at {path}")
        );
    }
    for (method, path) in [
        ("GET", "/api/orders"),
        ("DELETE", "/api/orders"),
        ("PUT", "/api/orders/1/confirm"),
        ("GET", "/api/orders/1/cancel"),
        ("POST", "/api/v1/projections"),
        ("DELETE", "/api/v1/projections/order-detail-view"),
        ("POST", "/api/v1/streams/order-1/events"),
        ("POST", "/health"),
    ] {
        let answer = client.request(method, path).answer();
        assert_eq!(
            answer.error(405, "method_not_allowed"),
            format!("{method} is not served at {path}")
        );
        assert!(answer.headers.contains_key("allow"), "{answer:?}");
    }
    for path in [
        "/api/v1/projections/nope",
        "/api/v1/projections/nope?partition=1",
        "/api/v1/projections/ORDER-DETAIL-VIEW",
    ] {
        assert_eq!(
            client.get(path).error(404, "not_found"),
            "projection not found"
        );
    }
    assert_eq!(
        client.events("nope", "").error(404, "not_found"),
        "stream not found"
    );
    assert_eq!(
        client
            .get("/api/v1/streams/nope-1/events")
            .error(404, "not_found"),
        "stream not found"
    );
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    client.place("1", "cust-456").expect(202);
    for (path, parameter) in [
        (
            "/api/v1/streams/order-1/events?from_version=x",
            "from_version",
        ),
        (
            "/api/v1/streams/order-1/events?from_version=-1",
            "from_version",
        ),
        (
            "/api/v1/streams/order-1/events?from_version=18446744073709551616",
            "from_version",
        ),
        (
            "/api/v1/streams/order-1/events?from_version=1&from_version=2",
            "from_version",
        ),
        ("/api/v1/streams/order-1/events?limit=all", "limit"),
        ("/api/v1/streams/order-1/events?limit=-5", "limit"),
        ("/api/v1/streams/order-1/events?limit=", "limit"),
        ("/api/v1/streams/order-1/events?direction=up", "direction"),
        (
            "/api/v1/streams/order-1/events?direction=FORWARD",
            "direction",
        ),
        ("/api/v1/streams?limit=1.5", "limit"),
        ("/api/v1/streams?after=nohyphen", "after"),
        (
            "/api/v1/projections/order-detail-view?partition=1&partition=2",
            "partition",
        ),
        ("/api/v1/streams/nohyphen/events", "nohyphen"),
        ("/api/v1/streams/order-%FF/events", "UTF-8"),
        ("/api/v1/projections/%FF", "UTF-8"),
    ] {
        let message = client.get(path).error(400, "invalid_argument");
        assert!(
            message.contains(parameter),
            "{path}: {message:?} does not name {parameter}"
        );
    }
    let message = client
        .post("/api/orders/%C3%28/confirm")
        .answer()
        .error(400, "invalid_argument");
    assert!(message.contains("UTF-8"), "{message}");
}

#[test]
fn a_projection_as_it_is_on_the_wire() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let empty = client
        .get("/api/v1/projections/order-detail-view")
        .expect(200);
    assert_eq!(
        keys(&empty),
        [
            "last_event_seq",
            "mode",
            "name",
            "status",
            "updated_at",
            "version"
        ],
        "no row, no outer state"
    );
    assert_eq!(
        (
            &empty["name"],
            &empty["version"],
            &empty["mode"],
            &empty["last_event_seq"]
        ),
        (
            &json!("order-detail-view"),
            &json!(1),
            &json!("managed"),
            &json!(0)
        )
    );

    client.place("1", "cust-456").expect(202);
    let receipt = client.advance("1", "confirm").expect(202);
    let view = eventually(|| {
        let view = client.view("order-detail-view", "1");
        // The view is written before the projection says how far it has come.
        if view["state"]["last_event_id"] == receipt["eventId"] && view["last_event_seq"] == 2 {
            Ok(view)
        } else {
            Err(format!("{view}"))
        }
    });
    assert_eq!(
        keys(&view),
        [
            "last_event_seq",
            "mode",
            "name",
            "state",
            "status",
            "updated_at",
            "version"
        ]
    );
    assert_eq!(
        (&view["status"], &view["last_event_seq"]),
        (&json!("active"), &json!(2))
    );
    let row = &view["state"];
    assert_eq!(
        keys(row),
        [
            "environment_id",
            "last_event_id",
            "last_event_name",
            "last_event_seq",
            "last_event_time",
            "partition_key",
            "projection_name",
            "state",
            "updated_at",
            "version"
        ]
    );
    let confirmed = history(&client, "1").unwrap().pop().unwrap();
    let fixed = json!({
        "environment_id": "default",
        "last_event_id": confirmed.id,
        "last_event_name": "order.confirmed",
        "last_event_seq": 2,
        "last_event_time": confirmed.time,
        "partition_key": "1",
        "projection_name": "order-detail-view",
        "state": row["state"],
        "updated_at": confirmed.time,
        "version": 1,
    });
    assert_eq!(*row, fixed);
    assert_eq!(row["state"]["status"], "confirmed");
    // Without a partition, this is the view of the whole, and this projection has none.
    assert_eq!(
        client
            .get("/api/v1/projections/order-detail-view")
            .expect(200)
            .get("state"),
        None
    );
}

#[test]
fn all_projections_as_they_are_on_the_wire() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    client.place("1", "cust-456").expect(202);
    client.advance("1", "confirm").expect(202);
    let list = eventually(|| {
        let list = client.get("/api/v1/projections").expect(200);
        let at_end = |one: &Value| one["last_event_seq"] == 2 && one["status"] == "active";
        if list["projections"].as_array().unwrap().iter().all(at_end) {
            Ok(list)
        } else {
            Err(format!("{list}"))
        }
    });
    assert_eq!(keys(&list), ["projections"]);
    let names: Vec<_> = list["projections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["customer-orders-list", "order-detail-view"]);
    for one in list["projections"].as_array().unwrap() {
        assert_eq!(
            keys(one),
            ["last_event_seq", "mode", "name", "status", "updated_at"]
        );
        assert_eq!(one["mode"], "managed");
        assert!(one["updated_at"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn the_events_of_a_stream_as_they_are_on_the_wire() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let receipt = client
        .post("/api/orders")
        .key("cmd-1")
        .json(&placing("1", "cust-456"))
        .answer()
        .expect(202);
    let page = client.events("1", "").expect(200);
    assert_eq!(
        (keys(&page), &page["totalCount"]),
        (vec!["events", "totalCount"], &json!(1))
    );
    let event = &page["events"][0];
    let issued_at = &event["metadata"]["issuedAt"];
    assert!(
        issued_at.as_str().unwrap().ends_with('Z')
            && event["timestamp"].as_str().unwrap().ends_with('Z'),
        "{event}"
    );
    let expected = json!({
        "id": receipt["eventId"],
        "name": "order.placed",
        "data": {
            "orderId": "1",
            "customer": { "id": "cust-456", "name": "Ann", "email": "ann@example.com" },
            "items": [
                { "productId": "prod-1", "name": "Coffee", "price": 1250, "qty": 2 },
                { "productId": "prod-2", "name": "Mug", "price": 900, "qty": 1 },
            ],
            "shippingAddress": { "street": "1 High Street", "city": "Bath", "zip": "BA1 1AA", "country": "GB" },
            "totalAmount": 3400,
            "occurredAt": issued_at,
        },
        "entityVersion": "1",
        "version": 2,
        "timestamp": event["timestamp"],
        "source": "api",
        "metadata": {
            "causationId": "cmd-1",
            "correlationId": "cmd-1",
            "issuedBy": "cust-456",
            "issuedAt": issued_at,
            "command": "place-order",
            "commandHash": event["metadata"]["commandHash"],
        },
    });
    assert!(event["metadata"]["commandHash"].is_string());
    assert_eq!(*event, expected);
}

#[test]
fn headers_become_metadata() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let metadata = |order: &str, headers: &[(&str, &[u8])]| {
        let body = placing(order, "cust-789");
        let request = client.post("/api/orders").key(order).json(&body);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, *value)
        });
        request.answer().expect(202);
        client.events(order, "").expect(200)["events"][0]["metadata"].clone()
    };
    let all = metadata(
        "all",
        &[
            ("x-request-id", b"req-1"),
            ("traceparent", TRACE.as_bytes()),
        ],
    );
    assert_eq!(
        keys(&all),
        [
            "causationId",
            "command",
            "commandHash",
            "correlationId",
            "issuedAt",
            "issuedBy",
            "traceId"
        ]
    );
    assert_eq!(
        (
            &all["causationId"],
            &all["correlationId"],
            &all["traceId"],
            &all["issuedBy"]
        ),
        (
            &json!("all"),
            &json!("req-1"),
            &json!(TRACE),
            &json!("cust-789")
        )
    );
    let invalid: [&[u8]; 9] = [
        b"",
        b"nonsense",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\xe9",
    ];
    for (number, trace) in invalid.into_iter().enumerate() {
        let metadata = metadata(
            &format!("invalid-{number}"),
            &[("traceparent", trace), ("x-request-id", b"")],
        );
        assert_eq!(metadata.get("traceId"), None, "{metadata}");
        assert_eq!(
            metadata["correlationId"],
            format!("invalid-{number}"),
            "an empty request id is none"
        );
    }
    // The other commands carry their headers too; they do not say who issued them.
    client
        .post("/api/orders/all/confirm")
        .key("c")
        .header("x-request-id", "req-2")
        .answer()
        .expect(202);
    let confirmed = &client.events("all", "?from_version=2").expect(200)["events"][0]["metadata"];
    assert_eq!(
        (&confirmed["causationId"], &confirmed["correlationId"]),
        (&json!("c"), &json!("req-2"))
    );
    assert_eq!(
        (&confirmed["command"], confirmed.get("issuedBy")),
        (&json!("confirm-order"), None)
    );
}

#[test]
fn a_stream_is_read_page_by_page_in_both_directions() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    client.place("1", "cust-456").expect(202);
    for step in ["confirm", "pay", "ship"] {
        client.advance("1", step).expect(202);
    }
    for (query, expected) in [
        ("", &["1", "2", "3", "4"][..]),
        (
            "?from_version=0&limit=0&direction=forward",
            &["1", "2", "3", "4"],
        ),
        ("?from_version=1", &["1", "2", "3", "4"]),
        ("?from_version=3", &["3", "4"]),
        ("?from_version=4", &["4"]),
        ("?from_version=5", &[]),
        ("?from_version=18446744073709551615", &[]),
        ("?limit=3", &["1", "2", "3"]),
        ("?from_version=2&limit=2", &["2", "3"]),
        ("?limit=18446744073709551615", &["1", "2", "3", "4"]),
        ("?direction=backward", &["4", "3", "2", "1"]),
        ("?direction=backward&from_version=0", &["4", "3", "2", "1"]),
        ("?direction=backward&limit=1", &["4"]),
        ("?direction=backward&from_version=3", &["3", "2", "1"]),
        ("?direction=backward&from_version=3&limit=2", &["3", "2"]),
        ("?direction=backward&from_version=99", &["4", "3", "2", "1"]),
        ("?unknown=1", &["1", "2", "3", "4"]),
    ] {
        let page = client.events("1", query).expect(200);
        let versions: Vec<_> = page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| &event["entityVersion"])
            .collect();
        assert_eq!(versions, expected, "{query}");
        assert_eq!(page["totalCount"], 4, "{query}");
    }
}

#[test]
fn health_is_public_and_says_ok() {
    let home = Home::new();
    let service = home.start();
    let health = service.client().get("/health").expect(200);
    assert_eq!(keys(&health), ["status", "timestamp", "version"]);
    assert_eq!(
        (&health["status"], &health["version"]),
        (&json!("ok"), &json!(env!("CARGO_PKG_VERSION")))
    );
}
