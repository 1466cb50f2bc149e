//! Commands: decided on the newest state, recorded once, with metadata nobody had to write.

use std::sync::Arc;

use ironflow_domain::store::{ExpectedVersion, MemoryStore, ReadStream, StreamStore};
use ironflow_domain::{
    CommandId, CommandPolicy, ExecuteError, Ironflow, Metadata, RecordedEvent, StreamVersion,
};

use crate::bank::{Account, AccountEvent, Branch, Import, Move, Open, Refused, append_stray};
use crate::stored;

async fn bank(store: &MemoryStore) -> Ironflow<Branch> {
    Ironflow::new(store.clone())
        .enrich(Branch)
        .start()
        .await
        .unwrap()
}

async fn open(bank: &Ironflow<Branch>, account: &str) {
    bank.execute(Open {
        account: account.into(),
        owner: "Ann".into(),
    })
    .await
    .unwrap();
}

pub(crate) async fn stream(store: &MemoryStore, id: &str) -> Vec<RecordedEvent> {
    let page = store
        .read_stream(
            &id.parse().unwrap(),
            ReadStream::forward(StreamVersion::new(1)),
        )
        .await
        .unwrap();
    page.events
        .iter()
        .map(|event| event.untyped().unwrap())
        .collect()
}

#[tokio::test]
async fn a_command_is_decided_on_the_folded_state_and_answered_with_a_receipt() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;

    let receipt = bank
        .of::<Account>("1")
        .execute(Move::DepositEach { cents: vec![5, 7] })
        .await
        .unwrap();
    assert_eq!(
        (receipt.stream.as_str(), receipt.version.get()),
        ("account-1", 3)
    );
    let events = stream(&store, "account-1").await;
    assert_eq!(receipt.event_ids, [events[1].id, events[2].id]);
    assert_eq!(receipt.position, Some(events[2].position));
    assert!(!receipt.duplicate);

    let refused = bank
        .of::<Account>("1")
        .execute(Move::Withdraw { cents: 13 })
        .await
        .unwrap_err();
    assert_eq!(refused.rejection(), Some(&Refused::Overdraft(12)));
    assert_eq!(stream(&store, "account-1").await.len(), 3);

    let account = bank.of::<Account>("1").load().await.unwrap();
    assert_eq!(
        (account.state, account.version.get()),
        (
            Account {
                open: true,
                balance: 12
            },
            3
        )
    );
}

#[tokio::test]
async fn a_command_that_records_nothing_is_accepted() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let receipt = bank
        .of::<Account>("1")
        .execute(Move::DepositEach { cents: vec![] })
        .await
        .unwrap();
    assert_eq!(
        (
            receipt.version.get(),
            receipt.event_ids.len(),
            receipt.position
        ),
        (1, 0, None)
    );
}

#[tokio::test]
async fn metadata_reaches_every_event_without_user_code() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    let deposits = Move::DepositEach { cents: vec![1, 2] };
    open(&bank, "1").await;
    bank.of::<Account>("1")
        .execute(deposits)
        .command_id("cmd-1")
        .issued_by("ann")
        .correlation_id("req-1")
        .tenant_id("acme")
        .trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .source("webhook")
        .await
        .unwrap();

    let events = stream(&store, "account-1").await;
    for event in &events[1..] {
        let Metadata {
            causation_id,
            correlation_id,
            tenant_id,
            trace_id,
            issued_by,
            command,
            issued_at,
            ..
        } = &*event.metadata;
        assert_eq!(causation_id.as_deref(), Some("cmd-1"));
        assert_eq!(correlation_id.as_deref(), Some("req-1"));
        assert_eq!(tenant_id.as_deref(), Some("acme"));
        assert_eq!(
            trace_id.as_deref(),
            Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        );
        assert_eq!(issued_by.as_deref(), Some("ann"));
        assert_eq!(command.as_deref(), Some("deposit-each"));
        assert!(issued_at.is_some());
        assert_eq!(event.source, "webhook");
    }
    // A command without a conversation begins one.
    assert_eq!(
        events[0].metadata.correlation_id,
        events[0].metadata.causation_id
    );
    assert!(events[0].metadata.causation_id.is_some());
    assert_eq!(events[0].source, "api");
}

#[tokio::test]
async fn enrichment_comes_before_the_decision_and_its_failure_is_the_callers_to_see() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let opened = &stream(&store, "account-1").await[0];
    let AccountEvent::Opened { at, .. } = stored::read(&opened.name, 1, &opened.data).unwrap()
    else {
        panic!("the first event of an account is that it was opened");
    };
    assert_eq!(Some(at), opened.metadata.issued_at);

    let failed = bank
        .execute(Open {
            account: "2".into(),
            owner: "nobody".into(),
        })
        .await
        .unwrap_err();
    let ExecuteError::Enrichment { source: cause, .. } = failed else {
        panic!("{failed}")
    };
    assert_eq!(cause.to_string(), "the register of owners is closed");
    assert!(stream(&store, "account-2").await.is_empty());
}

#[tokio::test]
async fn the_same_command_id_again_returns_the_first_receipt() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let deposit = || {
        bank.of::<Account>("1")
            .execute(Move::DepositEach { cents: vec![5, 5] })
            .command_id("cmd-1")
    };
    let first = deposit().await.unwrap();
    bank.of::<Account>("1")
        .execute(Move::Withdraw { cents: 10 })
        .await
        .unwrap();

    let mut again = deposit().await.unwrap();
    assert!(std::mem::take(&mut again.duplicate));
    assert_eq!(again, first);
    assert_eq!(stream(&store, "account-1").await.len(), 4);

    // Another process, which has just been started, knows it as well.
    let elsewhere = self::bank(&store).await;
    let again = elsewhere
        .of::<Account>("1")
        .execute(Move::DepositEach { cents: vec![5, 5] })
        .command_id("cmd-1")
        .await;
    assert!(again.unwrap().duplicate);
}

#[tokio::test]
async fn a_refused_command_may_be_tried_again_under_its_id() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let withdraw = || {
        bank.of::<Account>("1")
            .execute(Move::Withdraw { cents: 5 })
            .command_id("cmd-1")
    };
    assert_eq!(
        withdraw().await.unwrap_err().rejection(),
        Some(&Refused::Overdraft(0))
    );
    bank.of::<Account>("1")
        .execute(Move::Deposit { cents: 5 })
        .await
        .unwrap();
    assert!(!withdraw().await.unwrap().duplicate);
}

#[tokio::test]
async fn a_command_id_cannot_be_used_for_something_else() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    open(&bank, "2").await;
    bank.of::<Account>("1")
        .execute(Move::Deposit { cents: 5 })
        .command_id("cmd-1")
        .await
        .unwrap();

    let elsewhere = bank
        .of::<Account>("2")
        .execute(Move::Deposit { cents: 5 })
        .command_id("cmd-1")
        .await
        .unwrap_err();
    assert!(
        matches!(elsewhere, ExecuteError::CommandIdReused { .. }),
        "{elsewhere}"
    );
    let other = bank
        .of::<Account>("1")
        .execute(Move::Withdraw { cents: 5 })
        .command_id("cmd-1")
        .await
        .unwrap_err();
    assert_eq!(
        other.to_string(),
        "command id cmd-1 has been used before, for the command deposit on stream account-1"
    );
    assert_eq!(stream(&store, "account-2").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_many_times_at_once_has_one_effect_and_one_answer() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    for round in 0..50 {
        let account = format!("race-{round}");
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (bank, account) = (bank.clone(), account.clone());
                tokio::spawn(async move {
                    let id = CommandId::new(account.clone()).unwrap();
                    bank.execute(Open {
                        account,
                        owner: "Ann".into(),
                    })
                    .command_id(id)
                    .await
                    .unwrap()
                })
            })
            .collect();
        let mut receipts = Vec::new();
        for task in tasks {
            receipts.push(task.await.unwrap());
        }
        assert_eq!(
            receipts.iter().filter(|receipt| !receipt.duplicate).count(),
            1
        );
        assert!(
            receipts
                .iter()
                .all(|receipt| receipt.event_ids == receipts[0].event_ids)
        );
        assert_eq!(stream(&store, &format!("account-{account}")).await.len(), 1);
    }
}

#[tokio::test]
async fn a_stream_that_exists_is_not_created_again() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    // Where the aggregate has a rule for it, the caller hears the rule.
    let again = bank
        .execute(Open {
            account: "1".into(),
            owner: "Bob".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(again.rejection(), Some(&Refused::AlreadyOpen));
    // Where it has none, the stream is guarded all the same.
    let import = bank
        .execute(Import {
            account: "1".into(),
        })
        .await
        .unwrap_err();
    assert!(matches!(import, ExecuteError::AlreadyExists { .. }));
    assert_eq!(
        import.to_string(),
        "stream account-1 exists already, and import creates it"
    );
    assert_eq!(stream(&store, "account-1").await.len(), 1);
}

#[tokio::test]
async fn a_command_is_not_executed_on_another_aggregate_than_it_names() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    let import = || Import {
        account: "1".into(),
    };
    let elsewhere = bank.of::<Account>("2").execute(import()).await.unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        "the command is for stream account-1, and was to be executed on stream account-2"
    );
    assert!(stream(&store, "account-2").await.is_empty());
    bank.of::<Account>("1").execute(import()).await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_does_not_get_into_the_stream() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let overflow = Move::DepositEach {
        cents: vec![u64::MAX, 1],
    };
    let task = tokio::spawn({
        let bank = bank.clone();
        async move { bank.of::<Account>("1").execute(overflow).await }
    });
    assert!(task.await.unwrap_err().is_panic(), "the fold overflows");
    assert_eq!(stream(&store, "account-1").await.len(), 1);
    bank.of::<Account>("1")
        .execute(Move::Deposit { cents: 1 })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_caller_who_names_a_version_gets_the_conflict() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let deposit = |version| {
        let expected = ExpectedVersion::Exact(StreamVersion::new(version));
        bank.of::<Account>("1")
            .execute(Move::Deposit { cents: 1 })
            .expected_version(expected)
    };
    deposit(1).await.unwrap();
    let stale = deposit(1).await.unwrap_err();
    assert_eq!(
        stale.to_string(),
        "stream account-1 is at version 2, expected version 1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_on_one_stream_lose_nothing() {
    let store = MemoryStore::new();
    let patient = CommandPolicy::new().attempts(1_000).queued(false);
    let bank = Ironflow::new(store.clone())
        .enrich(Branch)
        .policy(patient)
        .start()
        .await
        .unwrap();
    open(&bank, "1").await;
    let bank = Arc::new(bank);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move {
                for _ in 0..20 {
                    bank.of::<Account>("1")
                        .execute(Move::Deposit { cents: 1 })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let account = bank.of::<Account>("1").load().await.unwrap();
    assert_eq!((account.state.balance, account.version.get()), (640, 641));
}

/// Appends to the account each time someone is about to, so that every append of theirs conflicts.
#[tokio::test]
async fn a_conflict_that_outlives_its_retries_is_the_callers() {
    let store = MemoryStore::new();
    let never = Ironflow::new(store.clone())
        .enrich(Branch)
        .policy(CommandPolicy::new().attempts(1).queued(false))
        .start()
        .await
        .unwrap();
    open(&never, "1").await;
    let mut conflicts = 0;
    for _ in 0..200 {
        let (one, other) = tokio::join!(
            never.of::<Account>("1").execute(Move::Deposit { cents: 1 }),
            never.of::<Account>("1").execute(Move::Deposit { cents: 1 }),
        );
        conflicts += [one, other]
            .iter()
            .filter(|outcome| matches!(outcome, Err(ExecuteError::Conflict { attempts: 1, .. })))
            .count();
    }
    let account = never.of::<Account>("1").load().await.unwrap();
    assert_eq!(
        account.state.balance + conflicts as u64,
        400,
        "every command was recorded or told of a conflict"
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_command_and_is_named() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    open(&bank, "1").await;
    let id = append_stray(&store, "account-1", "account.frozen", "{}").await;

    let error = bank
        .of::<Account>("1")
        .execute(Move::Deposit { cents: 1 })
        .await
        .unwrap_err();
    let ExecuteError::Undecodable(event) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (event.id, event.version.get(), event.stream.as_str()),
        (id, 2, "account-1")
    );
    assert_eq!(
        error.to_string(),
        format!("event {id}, version 2 of stream account-1, cannot be read")
    );
}

#[tokio::test]
async fn ids_that_name_nothing_are_refused_before_anything_happens() {
    let store = MemoryStore::new();
    let bank = bank(&store).await;
    let nameless = bank
        .of::<Account>("")
        .execute(Move::Deposit { cents: 1 })
        .await
        .unwrap_err();
    assert!(matches!(nameless, ExecuteError::StreamId(_)), "{nameless}");
    let anonymous = bank
        .of::<Account>("1")
        .execute(Move::Deposit { cents: 1 })
        .command_id("")
        .await
        .unwrap_err();
    assert!(
        matches!(anonymous, ExecuteError::CommandId(_)),
        "{anonymous}"
    );
}
