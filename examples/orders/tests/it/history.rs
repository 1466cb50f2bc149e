//! What has to be true of every stream and every view, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::service::{Client, eventually};

/// One event of an order.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The command's id.
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) time: String,
    pub(crate) data: Value,
}

/// The events of an order, oldest first.
pub(crate) type History = Vec<Event>;

/// Reads the stream of an order, nothing where there is none, and checks that it is whole: versions
/// without a gap, a legal order of events, no command twice.
pub(crate) fn history(client: &Client, order: &str) -> Option<History> {
    let answer = client.events(order, "");
    if answer.status == 404 {
        assert_eq!(answer.error(404, "not_found"), "stream not found");
        return None;
    }
    let page = answer.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events: History = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| Event {
            id: text(&event["id"]),
            name: text(&event["name"]),
            key: text(&event["metadata"]["causationId"]),
            version: text(&event["entityVersion"]).parse().unwrap(),
            time: text(&event["timestamp"]),
            data: event["data"].clone(),
        })
        .collect();

    assert!(
        !events.is_empty(),
        "stream order-{order} is there without an event"
    );
    assert_eq!(page["totalCount"], events.len(), "order {order}");
    assert!(
        (1..)
            .zip(&events)
            .all(|(version, event)| event.version == version),
        "order {order} has a gap: {events:#?}"
    );
    assert_eq!(
        events[0].data["orderId"], order,
        "an event of another order"
    );
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert!(
        is_legal(&names),
        "order {order} went an impossible way: {names:?}"
    );
    let commands: BTreeSet<_> = events.iter().map(|event| &event.key).collect();
    assert_eq!(
        commands.len(),
        events.len(),
        "order {order} has the effect of a command twice: {events:#?}"
    );
    Some(events)
}

/// Whether these can be the events of an order.
fn is_legal(names: &[&str]) -> bool {
    let follows = |pair: &[&str]| {
        matches!(
            (pair[0], pair[1]),
            ("order.placed", "order.confirmed")
                | ("order.confirmed", "order.paid")
                | ("order.paid", "order.shipped")
                | (
                    "order.placed" | "order.confirmed" | "order.paid",
                    "order.cancelled"
                )
        )
    };
    names.first() == Some(&"order.placed") && names.windows(2).all(follows)
}

/// Reads the streams of all these orders, which are all there are.
pub(crate) fn histories<'a>(
    client: &Client,
    orders: impl IntoIterator<Item = &'a str>,
) -> BTreeMap<String, History> {
    let orders: BTreeSet<_> = orders.into_iter().collect();
    let histories: BTreeMap<_, _> = orders
        .iter()
        .filter_map(|&order| Some((order.to_owned(), history(client, order)?)))
        .collect();
    let mut listed = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = client
            .get(&format!("/api/v1/streams?category=order&limit=100{after}"))
            .expect(200);
        let streams = page["streams"].as_array().unwrap();
        for stream in streams {
            let name = stream["entityId"].as_str().unwrap();
            let order = name.strip_prefix("order-").unwrap();
            assert_eq!(stream["entityType"], "order");
            assert_eq!(stream["version"], stream["eventCount"]);
            assert!(
                listed
                    .insert(order.to_owned(), stream["version"].as_u64().unwrap())
                    .is_none(),
                "{name} is listed twice"
            );
            after = format!("&after={name}");
        }
        if streams.len() < 100 {
            break;
        }
    }
    let lengths: BTreeMap<_, _> = histories
        .iter()
        .map(|(order, events)| (order.clone(), events.len() as u64))
        .collect();
    assert_eq!(
        listed, lengths,
        "the list of streams and the streams disagree"
    );
    histories
}

/// Waits until both read models say of every order what its stream says, no more and no less.
pub(crate) fn views_agree(
    client: &Client,
    histories: &BTreeMap<String, History>,
    customers: &[&str],
) {
    for (order, events) in histories {
        let last = events.last().unwrap();
        let view = eventually(|| {
            let view = client.view("order-detail-view", order);
            match view["state"]["last_event_id"].as_str() {
                Some(id) if id == last.id => Ok(view),
                other => Err(format!(
                    "the page of order {order} is at {other:?}, not at {last:?}"
                )),
            }
        });
        page_agrees(&view["state"]["state"], events);
    }
    for customer in customers {
        let mut expected: Vec<_> = histories
            .iter()
            .filter(|(_, events)| events[0].data["customer"]["id"] == *customer)
            .map(|(order, events)| {
                (
                    events[0].time.clone(),
                    order.clone(),
                    status(events).to_owned(),
                )
            })
            .collect();
        expected.sort();
        let orders = eventually(|| {
            let view = client.view("customer-orders-list", customer);
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let orders = view["state"]["state"]["orders"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let mut found: Vec<_> = orders
                .iter()
                .map(|order| {
                    (
                        text(&order["placedAt"]),
                        text(&order["orderId"]),
                        text(&order["status"]),
                    )
                })
                .collect();
            found.sort();
            if found == expected {
                Ok(orders)
            } else {
                Err(format!(
                    "the orders of {customer} are {found:#?}, not {expected:#?}"
                ))
            }
        });
        // Times lose their last digits where these are zero, so they are compared by their length
        // too.
        let times: Vec<_> = orders
            .iter()
            .map(|order| padded(order["placedAt"].as_str().unwrap()))
            .collect();
        assert!(
            times.is_sorted_by(|newer, older| newer >= older),
            "not newest first: {times:#?}"
        );
    }
}

/// Whether the page of an order says what its events say.
fn page_agrees(page: &Value, events: &[Event]) {
    let placed = &events[0].data;
    for field in [
        "orderId",
        "customer",
        "items",
        "shippingAddress",
        "totalAmount",
    ] {
        assert_eq!(page[field], placed[field], "{field}");
    }
    assert_eq!(page["status"], status(events));
    let of = |name: &str| events.iter().find(|event| event.name == name);
    for (field, name) in [
        ("placedAt", "order.placed"),
        ("confirmedAt", "order.confirmed"),
        ("paidAt", "order.paid"),
        ("shippedAt", "order.shipped"),
        ("cancelledAt", "order.cancelled"),
    ] {
        assert_eq!(
            page[field].as_str(),
            of(name).map(|event| event.time.as_str()),
            "{field}"
        );
    }
    for (field, name, part) in [
        ("paymentId", "order.paid", "paymentId"),
        ("trackingNumber", "order.shipped", "trackingNumber"),
        ("cancellationReason", "order.cancelled", "reason"),
    ] {
        assert_eq!(
            page[field].as_str(),
            of(name).and_then(|event| event.data[part].as_str()),
            "{field}"
        );
    }
}

/// How far an order with these events has come.
pub(crate) fn status(events: &[Event]) -> &str {
    events.last().unwrap().name.strip_prefix("order.").unwrap()
}

/// A time in the form `…:01.0345Z` with all its six digits, so that it compares as text.
fn padded(time: &str) -> String {
    let time = time.strip_suffix('Z').unwrap();
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    format!("{seconds}.{fraction:0<6}")
}
