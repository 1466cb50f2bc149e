//! What happens when a request times out, a process dies, or two do the same at once: the book shows
//! this code.

mod errors;
mod lossy;

use lossy::Lossy;

// ANCHOR: uses
use std::error::Error;
use std::time::Duration;

use account::{Account, AccountCommand::*, Refused};
use ironflow_domain::store::{ExpectedVersion, MemoryStore, Store, StoreErrorKind};
use ironflow_domain::{
    CommandId, CommandPolicy, Decide, Decision, DispatchError, ExecuteError, Ironflow, Receipt,
    command,
};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

type Tested = Result<(), Box<dyn Error>>;
// ANCHOR_END: uses

// ANCHOR: pay_in
#[command(Account)]
#[derive(Serialize, Deserialize)]
pub struct PayIn {
    #[id]
    pub account: String,
    pub cents: u64,
}

impl Decide<PayIn> for Account {
    fn decide(&self, PayIn { cents, .. }: PayIn) -> Decision<Self> {
        self.decide(Deposit { cents })
    }
}

fn pay_in(cents: u64) -> PayIn {
    let account = "acc-1".into();
    PayIn { account, cents }
}

/// A bank with one account that is open, and has nothing.
async fn open_bank(store: impl Store) -> Result<Ironflow, Box<dyn Error>> {
    let bank = Ironflow::new(store).command::<PayIn>().start().await?;
    let open = Open { owner: "Jo".into() };
    bank.of::<Account>("acc-1").execute(open).await?;
    Ok(bank)
}

/// How many events the account has: one is that it was opened.
async fn version(bank: &Ironflow) -> u64 {
    let loaded = bank.of::<Account>("acc-1").load().await;
    loaded.expect("the account can be read").version.get()
}
// ANCHOR_END: pay_in

// ANCHOR: again
#[tokio::test]
async fn the_same_id_again_is_the_same_command_again() -> Tested {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("bank.db");
    let bank = open_bank(Sqlite::open(&file).await?).await?;
    let first = bank.execute(pay_in(500)).command_id("pay-1").await?;
    drop(bank); // the process dies, and nobody has been told

    let bank = Ironflow::new(Sqlite::open(&file).await?).start().await?;
    let again = bank.execute(pay_in(500)).command_id("pay-1").await?;
    assert!(again.duplicate);
    assert_eq!(again.event_ids, first.event_ids);
    assert_eq!(again.version, first.version);
    assert_eq!(version(&bank).await, 2); // opened, and paid in once
    Ok(())
}
// ANCHOR_END: again

// ANCHOR: at_once
#[tokio::test]
async fn sent_twice_at_once_it_has_one_effect() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let send = async || bank.execute(pay_in(500)).command_id("pay-1").await;
    let (one, other) = tokio::join!(send(), send());
    let (one, other) = (one?, other?);
    assert_eq!(one.event_ids, other.event_ids);
    assert!(one.duplicate != other.duplicate); // one of them was the first
    assert_eq!(version(&bank).await, 2);
    Ok(())
}
// ANCHOR_END: at_once

// ANCHOR: refused
#[tokio::test]
async fn a_refusal_is_not_remembered() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let withdraw = || {
        let account = bank.of::<Account>("acc-1");
        account.execute(Withdraw { cents: 40 }).command_id("out-1")
    };
    let refused = withdraw().await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&Refused::Overdraft(0)));

    bank.execute(pay_in(500)).await?;
    assert!(!withdraw().await?.duplicate); // the same id, and this time there is money
    assert!(withdraw().await?.duplicate);
    Ok(())
}
// ANCHOR_END: refused

// ANCHOR: reused
#[tokio::test]
async fn an_id_stands_for_one_command() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    bank.execute(pay_in(500)).command_id("pay-1").await?;
    let reused = bank.execute(pay_in(700)).command_id("pay-1").await;
    assert_eq!(
        reused.unwrap_err().to_string(),
        "command id pay-1 has been used before, for the command pay-in on stream account-acc-1, \
         which said something else: a new intent needs a new id"
    );

    // `AccountCommand` does not implement `Serialize`: nobody can tell 500 from 700.
    let account = || bank.of::<Account>("acc-1");
    let deposit = |cents| account().execute(Deposit { cents }).command_id("in-1");
    deposit(500).await?;
    assert!(deposit(700).await?.duplicate); // the receipt of the 500
    Ok(())
}
// ANCHOR_END: reused

// ANCHOR: in_doubt
/// Sends a command until it is known what became of it, or the store does not come back.
async fn pay_in_surely(
    bank: &Ironflow,
    command: PayIn,
    id: CommandId,
) -> Result<Receipt, ExecuteError<Refused>> {
    let mut pause = Duration::from_millis(10);
    loop {
        let sent = bank.execute(command.clone()).command_id(id.clone()).await;
        match &sent {
            Err(ExecuteError::Store(error)) if pause < Duration::from_secs(1) => match error.kind()
            {
                StoreErrorKind::InDoubt | StoreErrorKind::Unavailable => {}
                _ => return sent,
            },
            _ => return sent,
        }
        sleep(pause).await;
        pause *= 2;
    }
}
// ANCHOR_END: in_doubt

#[tokio::test]
async fn whoever_asks_again_gets_to_know() -> Tested {
    let store = Lossy::default();
    let bank = open_bank(store.clone()).await?;
    store.lose_answers(1);
    let sent = bank.execute(pay_in(500)).command_id("pay-1").await;
    let Err(ExecuteError::Store(lost)) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(lost.kind(), StoreErrorKind::InDoubt);

    let id = CommandId::new("pay-1")?;
    let known = pay_in_surely(&bank, pay_in(500), id).await?;
    assert!(known.duplicate);
    store.lose_answers(1);
    store.refuse(1);
    let id = CommandId::new("pay-2")?;
    let known = pay_in_surely(&bank, pay_in(500), id).await?;
    assert!(known.duplicate);
    assert_eq!(version(&bank).await, 3);
    Ok(())
}

// ANCHOR: seen
#[tokio::test]
async fn a_form_is_saved_on_what_it_showed() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let shown = bank.of::<Account>("acc-1").load().await?.version;
    let seen = || ExpectedVersion::Exact(shown);
    let save = |id| {
        let save = bank.execute(pay_in(500)).command_id(id);
        save.expected_version(seen())
    };
    save("form-1").await?; // nobody was faster

    let stale = save("form-2").await.unwrap_err(); // somebody was: form-1
    assert_eq!(
        stale.to_string(),
        "stream account-acc-1 is at version 2, expected version 1"
    );
    assert!(save("form-1").await?.duplicate); // a repeat is a repeat, wherever the stream is by now
    Ok(())
}
// ANCHOR_END: seen

// ANCHOR: policies
#[tokio::test]
async fn how_hard_to_try() -> Tested {
    let bank = Ironflow::new(MemoryStore::new())
        .policy(CommandPolicy::new().deadline(Duration::from_secs(5)))
        .policy_of::<PayIn>(CommandPolicy::new().attempts(100))
        .start()
        .await?;
    bank.of::<Account>("acc-1")
        .execute(Open { owner: "Jo".into() })
        .policy(CommandPolicy::new().attempts(1)) // now or never
        .await?;
    bank.execute(pay_in(500)).await?;
    Ok(())
}
// ANCHOR_END: policies

// ANCHOR: queue
#[tokio::test]
async fn a_hundred_at_once_are_decided_one_after_the_other() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let mut customers = JoinSet::new();
    for cents in 1..=100 {
        let bank = bank.clone();
        customers.spawn(async move { bank.execute(pay_in(cents)).await });
    }
    while let Some(receipt) = customers.join_next().await {
        receipt??; // not one conflict
    }
    assert_eq!(version(&bank).await, 101);
    Ok(())
}
// ANCHOR_END: queue

#[tokio::test]
async fn without_the_queue_they_are_in_each_others_way_and_none_is_lost() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let stubborn = CommandPolicy::new().attempts(1_000).queued(false);
    let mut customers = JoinSet::new();
    for cents in 1..=10 {
        let bank = bank.clone();
        customers.spawn(async move { bank.execute(pay_in(cents)).policy(stubborn).await });
    }
    while let Some(receipt) = customers.join_next().await {
        receipt??;
    }
    assert_eq!(version(&bank).await, 11);
    Ok(())
}

// ANCHOR: gone
#[tokio::test]
async fn who_hung_up_asks_again_with_the_same_id() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let pay = || bank.execute(pay_in(500)).command_id("pay-1");
    drop(pay()); // never awaited: nothing happens
    assert_eq!(version(&bank).await, 1);

    let _ = timeout(Duration::ZERO, pay()).await; // perhaps begun, perhaps not
    pay().await?;
    assert_eq!(version(&bank).await, 2);
    Ok(())
}
// ANCHOR_END: gone

// ANCHOR: message
pub struct Message {
    pub id: String,
    pub command: String,
    pub json: String,
}

#[derive(Debug, PartialEq)]
pub enum Verdict {
    Acknowledge,
    DeliverAgain,
    PutAside,
}

async fn on_message(bank: &Ironflow, message: &Message) -> Verdict {
    let executed = bank
        .dispatch(&message.command, &message.json)
        .command_id(format!("payments/{}", message.id))
        .source("payments")
        .await;
    match executed {
        Ok(_) => Verdict::Acknowledge,
        Err(DispatchError::Execute(
            ExecuteError::Store(_)
            | ExecuteError::Conflict { .. }
            | ExecuteError::DeadlineExceeded { .. }
            | ExecuteError::Enrichment { .. },
        )) => Verdict::DeliverAgain,
        Err(_) => Verdict::PutAside, // it would be refused again: a person looks at it
    }
}
// ANCHOR_END: message

#[tokio::test]
async fn a_message_that_is_delivered_twice_has_one_effect() -> Tested {
    let store = Lossy::default();
    let bank = open_bank(store.clone()).await?;
    let message = |id: &str, command: &str, json: &str| Message {
        id: id.into(),
        command: command.into(),
        json: json.into(),
    };
    let paid = message("1", "pay-in", r#"{ "account": "acc-1", "cents": 500 }"#);
    store.lose_answers(1);
    assert_eq!(on_message(&bank, &paid).await, Verdict::DeliverAgain);
    for _ in 0..2 {
        assert_eq!(on_message(&bank, &paid).await, Verdict::Acknowledge);
    }
    assert_eq!(version(&bank).await, 2);
    for unknown in [
        message("2", "pay-out", "{}"),
        message("3", "pay-in", "{}"),
        message("4", "pay-in", r#"{ "account": "acc-2", "cents": 500 }"#),
    ] {
        assert_eq!(on_message(&bank, &unknown).await, Verdict::PutAside);
    }
    Ok(())
}

// ANCHOR: metadata
#[tokio::test]
async fn what_rides_beside_an_event() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let receipt = bank
        .execute(pay_in(500))
        .command_id("pay-1")
        .issued_by("jo")
        .correlation_id("visit-9")
        .tenant_id("branch-7")
        .metadata("channel", "app")
        .await?;
    let event = bank.store().find_event(receipt.event_ids[0]).await?;
    let event = event.expect("it was recorded");
    assert_eq!(event.data, r#"{"cents":500}"#);
    let metadata = event.metadata;
    assert_eq!(metadata.causation_id.as_deref(), Some("pay-1"));
    assert_eq!(metadata.command.as_deref(), Some("pay-in"));
    assert_eq!(metadata.issued_by.as_deref(), Some("jo"));
    assert_eq!(metadata.extra["channel"], "app");
    Ok(())
}
// ANCHOR_END: metadata
