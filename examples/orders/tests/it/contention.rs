//! Many clients at one order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Barrier, Mutex};
use std::thread;

use ironflow_domain::store::ReadStream;
use ironflow_domain::{
    Decide, Decision, Decoder, ExecuteError, StreamId, StreamVersion, command, events,
};
use ironflow_sqlite::Sqlite;
use orders::domain::{Order, OrderEvent, OrderId};

use crate::history::{History, histories, history, views_agree};
use crate::service::{Answer, Client, Home, Service};

const CLIENTS: usize = 32;

/// What the commands that race for an order were answered, by key.
type Answers = BTreeMap<String, Vec<Answer>>;

/// Which steps a client tries. Few cancel, so that some orders get far.
fn steps(client: usize) -> &'static [&'static str] {
    match client % 8 {
        0 => &["confirm", "pay", "ship", "cancel"],
        1 => &["pay", "ship", "confirm"],
        2 => &["ship", "confirm", "pay"],
        _ => &["confirm", "pay", "ship"],
    }
}

/// Lets all clients race for each of the orders, one order after the other. `clients` are the
/// connections of one client, one to each service; it sends each command to as many of them as
/// `copies` says, at the same time.
fn race(services: &[&Service], orders: &[String], copies: usize) -> BTreeMap<String, Answers> {
    let answers: Mutex<BTreeMap<String, Answers>> = Mutex::default();
    let barrier = Barrier::new(CLIENTS);
    let run = &|number: usize| {
        let connections: Vec<_> = services.iter().map(|service| service.client()).collect();
        for order in orders {
            barrier.wait();
            for (index, step) in steps(number).iter().enumerate() {
                let key = format!("{order}-{step}-{number}");
                let path = format!("/api/orders/{order}/{step}");
                let send = |connection: &Client| connection.post(&path).key(&key).answer();
                let chosen: Vec<_> = connections
                    .iter()
                    .cycle()
                    .skip(number + index)
                    .take(copies)
                    .collect();
                let got: Vec<_> = thread::scope(|scope| {
                    let (first, others) = chosen.split_first().unwrap();
                    let others: Vec<_> = others
                        .iter()
                        .map(|connection| scope.spawn(|| send(connection)))
                        .collect();
                    let first = send(first);
                    std::iter::once(first)
                        .chain(others.into_iter().map(|other| other.join().unwrap()))
                        .collect()
                });
                let before = answers
                    .lock()
                    .unwrap()
                    .entry(order.clone())
                    .or_default()
                    .insert(key, got);
                assert!(before.is_none());
            }
        }
    };
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || run(number));
        }
    });
    answers.into_inner().unwrap()
}

/// Checks that exactly the commands that were accepted are in the stream, and that the others were
/// refused for a reason.
fn exactly_the_accepted(order: &str, events: &History, answers: &Answers) {
    let stored: BTreeMap<_, _> = events
        .iter()
        .skip(1)
        .map(|event| (event.key.as_str(), event))
        .collect();
    let mut accepted = BTreeSet::new();
    for (key, answers) in answers {
        for answer in answers {
            match answer.status {
                202 => {
                    let body = answer.json();
                    let Some(event) = stored.get(key.as_str()) else {
                        panic!("{key} was acknowledged, and is not in {events:#?}");
                    };
                    assert_eq!(
                        (&body["eventId"], &body["entityVersion"]),
                        (&event.id.clone().into(), &event.version.into())
                    );
                    accepted.insert(key.as_str());
                }
                409 => assert!(
                    answer
                        .error(409, "aborted")
                        .contains(&format!("stream order-{order} is at version"))
                ),
                422 => {
                    let step = key.strip_prefix(order).unwrap().split('-').nth(1).unwrap();
                    answer.error(422, &format!("cannot_{step}"));
                }
                _ => panic!("{key}: {answer:?}"),
            }
        }
    }
    assert_eq!(accepted, stored.into_keys().collect(), "order {order}");
}

fn place_all(client: &Client, orders: &[String]) {
    for (order, customer) in orders
        .iter()
        .zip(["cust-456", "cust-789"].into_iter().cycle())
    {
        client.place(order, customer).expect(202);
    }
}

#[test]
fn of_32_clients_that_race_for_an_order_those_that_are_told_so_have_changed_it() {
    let home = Home::new();
    let service = home.start();
    let client = service.client();
    let orders: Vec<_> = (0..12).map(|order| order.to_string()).collect();
    place_all(&client, &orders);
    let answers = race(&[&service], &orders, 1);
    let histories = histories(&client, orders.iter().map(String::as_str));
    for order in &orders {
        exactly_the_accepted(order, &histories[order], &answers[order]);
        // Someone won each time, and everyone was answered.
        assert!(
            histories[order].len() > 1,
            "nobody could change order {order}"
        );
        assert_eq!(
            answers[order].len(),
            (0..CLIENTS)
                .map(|client| steps(client).len())
                .sum::<usize>()
        );
    }
    views_agree(&client, &histories, &["cust-456", "cust-789"]);
    service.stop("TERM");
}

#[test]
fn one_command_sent_by_32_clients_at_once_has_one_effect_and_one_answer() {
    let home = Home::new();
    let service = home.start();
    let barrier = Barrier::new(CLIENTS);
    let send = |path: &str, body: &str| {
        let client = service.client();
        barrier.wait();
        let answer = client
            .post(path)
            .key(&format!("once-{path}"))
            .body(body)
            .answer();
        (answer.expect(202), answer.is_replay())
    };
    let placing = crate::service::placing("1", "cust-456").to_string();
    let placing = placing.as_str();
    for (path, body) in [
        ("/api/orders", placing),
        ("/api/orders/1/confirm", ""),
        ("/api/orders/1/pay", ""),
    ] {
        let answers: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| send(path, body)))
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect()
        });
        assert!(
            answers.iter().all(|(body, _)| *body == answers[0].0),
            "{answers:#?}"
        );
        assert_eq!(
            answers.iter().filter(|(_, replay)| !replay).count(),
            1,
            "{answers:#?}"
        );
    }
    let names: Vec<_> = history(&service.client(), "1")
        .unwrap()
        .into_iter()
        .map(|event| event.name)
        .collect();
    assert_eq!(names, ["order.placed", "order.confirmed", "order.paid"]);
}

#[test]
fn one_key_for_32_orders_at_once_places_one_of_them() {
    let home = Home::new();
    let service = home.start();
    let barrier = Barrier::new(CLIENTS);
    let place = &|order: String| {
        let client = service.client();
        let body = crate::service::placing(&order, "cust-456");
        barrier.wait();
        let answer = client.post("/api/orders").key("one").json(&body).answer();
        if answer.status == 202 {
            return Some(order);
        }
        answer.error(422, "command_id_reused");
        None
    };
    let placed: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|order| scope.spawn(move || place(order.to_string())))
            .collect();
        clients
            .into_iter()
            .filter_map(|client| client.join().unwrap())
            .collect()
    });
    let orders: Vec<_> = (0..CLIENTS).map(|order| order.to_string()).collect();
    let histories = histories(&service.client(), orders.iter().map(String::as_str));
    assert_eq!(
        histories.keys().collect::<Vec<_>>(),
        placed.iter().collect::<Vec<_>>()
    );
    assert_eq!(placed.len(), 1);
}

#[test]
fn two_services_on_one_file_lose_nothing_and_double_nothing() {
    let home = Home::new();
    let (left, right) = (home.start(), home.start());
    let clients = [left.client(), right.client()];
    let orders: Vec<_> = (0..8).map(|order| order.to_string()).collect();
    place_all(&clients[0], &orders[..4]);
    place_all(&clients[1], &orders[4..]);
    // Each command goes to both services at the same time, as from a client behind a proxy that
    // tries again too soon.
    let answers = race(&[&left, &right], &orders, 2);
    for client in &clients {
        let histories = histories(client, orders.iter().map(String::as_str));
        for order in &orders {
            exactly_the_accepted(order, &histories[order], &answers[order]);
            assert!(
                histories[order].len() > 1,
                "nobody could change order {order}"
            );
        }
        views_agree(client, &histories, &["cust-456", "cust-789"]);
    }
    // One of them is gone; the other one serves on and has everything.
    left.kill();
    clients[1].place("last", "cust-456").expect(202);
    let histories = histories(
        &clients[1],
        orders.iter().map(String::as_str).chain(["last"]),
    );
    assert_eq!(histories.len(), orders.len() + 1);
    views_agree(&clients[1], &histories, &["cust-456", "cust-789"]);
    right.stop("TERM");
}

/// A command that is always accepted, so that every conflict is about the stream and not about the
/// order.
#[command(Order)]
struct AddNote {
    #[id]
    order_id: OrderId,
    text: String,
}

impl Decide<AddNote> for Order {
    fn decide(&self, AddNote { text, .. }: AddNote) -> Decision<Self> {
        Ok(events![OrderEvent::Cancelled { reason: Some(text) }])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_tasks_that_write_to_one_stream_none_loses_anything() {
    const EACH: usize = 25;
    let home = Home::new();
    let orders = orders::start(Sqlite::open(home.database()).await.unwrap())
        .await
        .unwrap();
    let stream = StreamId::new("order", "notes").unwrap();

    let write = |orders: orders::Orders, client: usize| async move {
        let mut receipts = Vec::new();
        let mut conflicts = 0;
        for number in 0..EACH {
            let text = format!("{client}-{number}");
            let receipt = loop {
                let note = AddNote {
                    order_id: "notes".into(),
                    text: text.clone(),
                };
                match orders.execute(note).command_id(text.as_str()).await {
                    Ok(receipt) => break receipt,
                    Err(ExecuteError::Conflict { .. }) => conflicts += 1,
                    Err(error) => panic!("{text}: {error:?}"),
                }
            };
            assert!(
                !receipt.duplicate,
                "{text} was recorded, and its client was told of a conflict"
            );
            receipts.push((text, receipt));
        }
        (receipts, conflicts)
    };
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(write(orders.clone(), client)))
        .collect();
    let mut by_version = BTreeMap::new();
    let mut conflicts = 0;
    for task in tasks {
        let (receipts, more) = task.await.unwrap();
        conflicts += more;
        // In each client's own order.
        assert!(receipts.is_sorted_by_key(|(_, receipt)| receipt.version));
        for (text, receipt) in receipts {
            let twice = by_version.insert(receipt.version.get(), (text, receipt));
            assert!(
                twice.is_none(),
                "two commands were given one version: {twice:?}"
            );
        }
    }

    // A new start, so that all of this comes from the disk.
    orders.stop().await;
    drop(orders);
    let orders = orders::start(Sqlite::open(home.database()).await.unwrap())
        .await
        .unwrap();
    let page = orders
        .store()
        .read_stream(
            &stream,
            ReadStream::forward(StreamVersion::new(1)).limit(10_000),
        )
        .await
        .unwrap();
    assert_eq!(
        page.events.len(),
        CLIENTS * EACH,
        "with {conflicts} conflicts that outlived their retries"
    );
    assert_eq!(
        by_version.keys().copied().collect::<Vec<_>>(),
        (1..=(CLIENTS * EACH) as u64).collect::<Vec<_>>()
    );
    let mut decoder = Decoder::<OrderEvent>::new();
    for (event, (version, (text, receipt))) in page.events.iter().zip(by_version) {
        assert_eq!(event.version.get(), version);
        assert_eq!(receipt.event_ids, [event.id]);
        assert_eq!(Some(event.position), receipt.position);
        let event = decoder.recorded(&event).unwrap().next().unwrap();
        assert_eq!(event.metadata.causation_id.as_deref(), Some(text.as_str()));
        assert_eq!(event.data, OrderEvent::Cancelled { reason: Some(text) });
    }
    orders.stop().await;
}
