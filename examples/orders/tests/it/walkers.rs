//! Clients that walk orders through their lives and remember what they were told.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use serde_json::json;

use crate::history::{History, histories};
use crate::service::{Answer, Client, Service, placing};

/// Who the walkers order for.
pub(crate) const CUSTOMERS: [&str; 2] = ["cust-456", "cust-789"];

/// A command and the key it is sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) order: String,
    step: &'static str,
    pub(crate) key: String,
}

/// What the service said to a command it accepted.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    pub(crate) sent: Sent,
    event_id: String,
    version: u64,
}

/// A client that places order after order and brings each to an end. Nobody else knows its orders,
/// so each of its commands must be accepted.
pub(crate) struct Walker {
    number: usize,
    /// How many orders it has begun.
    orders: usize,
    /// The steps of the current order that are still to do, last first.
    ahead: Vec<&'static str>,
    /// What it was told.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// What it sent, and does not know the fate of.
    pub(crate) unanswered: Option<Sent>,
}

impl Walker {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            number,
            orders: 0,
            ahead: Vec::new(),
            acknowledged: Vec::new(),
            unanswered: None,
        }
    }

    pub(crate) fn customer(&self) -> &'static str {
        CUSTOMERS[self.number % CUSTOMERS.len()]
    }

    fn next(&mut self) -> Sent {
        let step = self.ahead.pop().unwrap_or_else(|| {
            self.orders += 1;
            self.ahead = match self.orders % 3 {
                0 => vec!["cancel", "confirm"],
                1 => vec!["ship", "pay", "confirm"],
                _ => vec!["cancel", "pay", "confirm"],
            };
            "place"
        });
        let order = format!("{}-{}", self.number, self.orders);
        Sent {
            key: format!("{order}-{step}"),
            order,
            step,
        }
    }

    fn send(&self, client: &Client, sent: &Sent) -> Result<Answer, ureq::Error> {
        let path = match sent.step {
            "place" => "/api/orders".to_owned(),
            step => format!("/api/orders/{}/{step}", sent.order),
        };
        let body = match sent.step {
            "place" => placing(&sent.order, self.customer()),
            "pay" => json!({ "paymentId": sent.key }),
            "ship" => json!({ "trackingNumber": sent.key }),
            "cancel" => json!({ "reason": sent.key }),
            _ => json!({}),
        };
        client.post(&path).key(&sent.key).json(&body).send()
    }

    fn acknowledge(&mut self, sent: Sent, answer: &Answer) {
        let body = answer.expect(202);
        assert_eq!(
            (&body["orderId"], &body["commandId"]),
            (&json!(sent.order), &json!(sent.key))
        );
        let event_id = body["eventId"].as_str().unwrap().to_owned();
        self.acknowledged.push(Acknowledged {
            sent,
            event_id,
            version: body["entityVersion"].as_u64().unwrap(),
        });
    }

    /// Goes on until there is no answer.
    pub(crate) fn walk(&mut self, client: &Client, steps: &Sender<()>) {
        loop {
            let sent = self.next();
            let Ok(answer) = self.send(client, &sent) else {
                self.unanswered = Some(sent);
                return;
            };
            self.acknowledge(sent, &answer);
            // Nobody counts any more once there are enough.
            let _ = steps.send(());
        }
    }

    /// Sends again what was not answered. Says whether it had been executed all the same.
    pub(crate) fn try_again(&mut self, client: &Client) -> bool {
        let sent = self
            .unanswered
            .take()
            .expect("a walker ends without an answer");
        let answer = self.send(client, &sent).unwrap();
        let had_been_executed = answer.is_replay();
        self.acknowledge(sent, &answer);
        had_been_executed
    }

    /// The orders it has placed, or may have.
    pub(crate) fn order_ids(&self) -> impl Iterator<Item = String> {
        let number = self.number;
        (1..=self.orders).map(move |order| format!("{number}-{order}"))
    }
}

/// Lets walkers walk, each in a thread of its own; the receiver hears of every step.
pub(crate) fn walk(
    service: &Service,
    walkers: Vec<Walker>,
) -> (Receiver<()>, Vec<JoinHandle<Walker>>) {
    let (sender, steps) = channel();
    let walk = |mut walker: Walker| {
        let (client, steps) = (service.client(), sender.clone());
        thread::spawn(move || {
            walker.walk(&client, &steps);
            walker
        })
    };
    (steps, walkers.into_iter().map(walk).collect())
}

/// Checks that every command that was acknowledged is in its stream, once and as it was
/// acknowledged, and that nothing is in any stream but what was sent.
pub(crate) fn nothing_lost_nothing_doubled(
    client: &Client,
    walkers: &[Walker],
) -> BTreeMap<String, History> {
    let orders: Vec<_> = walkers.iter().flat_map(Walker::order_ids).collect();
    let histories = histories(client, orders.iter().map(String::as_str));
    let mut found = BTreeMap::new();
    for (order, events) in &histories {
        for event in events {
            let twice = found.insert(event.key.as_str(), (order, event));
            assert!(twice.is_none(), "{} has had two effects", event.key);
        }
    }
    for Acknowledged {
        sent,
        event_id,
        version,
    } in walkers.iter().flat_map(|walker| &walker.acknowledged)
    {
        let Some((order, event)) = found.remove(sent.key.as_str()) else {
            panic!("{sent:?} was acknowledged, and is lost");
        };
        assert_eq!(
            (order, &event.id, event.version),
            (&sent.order, event_id, *version)
        );
    }
    for sent in walkers
        .iter()
        .filter_map(|walker| walker.unanswered.as_ref())
    {
        found.remove(sent.key.as_str());
    }
    assert!(found.is_empty(), "nobody sent this: {found:#?}");
    histories
}

/// The unanswered commands that were executed all the same.
pub(crate) fn executed_without_an_answer<'a>(
    walkers: &'a [Walker],
    histories: &BTreeMap<String, History>,
) -> Vec<&'a Sent> {
    walkers
        .iter()
        .filter_map(|walker| walker.unanswered.as_ref())
        .filter(|sent| {
            histories
                .get(&sent.order)
                .is_some_and(|events| events.iter().any(|event| event.key == sent.key))
        })
        .collect()
}
