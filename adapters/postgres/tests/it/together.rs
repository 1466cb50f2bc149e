//! Appends that go to the server together, and appends that get in each other's way.

use std::collections::HashMap;

use ironflow_domain::store::{
    Append, AppendError, EventQuery, ExpectedVersion, NewEvent, StoreErrorKind, StreamStore,
};
use ironflow_domain::{Position, StreamVersion};
use ironflow_postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::given::{
    LONG, append_any, append_lock, begin_by_hand, connect, event, events, is_gapless, new_schema,
    new_store, options, raw_shared, read_on, stall_appends, store_error, stream, to, to_each,
    try_to_insert_by_hand, until_with, waiting_for, whole,
};

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fate {
    Made,
    Conflict,
    Repeated,
}

fn fate<T>(outcome: Result<T, AppendError>) -> Fate {
    match outcome {
        Ok(_) => Fate::Made,
        Err(AppendError::Conflict(_)) => Fate::Conflict,
        Err(AppendError::DuplicateEvent(_)) => Fate::Repeated,
        Err(error) => panic!("{}", whole(&error)),
    }
}

/// Makes all of them at the same moment, and says what became of each.
async fn at_once(appends: Vec<(Postgres, usize, Vec<Append>)>) -> HashMap<usize, Vec<Fate>> {
    let mut making = JoinSet::new();
    for (store, number, appends) in appends {
        making.spawn(async move { (number, fate(store.append_all(appends).await)) });
    }
    let all = timeout(2 * LONG, making.join_all()).await;
    let mut fates: HashMap<usize, Vec<Fate>> = HashMap::new();
    for (number, fate) in all.expect("appends end") {
        fates.entry(number).or_default().push(fate);
    }
    for fates in fates.values_mut() {
        fates.sort();
    }
    fates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_that_fails_fails_no_other() {
    let (one, schema) = new_store().await;
    let other = connect(&ironflow_services::postgres_url(), &schema).await;
    for round in 0..8 {
        let mut appends = Vec::new();
        for number in 0..64 {
            let (own, others) = (
                format!("own-{round}_{number}"),
                format!("others-{round}_{number}"),
            );
            let wrong = ExpectedVersion::Exact(StreamVersion::new(5));
            let single = |expected| vec![to(&own, expected, events(2))];
            match number % 4 {
                0 => appends.push((one.clone(), number, single(ExpectedVersion::NoStream))),
                1 => appends.push((one.clone(), number, single(wrong))),
                2 => {
                    // The same event, recorded elsewhere by somebody else.
                    let event = event();
                    let any = ExpectedVersion::Any;
                    let first = to(&own, any.clone(), vec![event.clone()]);
                    let second = to(&others, any, vec![event]);
                    appends.push((one.clone(), number, vec![first]));
                    appends.push((other.clone(), number, vec![second]));
                }
                _ => {
                    // The same stream, made by somebody else.
                    appends.push((one.clone(), number, single(ExpectedVersion::NoStream)));
                    appends.push((other.clone(), number, single(ExpectedVersion::NoStream)));
                }
            }
        }
        for (number, fates) in at_once(appends).await {
            let expected: &[Fate] = match number % 4 {
                0 => &[Fate::Made],
                1 => &[Fate::Conflict],
                2 => &[Fate::Made, Fate::Repeated],
                _ => &[Fate::Made, Fate::Conflict],
            };
            assert_eq!(fates, expected, "append {number} of round {round}");
        }
    }
    let (seen, _) = read_on(&one, Position::START).await;
    assert_eq!(seen.len(), 8 * 16 * (2 + 1 + 2));
    is_gapless(&raw_shared().await, &schema).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_to_the_same_streams_in_opposite_orders_do_not_wait_for_each_other_for_ever() {
    let (one, schema) = new_store().await;
    let other = connect(&ironflow_services::postgres_url(), &schema).await;
    let mut appends = Vec::new();
    for round in 0..20 {
        let mut units = to_each(&["order-1", "order-2", "order-3"]);
        appends.push((one.clone(), round, units.clone()));
        units.reverse();
        for unit in &mut units {
            unit.events = events(1);
        }
        appends.push((other.clone(), round, units));
    }
    for (number, fates) in at_once(appends).await {
        assert_eq!(fates, [Fate::Made, Fate::Made], "{number}");
    }
    let (seen, _) = read_on(&one, Position::START).await;
    assert_eq!(seen.len(), 20 * 2 * 3);
    is_gapless(&raw_shared().await, &schema).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_one_who_waits_for_them_is_told_the_truth() {
    let schema = new_schema();
    let options = options(&schema).commits_in_flight(1);
    let url = ironflow_services::postgres_url();
    let store = options.connect(&url).await.unwrap();
    let (raw, other) = (raw_shared().await, raw_shared().await);
    let lock = stall_appends(&raw, &schema, true).await;
    // Ours is to be the one that makes way.
    let patience = "SET deadlock_timeout = '10s'";
    other.batch_execute(patience).await.unwrap();
    let mut deadlocks = 0;
    let mut round = 0;
    while deadlocks < 2 {
        round += 1;
        assert!(round < 20, "nobody ever waits for the other");
        // Nothing else is begun before this has ended, so that what comes is made together.
        let append = |name: String, event: NewEvent| {
            let store = store.clone();
            let append = to(&name, ExpectedVersion::Any, vec![event]);
            tokio::spawn(async move { fate(store.append(append).await) })
        };
        let stalled = append("stalled-1".to_owned(), event());
        waiting_for(&raw, lock, 1).await;
        let [first, second] = [event(), event()];
        let ids = [first.id, second.id];
        let appends = [
            append(format!("a-{round}"), first),
            append(format!("b-{round}"), second),
        ];
        // The second is somebody else's, too, who asks for the first once we wait for them.
        begin_by_hand(&other, &schema, &format!("other-{round}")).await;
        let insert = async |name, id| {
            let name = format!("{name}-{round}");
            try_to_insert_by_hand(&other, &schema, &name, id).await
        };
        insert("c", ids[1]).await.unwrap();
        let release = "SELECT pg_advisory_unlock($1)";
        raw.execute(release, &[&lock]).await.unwrap();
        assert_eq!(stalled.await.unwrap(), Fate::Made);
        let sql = "SELECT EXISTS (SELECT FROM pg_locks w JOIN pg_locks h USING (transactionid)
                   WHERE NOT w.granted AND h.granted AND h.pid = $1)";
        let pid: i32 = other
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);
        until_with(&raw, "ours should wait for theirs", sql, &[&pid]).await;
        let has_both = insert("d", ids[0]).await.is_ok();
        let (end, fate) = if round % 2 == 0 || !has_both {
            ("ROLLBACK", Fate::Made)
        } else {
            ("COMMIT", Fate::Repeated)
        };
        other.batch_execute(end).await.unwrap();
        deadlocks += usize::from(has_both);
        for append in appends {
            let actual = timeout(LONG, append).await.expect("it ends").unwrap();
            assert_eq!(actual, fate, "{end}");
        }
        let hold = "SELECT pg_advisory_lock($1)";
        raw.execute(hold, &[&lock]).await.unwrap();
    }
    is_gapless(&raw, &schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_not_made_while_what_it_depends_on_is_being_appended() {
    let (store, schema) = new_store().await;
    let elsewhere = connect(&ironflow_services::postgres_url(), &schema).await;
    let start = append_any(&store, "first-1", 1).await.position;
    let raw = raw_shared().await;
    let lock = stall_appends(&raw, &schema, true).await;
    let late = tokio::spawn(async move { append_any(&store, "stalled-1", 1).await });
    waiting_for(&raw, lock, 1).await;
    let queries = [
        EventQuery::all(),
        EventQuery::all().names(["thing.happened"]),
        EventQuery::all().streams([stream("stalled-1")]),
        EventQuery::all().categories(["stalled"]),
    ];
    let mut deciding = JoinSet::new();
    for (number, query) in queries.into_iter().enumerate() {
        let store = elsewhere.clone();
        let expected = ExpectedVersion::nothing_since(query, start);
        let append = to(&format!("decided-{number}"), expected, events(1));
        deciding.spawn(async move { fate(store.append(append).await) });
    }
    waiting_for(&raw, append_lock(&schema), 1).await;
    let release = "SELECT pg_advisory_unlock($1)";
    raw.execute(release, &[&lock]).await.unwrap();
    late.await.unwrap();
    let fates = timeout(LONG, deciding.join_all()).await.unwrap();
    assert_eq!(fates, [Fate::Conflict; 4]);
}

/// Appends from many handles at once, to as many streams.
async fn all_append_to(streams: usize, handles: usize, each: usize) {
    let schema = new_schema();
    let mut appends = Vec::new();
    for _ in 0..handles {
        let store = connect(&ironflow_services::postgres_url(), &schema).await;
        for number in 0..each {
            let name = format!("common-{}", number % streams);
            let append = to(&name, ExpectedVersion::Any, events(1 + number % 2));
            appends.push((store.clone(), 0, vec![append]));
        }
    }
    let fates = at_once(appends).await.remove(&0).unwrap();
    assert_eq!(fates, vec![Fate::Made; handles * each]);
    let raw = raw_shared().await;
    let sql = format!("SELECT count(*) FROM {schema}.events");
    let count: i64 = raw.query_one(&sql, &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(count).unwrap(), handles * (each + each / 2));
    is_gapless(&raw, &schema).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_too_slow_to_append_to_a_stream_that_many_append_to() {
    all_append_to(1, 12, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_too_slow_to_append_to_some_streams_that_many_append_to() {
    all_append_to(5, 12, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_too_slow_where_others_never_pause() {
    const HANDLES: usize = 20;
    const EACH: usize = 60;
    let schema = new_schema();
    let mut writers = JoinSet::new();
    for _ in 0..HANDLES {
        let options = options(&schema).commits_in_flight(1);
        let url = ironflow_services::postgres_url();
        let store = options.connect(&url).await.unwrap();
        writers.spawn(async move {
            for _ in 0..EACH {
                append_any(&store, "common-1", 1).await;
            }
        });
    }
    let all = timeout(2 * LONG, writers.join_all()).await;
    all.expect("writers end");
    is_gapless(&raw_shared().await, &schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_cannot_be_asked_fails_no_other_append() {
    let (store, _) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    let mut making = JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        making.spawn(async move {
            let name = format!("order-{number}");
            let query = match number % 4 {
                1 => EventQuery::all().names(["a\0b"]),
                2 => EventQuery::all().categories(["a\0b"]),
                _ => EventQuery::all().streams([stream(&name)]),
            };
            let expected = ExpectedVersion::nothing_since(query, start);
            let appended = store.append(to(&name, expected, events(1))).await;
            (number, appended)
        });
    }
    for (number, appended) in timeout(LONG, making.join_all()).await.unwrap() {
        if number % 4 == 0 || number % 4 == 3 {
            appended.unwrap_or_else(|error| panic!("{number}: {}", whole(&error)));
        } else {
            let error = store_error(appended);
            assert_eq!(
                error.kind(),
                StoreErrorKind::Unsupported,
                "{}",
                whole(&error)
            );
        }
    }
}
