//! A card is charged before anything is recorded, and once: the book shows the handler.

mod handler;
mod provider;

use std::sync::atomic::Ordering;
use std::time::Duration;

use account::{Account, AccountCommand::Open};
use handler::{Answer, TopUp, top_up};
use ironflow_domain::store::MemoryStore;
use ironflow_domain::{Claims, Ironflow};
use provider::{Payment, Provider};

async fn open_bank() -> (Ironflow, Claims, Provider) {
    let bank = Ironflow::new(MemoryStore::new()).start().await;
    let bank = bank.expect("the store is there");
    let open = Open { owner: "Jo".into() };
    let opened = bank.of::<Account>("acc-1").execute(open).await;
    opened.expect("it is not open yet");
    let claims = bank.claims().lease(Duration::from_millis(200));
    (bank, claims, Provider::default())
}

fn of(cents: u64) -> TopUp {
    let account = "acc-1".into();
    TopUp { account, cents }
}

/// How many events the account has: one is that it was opened.
async fn version(bank: &Ironflow) -> u64 {
    let loaded = bank.of::<Account>("acc-1").load().await;
    loaded.expect("the account can be read").version.get()
}

#[tokio::test]
async fn whoever_sends_it_twice_pays_once() {
    let (bank, claims, provider) = open_bank().await;
    let with = (&bank, &claims, &provider);
    let (first, second) = tokio::join!(
        top_up(with, "cmd-1", of(500)),
        top_up(with, "cmd-1", of(500))
    );
    let paid = Answer::ToppedUp(Payment {
        number: 1,
        cents: 500,
    });
    assert_eq!(first.expect("nothing fails"), paid);
    let second = second.expect("nothing fails");
    assert!(matches!(second, Answer::TryAgainAfter(_)), "{second:?}");
    let again = top_up(with, "cmd-1", of(500)).await;
    assert_eq!(again.expect("nothing fails"), paid);
    let other = top_up(with, "cmd-1", of(700)).await;
    assert_eq!(other.expect("nothing fails"), Answer::OtherCommand);
    assert_eq!((provider.charges(), version(&bank).await), (1, 2));
}

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_found_and_not_repeated() {
    let (bank, claims, provider) = open_bank().await;
    let with = (&bank, &claims, &provider);
    provider.loses_the_answer.store(true, Ordering::SeqCst);
    let lost = top_up(with, "cmd-1", of(500)).await;
    assert!(lost.is_err());
    provider.loses_the_answer.store(false, Ordering::SeqCst);

    let found = loop {
        match top_up(with, "cmd-1", of(500)).await.expect("nothing fails") {
            Answer::TryAgainAfter(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            answer => break answer,
        }
    };
    assert_eq!(
        found,
        Answer::ToppedUp(Payment {
            number: 1,
            cents: 500
        })
    );
    assert_eq!((provider.charges(), version(&bank).await), (1, 2));
}

#[tokio::test]
async fn a_card_that_is_declined_may_be_tried_again_at_once() {
    let (bank, claims, provider) = open_bank().await;
    let with = (&bank, &claims, &provider);
    for _ in 0..2 {
        let declined = top_up(with, "cmd-1", of(20_000)).await;
        assert_eq!(declined.expect("nothing fails"), Answer::Declined);
    }
    assert_eq!((provider.charges(), version(&bank).await), (0, 1));
}
