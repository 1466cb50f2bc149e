//! Several commands that are recorded together or not at all.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ironflow_domain::store::{
    Capabilities, EventQuery, ExpectedVersion, MemoryStore, ReadLog, StoreErrorKind, StreamStore,
};
use ironflow_domain::{
    Aggregate, CommandPolicy, Decide, Decision, ExecuteError, Fold, Ironflow, Position, StreamId,
    StreamVersion, Transaction, TransactionError, TransactionReceipt, Transactions, command,
    events,
};

use crate::bank::{Account, AccountEvent, Branch, Import, Move, Open};
use crate::execute::stream;
use crate::watched::Watched;

async fn bank(store: &Watched) -> Ironflow<Branch> {
    let builder = Ironflow::new(store.clone()).enrich(Branch);
    let bank = builder.start().await.unwrap();
    for account in ["ann", "bob"] {
        let owner = account.to_owned();
        let account = account.to_owned();
        bank.execute(Open { account, owner }).await.unwrap();
    }
    let ann = bank.of::<Account>("ann");
    ann.execute(Move::Deposit { cents: 100 }).await.unwrap();
    bank
}

fn transfer(bank: &Transactions<Branch>, cents: u64) -> Transaction<'_, Branch> {
    bank.execute_on("ann", Move::Withdraw { cents })
        .execute_on("bob", Move::Deposit { cents })
}

async fn balances(bank: &Ironflow<Branch>) -> (u64, u64) {
    let balance = async |account| {
        let loaded = bank.of::<Account>(account).load().await.unwrap();
        loaded.state.balance
    };
    (balance("ann").await, balance("bob").await)
}

#[tokio::test]
async fn commands_on_several_streams_are_recorded_together() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let receipt = transfer(&transactions, 40)
        .command_id("transfer-1")
        .issued_by("ann")
        .metadata("branch", "7")
        .await
        .unwrap();
    assert_eq!(balances(&bank).await, (60, 40));
    let streams: Vec<_> = receipt
        .receipts
        .iter()
        .map(|one| (one.stream.as_str(), one.version.get()))
        .collect();
    assert_eq!(streams, [("account-ann", 3), ("account-bob", 2)]);
    assert_eq!(receipt.position, receipt.receipts[1].position);

    let page = store
        .read_log(ReadLog::after(Position::START).limit(100))
        .await
        .unwrap();
    let events: Vec<_> = page.events.iter().collect();
    let [.., withdrawn, deposited] = &events[..] else {
        panic!("there are more")
    };
    assert_eq!((withdrawn.left_in_commit, deposited.left_in_commit), (1, 0));
    for (event, command) in [(withdrawn, "withdraw"), (deposited, "deposit")] {
        let metadata = event.read_metadata().unwrap();
        assert_eq!(metadata.causation_id.as_deref(), Some("transfer-1"));
        assert_eq!(metadata.command.as_deref(), Some(command));
        assert_eq!(metadata.issued_by.as_deref(), Some("ann"));
        assert_eq!(metadata.extra["branch"], "7");
        assert!(metadata.transaction.is_some());
    }
}

#[tokio::test]
async fn one_refusal_refuses_all() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let refused = transactions
        .execute_on("bob", Move::Deposit { cents: 500 })
        .execute_on("ann", Move::Withdraw { cents: 500 })
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "withdraw, the second of the commands, was not executed, and so none was"
    );
    assert_eq!(
        refused.source().unwrap().to_string(),
        "the balance is 100 cents"
    );
    assert_eq!(balances(&bank).await, (100, 0));
    let closed = transactions.execute(Open {
        account: "cid".into(),
        owner: "nobody".into(),
    });
    let refused = closed.execute_on("bob", Move::Deposit { cents: 1 }).await;
    let TransactionError::Refused {
        index: 0, source, ..
    } = refused.unwrap_err()
    else {
        panic!("the first is refused")
    };
    assert!(matches!(*source, ExecuteError::Enrichment { .. }));
}

#[tokio::test]
async fn an_id_stands_for_the_whole_though_the_first_command_led_to_nothing() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let each = |cents: &[u64]| Move::DepositEach {
        cents: cents.to_vec(),
    };
    let several = || {
        let several = transactions.execute_on("ann", each(&[]));
        let several = several.execute_on("bob", each(&[1, 2]));
        several.execute_on("bob", each(&[3])).command_id("once")
    };
    let receipt = several().await.unwrap();
    let again = several().await.unwrap();
    assert!(again.duplicate);
    let events = |receipt: &TransactionReceipt| {
        let receipts = receipt.receipts.iter();
        let parts = receipts.map(|one| (one.version, one.position, one.event_ids.clone()));
        parts.collect::<Vec<_>>()
    };
    assert_eq!(events(&again), events(&receipt));

    let ann = bank.of::<Account>("ann");
    let alone = ann.execute(Move::Deposit { cents: 1 }).command_id("once");
    let reused = alone.await.unwrap_err();
    assert!(
        matches!(reused, ExecuteError::CommandIdReused(_)),
        "{reused}"
    );
    let shorter = transactions.execute_on("bob", each(&[1, 2]));
    let reused = shorter.command_id("once").await.unwrap_err();
    assert!(matches!(
        reused,
        TransactionError::Execute(ExecuteError::CommandIdReused(_))
    ));
    assert_eq!(balances(&bank).await, (100, 6));
}

#[tokio::test]
async fn a_command_that_names_an_aggregate_is_for_that_one() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let open = Open {
        account: "cid".into(),
        owner: "ann".into(),
    };
    let misled = transactions.execute_on("dan", open).await.unwrap_err();
    let TransactionError::Refused {
        index: 0, source, ..
    } = misled
    else {
        panic!("it is refused")
    };
    assert!(matches!(*source, ExecuteError::OtherAggregate { .. }));
    let dan = bank.of::<Account>("dan").load().await.unwrap();
    assert_eq!(dan.version.get(), 0);
}

#[tokio::test]
async fn a_guard_counts_though_nothing_is_recorded() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let ann: StreamId = "account-ann".parse().unwrap();
    let nothing = || Move::DepositEach { cents: Vec::new() };
    let unchanged = bank.fold::<Account>(EventQuery::all()).await.unwrap();
    let only_if = async |expected: &ExpectedVersion| {
        let alone = transactions.execute_on("bob", nothing());
        let outcome = alone.only_if(ann.clone(), expected.clone()).await;
        outcome.map(|receipt| receipt.position)
    };
    let expected = [
        ExpectedVersion::Exact(StreamVersion::new(2)),
        unchanged.unchanged(),
    ];
    let bob = bank.of::<Account>("bob").execute(nothing());
    bob.expected_version(expected[1].clone()).await.unwrap();
    for expected in &expected {
        assert_eq!(only_if(expected).await.unwrap(), None);
    }
    let deposit = bank
        .of::<Account>("ann")
        .execute(Move::Deposit { cents: 1 });
    deposit.await.unwrap();
    for expected in &expected {
        assert!(matches!(
            only_if(expected).await.unwrap_err(),
            TransactionError::Execute(ExecuteError::Conflict { attempts: 1, .. })
        ));
    }
    let bob = bank.of::<Account>("bob").execute(nothing());
    let unmet = bob.expected_version(expected[1].clone()).await.unwrap_err();
    assert!(matches!(unmet, ExecuteError::Conflict { .. }));
}

#[tokio::test]
async fn commands_on_one_stream_see_each_other() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let receipt = transactions
        .execute_on("bob", Move::Deposit { cents: 5 })
        .execute_on("bob", Move::Withdraw { cents: 3 })
        .execute_on("bob", Move::Deposit { cents: 5 })
        .await
        .unwrap();
    assert_eq!(balances(&bank).await.1, 7);
    let versions: Vec<_> = receipt
        .receipts
        .iter()
        .map(|one| one.version.get())
        .collect();
    assert_eq!(versions, [2, 3, 4]);
    let created = transactions
        .execute(Import {
            account: "cid".into(),
        })
        .execute(Import {
            account: "cid".into(),
        })
        .await;
    assert_eq!(
        created.unwrap_err().source().unwrap().to_string(),
        "stream account-cid exists already, and import creates it"
    );
}

#[tokio::test]
async fn a_repeat_finds_its_receipt() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let first = transfer(&transactions, 100).command_id("t").await.unwrap();
    // It would be refused by now.
    let again = transfer(&transactions, 100).command_id("t").await.unwrap();
    assert!(again.duplicate && again.receipts.iter().all(|one| one.duplicate));
    assert_eq!(again.position, first.position);
    for (one, other) in first.receipts.iter().zip(&again.receipts) {
        assert_eq!(
            (one.version, &one.event_ids),
            (other.version, &other.event_ids)
        );
    }
    assert_eq!(balances(&bank).await, (0, 100));

    // What led to nothing then leads to nothing now.
    let partly = || {
        transactions
            .execute_on("bob", Move::DepositEach { cents: vec![] })
            .execute_on("bob", Move::DepositEach { cents: vec![1, 2] })
            .command_id("partly")
    };
    let first = partly().await.unwrap();
    bank.of::<Account>("bob")
        .execute(Move::Deposit { cents: 1 })
        .await
        .unwrap();
    let again = partly().await.unwrap();
    assert!(again.duplicate);
    assert_eq!(first.receipts[1].event_ids, again.receipts[1].event_ids);
    assert_eq!(first.receipts[1].event_ids.len(), 2);
    assert!(again.receipts[0].event_ids.is_empty());
    assert_eq!(balances(&bank).await, (0, 104));
}

#[tokio::test]
async fn an_id_stands_for_one_transaction() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let reused = |outcome: Result<_, TransactionError>| match outcome.map(drop) {
        Err(TransactionError::Execute(ExecuteError::CommandIdReused(reused))) => {
            (reused.stream.to_string(), reused.says_otherwise)
        }
        other => panic!("{other:?}"),
    };
    transfer(&transactions, 10).command_id("t").await.unwrap();
    let longer = transfer(&transactions, 10).execute_on("bob", Move::Deposit { cents: 1 });
    assert_eq!(
        reused(longer.command_id("t").await),
        ("account-ann".to_owned(), true)
    );
    let turned = transactions
        .execute_on("bob", Move::Deposit { cents: 10 })
        .execute_on("ann", Move::Withdraw { cents: 10 });
    assert_eq!(
        reused(turned.command_id("t").await),
        ("account-ann".to_owned(), false)
    );

    // Neither is a command a transaction, nor the other way round.
    let alone = bank
        .of::<Account>("ann")
        .execute(Move::Withdraw { cents: 10 });
    let error = alone.command_id("t").await.unwrap_err();
    assert!(matches!(error, ExecuteError::CommandIdReused(_)), "{error}");
    let alone = bank
        .of::<Account>("ann")
        .execute(Move::Withdraw { cents: 10 });
    alone.command_id("alone").await.unwrap();
    assert_eq!(
        reused(transfer(&transactions, 10).command_id("alone").await),
        ("account-ann".to_owned(), true)
    );
    assert_eq!(balances(&bank).await, (80, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transfers_at_once_lose_nothing() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let patient = CommandPolicy::new().attempts(1_000);
    let mut tasks = Vec::new();
    for index in 0..8 {
        let (bank, transactions) = (bank.clone(), transactions.clone());
        tasks.push(tokio::spawn(async move {
            let (from, to) = if index % 2 == 0 {
                ("ann", "bob")
            } else {
                ("bob", "ann")
            };
            for _ in 0..20 {
                bank.of::<Account>(from)
                    .execute(Move::Deposit { cents: 1 })
                    .policy(patient)
                    .await
                    .unwrap();
                transactions
                    .execute_on(from, Move::Withdraw { cents: 1 })
                    .execute_on(to, Move::Deposit { cents: 1 })
                    .policy(patient)
                    .await
                    .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(balances(&bank).await, (180, 80));
}

#[tokio::test]
async fn a_conflict_is_decided_again_and_in_the_end_told() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bank = bank(&store).await;
    let there = Ironflow::new(memory).enrich(Branch).start().await.unwrap();
    let transactions = bank.transactions().unwrap();
    for (attempts, succeeds) in [(2, true), (1, false)] {
        store.close_gate();
        let (_, _, before) = store.counts();
        let transactions = transactions.clone();
        let running = tokio::spawn(async move {
            let policy = CommandPolicy::new().attempts(attempts);
            transfer(&transactions, 1).policy(policy).await
        });
        store.arrived(before + 1).await;
        let bob = there.of::<Account>("bob");
        bob.execute(Move::Deposit { cents: 1 }).await.unwrap();
        store.open_gate();
        match running.await.unwrap() {
            Ok(_) => assert!(succeeds),
            Err(TransactionError::Execute(ExecuteError::Conflict { attempts, .. })) => {
                assert!(!succeeds && attempts == 1);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(balances(&bank).await, (99, 3));
}

#[tokio::test]
async fn what_was_only_read_can_be_guarded() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let ann = "account-ann".parse().unwrap();
    let seen = bank.of::<Account>("ann").load().await.unwrap().version;
    let deposit = |cents| transactions.execute_on("bob", Move::Deposit { cents });
    let guard = || ExpectedVersion::Exact(seen);
    deposit(1)
        .only_if(Clone::clone(&ann), guard())
        .await
        .unwrap();
    bank.of::<Account>("ann")
        .execute(Move::Deposit { cents: 1 })
        .await
        .unwrap();
    let stale = deposit(2).only_if(ann, guard()).await.unwrap_err();
    assert_eq!(
        stale.to_string(),
        "stream account-ann is at version 3, expected version 2"
    );

    // Nobody opened an account since.
    let read_to = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap()
        .read_to;
    let opened = EventQuery::all().names(["account.opened"]);
    let condition = || ExpectedVersion::nothing_since(opened.clone(), read_to);
    let bob = || "account-bob".parse().unwrap();
    deposit(4).only_if(bob(), condition()).await.unwrap();
    let (account, owner) = ("cid".to_owned(), "cid".to_owned());
    bank.execute(Open { account, owner }).await.unwrap();
    let stale = deposit(8).only_if(bob(), condition()).await.unwrap_err();
    assert!(
        stale.to_string().ends_with(&format!(
            "expected no more events account.opened after position {read_to}"
        )),
        "{stale}"
    );
    assert_eq!(balances(&bank).await, (101, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_decision_rests_on_can_be_in_many_streams() {
    let store = Watched::new(&MemoryStore::new());
    let bank = Arc::new(bank(&store).await);
    // At most ten accounts, whoever opens one.
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move {
                for index in 0.. {
                    let opened = EventQuery::all().names(["account.opened"]);
                    let accounts = bank.fold::<Accounts>(opened).await.unwrap();
                    if accounts.state.0 >= 10 {
                        return;
                    }
                    let open = Open {
                        account: format!("{task}-{index}"),
                        owner: "eve".into(),
                    };
                    let open = bank.execute(open).expected_version(accounts.unchanged());
                    match open.await {
                        Ok(_) | Err(ExecuteError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let accounts = bank.fold::<Accounts>(EventQuery::all()).await.unwrap();
    assert_eq!(accounts.state.0, 10);
}

#[tokio::test]
async fn two_aggregates_on_one_stream_do_not_see_each_other() {
    let store = Watched::new(&MemoryStore::new());
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let refused = transactions
        .execute_on("bob", Move::Deposit { cents: 1 })
        .execute_on("bob", Audit)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "stream account-bob is that of two aggregates: execute their commands in transactions of their own"
    );
    let audited = transactions
        .execute_on("bob", Move::Deposit { cents: 1 })
        .execute_on("ann", Audit);
    assert_eq!(audited.await.unwrap().receipts[1].version.get(), 3);
}

#[command(Accounts)]
struct Audit;

impl Decide<Audit> for Accounts {
    fn decide(&self, _: Audit) -> Decision<Self> {
        Ok(events![AccountEvent::Audited])
    }
}

/// How many accounts were opened.
#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Accounts(u32);

impl Fold for Accounts {
    fn fold(&mut self, event: &AccountEvent) {
        if let AccountEvent::Opened { .. } = event {
            self.0 += 1;
        }
    }
}

#[tokio::test]
async fn what_nothing_comes_of_is_guarded_too() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bank = bank(&store).await;
    let transactions = bank.transactions().unwrap();
    let nothing = || Move::DepositEach { cents: vec![] };
    let receipt = transactions.execute_on("ann", nothing()).await.unwrap();
    assert_eq!(
        (receipt.position, receipt.receipts[0].version.get()),
        (None, 2)
    );
    let receipt = transactions
        .execute_on("ann", nothing())
        .execute_on("bob", Move::Deposit { cents: 1 })
        .await
        .unwrap();
    assert_eq!(receipt.receipts[0].position, None);
    assert_eq!(stream(&memory, "account-ann").await.len(), 2);
}

#[tokio::test]
async fn a_store_that_cannot_says_so_before_anything_is_executed() {
    let store = Watched::new(&MemoryStore::new()).plain();
    let bank = Arc::new(Ironflow::new(store.clone()).start().await.unwrap());
    let error = bank.transactions().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "failed to append to several streams: a store of this kind cannot"
    );
    assert_eq!(store.commits.load(Ordering::SeqCst), 0);
    let required = Ironflow::new(store)
        .requires(Capabilities::ALL)
        .start()
        .await;
    assert_eq!(
        required.unwrap_err().to_string(),
        "a store of this kind cannot append to several streams, which the application requires"
    );
}
