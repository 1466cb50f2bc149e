//! Sentences about reactors, and what they say when they fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use ironflow_domain::{EventId, React, Reactor, Recorded, Timestamp, event, events};
use ironflow_testing::{ReactionsOf, reactions_of};
use tokio::runtime::Builder;

#[event("order")]
enum OrderEvent {
    Placed { customer: String },
    Shipped,
    Lost,
}

#[derive(Reactor)]
#[reactor("mails", of(OrderEvent))]
struct Mails(Mailbox);

/// What was sent: for which event, when that happened, and to whom.
type Mailbox = Arc<Mutex<Vec<(EventId, Timestamp, String)>>>;

impl React<OrderEvent> for Mails {
    type Error = String;

    async fn react(&self, event: &Recorded<OrderEvent>) -> Result<(), String> {
        // What it waits for is waited for.
        tokio::task::yield_now().await;
        match &event.data {
            OrderEvent::Placed { customer } if customer.is_empty() => {
                Err("the address is empty".to_owned())
            }
            OrderEvent::Placed { customer } => {
                let mail = (event.id, event.time, customer.clone());
                self.0.lock().unwrap().push(mail);
                Ok(())
            }
            OrderEvent::Shipped => Ok(()),
            OrderEvent::Lost => panic!("nobody has thought of that"),
        }
    }
}

fn placed(customer: &str) -> OrderEvent {
    let customer = customer.to_owned();
    OrderEvent::Placed { customer }
}

fn mails() -> (Mailbox, ReactionsOf<Mails>) {
    let mailbox = Mailbox::default();
    (mailbox.clone(), reactions_of(Mails(mailbox)))
}

fn failure(sentence: impl AsyncFnOnce()) -> String {
    let runtime = Builder::new_current_thread().build().unwrap();
    let told = catch_unwind(AssertUnwindSafe(|| runtime.block_on(sentence())));
    let failure = told.expect_err("the sentence is wrong");
    *failure.downcast::<String>().expect("it says why")
}

#[tokio::test]
async fn a_sentence_says_what_is_done_and_that_it_is_done_again() {
    let (mailbox, mails) = mails();
    mails
        .at("2026-04-17T12:00:00Z")
        .given("1", events![placed("ann"), OrderEvent::Shipped])
        .given("2", events![placed("bob")])
        .react()
        .await
        .then_done()
        .given("3", events![placed("eve")])
        .react()
        .await
        .then_done()
        .react_again()
        .await
        .then_done();
    let mailbox = mailbox.lock().unwrap();
    let to: Vec<_> = mailbox.iter().map(|(_, _, to)| to.as_str()).collect();
    assert_eq!(to, ["ann", "bob", "eve", "eve"]);
    assert_eq!(mailbox[2].0, mailbox[3].0, "the same id");
    assert_ne!(mailbox[1].0, mailbox[2].0);
    assert_eq!(mailbox[0].1.to_string(), "2026-04-17T12:00:00Z");
}

#[tokio::test]
async fn what_comes_after_a_failure_is_not_told() {
    let (mailbox, mails) = mails();
    mails
        .given("1", events![placed("ann")])
        .given("2", events![placed(""), placed("bob")])
        .react()
        .await
        .then_failed("address is empty")
        .given("3", events![placed("eve")])
        .react()
        .await
        .then_done();
    let mailbox = mailbox.lock().unwrap();
    let to: Vec<_> = mailbox.iter().map(|(_, _, to)| to.as_str()).collect();
    assert_eq!(to, ["ann", "eve"]);
}

#[test]
fn what_is_not_so_fails() {
    let of = |event: OrderEvent| mails().1.given("1", events![event]);
    for (failure, parts) in [
        (
            failure(async || drop(of(placed("")).react().await.then_done())),
            vec![
                "an event has failed",
                "order.placed, version 1 of stream order-1: the address is empty",
            ],
        ),
        (
            failure(async || drop(of(OrderEvent::Lost).react().await.then_done())),
            vec!["the reactor panicked", "nobody has thought of that"],
        ),
        (
            failure(async || {
                let reacted = of(OrderEvent::Lost).react().await;
                drop(reacted.then_failed("nobody"));
            }),
            vec!["the reactor panicked"],
        ),
        (
            failure(async || drop(of(placed("ann")).react().await.then_failed("full"))),
            vec!["it was expected to fail, and is done", "it fails: full"],
        ),
        (
            failure(async || drop(of(placed("")).react().await.then_failed("full"))),
            vec![
                "it failed for another reason",
                "full",
                "the address is empty",
            ],
        ),
        (
            failure(async || drop(of(placed("ann")))),
            vec!["reactions_of(..) without a then: nothing was checked"],
        ),
        (
            failure(async || drop(of(placed("ann")).react().await)),
            vec!["reactions_of(..) without a then: nothing was checked"],
        ),
    ] {
        for part in parts {
            assert!(failure.contains(part), "{part}: {failure}");
        }
    }
}
