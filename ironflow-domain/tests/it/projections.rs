//! Projections: live, exactly once, and where they left off.

use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{Follower, Ironflow, ProjectionState, Receipt, StartError, WaitError};

use crate::bank::{Account, Balance, Branch, Move, Open, Owner, append_stray};

const SOON: Duration = Duration::from_secs(10);

async fn bank(store: &MemoryStore) -> Ironflow<Branch> {
    Ironflow::new(store.clone())
        .enrich(Branch)
        .projection::<Balance>()
        .projection::<Owner>()
        .start()
        .await
        .unwrap()
}

async fn open(bank: &Ironflow<Branch>, account: &str, owner: &str) -> Receipt {
    bank.execute(Open {
        account: account.into(),
        owner: owner.into(),
    })
    .await
    .unwrap()
}

async fn deposit(bank: &Ironflow<Branch>, account: &str, cents: u64) -> Receipt {
    bank.of::<Account>(account)
        .execute(Move::Deposit { cents })
        .await
        .unwrap()
}

async fn balance(bank: &Ironflow<Branch>, account: &str) -> Option<Balance> {
    bank.query::<Balance>(&account.to_owned()).await.unwrap()
}

async fn owner(bank: &Ironflow<Branch>, owner: &str) -> Option<Owner> {
    bank.query::<Owner>(&owner.to_owned()).await.unwrap()
}

fn state(bank: &Ironflow<Branch>, name: &str) -> ProjectionState {
    bank.projection_statuses()
        .into_iter()
        .find(|status| status.name == name)
        .expect("it is followed")
        .state
}

#[tokio::test]
async fn a_view_follows_its_events() {
    let bank = bank(&MemoryStore::new()).await;
    assert_eq!(balance(&bank, "1").await, None);
    open(&bank, "1", "Ann").await;
    deposit(&bank, "1", 5).await;
    open(&bank, "2", "Bob").await;
    let last = deposit(&bank, "2", 7).await;
    bank.wait_for::<Balance>(&last, SOON).await.unwrap();
    assert_eq!(
        balance(&bank, "1").await,
        Some(Balance { cents: 5, moves: 1 })
    );
    assert_eq!(
        balance(&bank, "2").await,
        Some(Balance { cents: 7, moves: 1 })
    );

    let view = bank
        .view::<Balance>(&"2".to_owned())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.last_event_name, "account.deposited");
    assert_eq!(
        (Some(view.last_event_position), view.last_event_id),
        (last.position, last.event_ids[0])
    );
    let json = bank.view_json("balance", "2").await.unwrap().unwrap();
    assert_eq!(json.state.get(), r#"{"cents":7,"moves":1}"#);
    assert_eq!(state(&bank, "balance"), ProjectionState::Active);
}

#[tokio::test]
async fn an_event_without_a_key_goes_where_its_stream_went_in_any_batch_and_after_a_restart() {
    let store = MemoryStore::new();
    let first = bank(&store).await;
    for account in ["1", "2", "3"] {
        open(&first, account, "Ann").await;
        let last = deposit(&first, account, 10).await;
        // Waiting ends the batch, so that each deposit is in another one.
        first.wait_for::<Owner>(&last, SOON).await.unwrap();
    }
    first.stop().await;

    let second = bank(&store).await;
    let last = deposit(&second, "2", 1).await;
    second.wait_for::<Owner>(&last, SOON).await.unwrap();
    assert_eq!(
        owner(&second, "Ann").await,
        Some(Owner {
            accounts: 3,
            deposited: 31
        })
    );
}

#[tokio::test]
async fn a_restarted_projection_goes_on_where_it_left_off() {
    let store = MemoryStore::new();
    let first = bank(&store).await;
    open(&first, "1", "Ann").await;
    let last = deposit(&first, "1", 5).await;
    first.wait_for::<Balance>(&last, SOON).await.unwrap();
    first.stop().await;
    assert_eq!(state(&first, "balance"), ProjectionState::Stopped);

    // While nobody follows, the log grows.
    deposit(&first, "1", 6).await;
    assert_eq!(
        balance(&first, "1").await,
        Some(Balance { cents: 5, moves: 1 })
    );

    let second = bank(&store).await;
    let last = deposit(&second, "1", 7).await;
    second.wait_for::<Balance>(&last, SOON).await.unwrap();
    assert_eq!(
        balance(&second, "1").await,
        Some(Balance {
            cents: 18,
            moves: 3
        })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_follow_the_same_projection_apply_every_event_once() {
    let store = MemoryStore::new();
    let (one, other) = (bank(&store).await, bank(&store).await);
    for account in 0..10 {
        open(&one, &account.to_string(), "Ann").await;
    }
    let mut tasks = Vec::new();
    for bank in [&one, &other] {
        let bank = bank.clone();
        tasks.push(tokio::spawn(async move {
            let mut last = None;
            for round in 0..300 {
                last = Some(deposit(&bank, &(round % 10).to_string(), 1).await);
            }
            last.expect("there were rounds")
        }));
    }
    for task in tasks {
        let last = task.await.unwrap();
        for bank in [&one, &other] {
            bank.wait_for::<Balance>(&last, SOON).await.unwrap();
            bank.wait_for::<Owner>(&last, SOON).await.unwrap();
        }
    }
    for account in 0..10 {
        assert_eq!(
            balance(&one, &account.to_string())
                .await
                .map(|view| (view.cents, view.moves)),
            Some((60, 60))
        );
    }
    assert_eq!(
        owner(&one, "Ann").await,
        Some(Owner {
            accounts: 10,
            deposited: 600
        })
    );
}

#[tokio::test]
async fn more_events_than_a_batch_holds_are_all_applied() {
    let store = MemoryStore::new();
    let before = Ironflow::new(store.clone())
        .enrich(Branch)
        .start()
        .await
        .unwrap();
    open(&before, "1", "Ann").await;
    for _ in 0..13 {
        before
            .of::<Account>("1")
            .execute(Move::DepositEach { cents: vec![1; 97] })
            .await
            .unwrap();
    }
    let after = bank(&store).await;
    let last = deposit(&after, "1", 1).await;
    after.wait_for::<Balance>(&last, SOON).await.unwrap();
    assert_eq!(
        balance(&after, "1").await,
        Some(Balance {
            cents: 1262,
            moves: 1262
        })
    );
}

#[tokio::test]
async fn a_panic_parks_one_view_of_one_projection_and_names_the_event() {
    let bank = bank(&MemoryStore::new()).await;
    open(&bank, "1", "Ann").await;
    let unlucky = deposit(&bank, "1", 666).await;
    let one = "1".to_owned();
    let waited = bank.wait_for_view::<Balance>(&one, &unlucky, SOON).await;
    let error = waited.unwrap_err();
    let id = unlucky.event_ids[0];
    assert_eq!(
        error.to_string(),
        format!(
            "the view 1 of projection balance is parked: event account.deposited {id}, version 2 of \
             stream account-1, made the projection panic: an unlucky number"
        )
    );
    // The other one goes on, and so do commands.
    let last = deposit(&bank, "1", 1).await;
    bank.wait_for::<Owner>(&last, SOON).await.unwrap();
    assert_eq!(
        owner(&bank, "Ann").await.map(|view| view.deposited),
        Some(667)
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_projection_and_is_never_skipped() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1", "Ann").await;
    append_stray(
        &store,
        "account-1",
        "account.deposited",
        r#"{"cents":"many"}"#,
    )
    .await;
    let last = open(&bank, "2", "Bob").await;
    let error = bank.wait_for::<Balance>(&last, SOON).await.unwrap_err();
    let WaitError::Stopped { error, .. } = error else {
        panic!("{error}")
    };
    assert!(
        error.contains("version 2 of stream account-1") && error.contains("invalid type: string"),
        "{error}"
    );
    assert_eq!(balance(&bank, "2").await, None);
}

#[tokio::test]
async fn an_event_that_was_renamed_stops_the_projection_and_is_never_skipped() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1", "Ann").await;
    // Another aggregate's events are none of our business, whatever they are called.
    append_stray(&store, "cash-1", "account.paid", "{}").await;
    let last = deposit(&bank, "1", 5).await;
    bank.wait_for::<Balance>(&last, SOON).await.unwrap();

    append_stray(&store, "account-1", "account.paid_in", "{}").await;
    let last = open(&bank, "2", "Bob").await;
    let error = bank.wait_for::<Balance>(&last, SOON).await.unwrap_err();
    let WaitError::Stopped { error, .. } = error else {
        panic!("{error}")
    };
    assert!(
        error.contains("version 3 of stream account-1")
            && error.contains("unknown event name account.paid_in"),
        "{error}"
    );
}

#[tokio::test]
async fn an_event_that_belongs_where_nothing_went_before_stops_the_projection() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    append_stray(&store, "account-1", "account.deposited", r#"{"cents":1}"#).await;
    let last = open(&bank, "2", "Bob").await;
    let error = bank.wait_for::<Owner>(&last, SOON).await.unwrap_err();
    assert!(error.to_string().contains("none went anywhere"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_waited_for_says_so() {
    let store = MemoryStore::new();
    let none = Ironflow::new(store.clone())
        .enrich(Branch)
        .start()
        .await
        .unwrap();
    let receipt = open(&none, "1", "Ann").await;
    let error = none.wait_for::<Balance>(&receipt, SOON).await.unwrap_err();
    assert!(
        matches!(
            error,
            WaitError::NotFollowed {
                follower: Follower::Projection("balance"),
                ..
            }
        ),
        "{error}"
    );

    let stopped = bank(&store).await;
    stopped.stop().await;
    let receipt = open(&stopped, "2", "Ann").await;
    let error = stopped
        .wait_for::<Balance>(&receipt, SOON)
        .await
        .unwrap_err();
    assert!(matches!(error, WaitError::Stopped { .. }), "{error}");
}

#[tokio::test]
async fn two_projections_cannot_have_the_same_name() {
    let twice = Ironflow::new(MemoryStore::new())
        .projection::<Balance>()
        .projection::<Balance>()
        .start()
        .await;
    assert!(matches!(
        twice,
        Err(StartError::DuplicateProjection("balance"))
    ));
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_projections() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    let receipt = open(&bank, "1", "Ann").await;
    bank.wait_for::<Balance>(&receipt, SOON).await.unwrap();
    drop(bank);
    let later = Ironflow::new(store).enrich(Branch).start().await.unwrap();
    deposit(&later, "1", 5).await;
    tokio::task::yield_now().await;
    assert_eq!(
        balance(&later, "1").await,
        Some(Balance { cents: 0, moves: 0 })
    );
}
