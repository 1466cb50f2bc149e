//! Appends that depend on other events.
//!
//! A store without [`Capabilities::conditions`](ironflow_domain::store::Capabilities) is held to
//! refusing them instead: to ignore a condition is to append what must not be.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use ironflow_domain::Position;
use ironflow_domain::store::{
    AppendError, Conflict, EventQuery, ExpectedVersion, ListStreams, NewEvent, Store,
};

use super::Fixture;
use super::given::{
    append, append_all, append_any, conflict, conflict_of_all, duplicate, duplicate_of_all, event,
    events, exactly, guard, ids, knows_conditions, nothing_since, read_stream, recorded_ids,
    stream, takes_several, to_append, try_append, version, whole_log,
};

const START: Position = Position::START;

const fn all() -> EventQuery {
    EventQuery::all()
}

/// Appends one event with that name, wherever the stream is: its position.
async fn record(store: &dyn Store, name: &str, event_name: &'static str) -> Position {
    let new = vec![event(event_name)];
    let appended = append(store, &stream(name), ExpectedVersion::Any, new).await;
    appended.position
}

/// Whether an append is made to a stream of its own that depends on the condition.
async fn holds(store: &dyn Store, query: EventQuery, after: Position) -> bool {
    let expected = nothing_since(query, after);
    let elsewhere = stream("elsewhere-1");
    let new = vec![event("else.happened")];
    match try_append(store, &elsewhere, expected.clone(), new).await {
        Ok(_) => true,
        Err(AppendError::Conflict(conflict)) => {
            assert_eq!(conflict.expected, expected);
            false
        }
        Err(error) => panic!("an append that expects {expected} failed: {error:?}"),
    }
}

/// Holds the store to which of these conditions hold after that position.
async fn assert_holds(store: &dyn Store, after: Position, conditions: &[(EventQuery, bool)]) {
    for (query, expected) in conditions {
        assert_eq!(
            holds(store, query.clone(), after).await,
            *expected,
            "that there are no {query} after {after}"
        );
    }
}

pub async fn an_append_is_made_where_its_condition_holds(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let order = stream("order-1");
    let new = events(2);
    let query = all().categories(["order"]);
    let expected = nothing_since(query, START);
    let appended = append(&*store, &order, expected, new.clone()).await;
    assert_eq!(appended.version, version(2));
    let recorded = read_stream(&*store, &order).await;
    assert_eq!(recorded_ids(&recorded), ids(&new));
    assert_eq!(recorded[1].position, appended.position);

    // Wherever the stream is.
    let query = all().names(["none"]);
    let expected = nothing_since(query, appended.position);
    let appended = append(&*store, &order, expected, events(1)).await;
    assert_eq!(appended.version, version(3));
}

pub async fn a_condition_fails_for_an_event_of_its_category(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "a").await;
    record(&*store, "ö-1", "a").await;
    let conditions = [
        (all().categories(["order"]), false),
        (all().categories(["none", "order"]), false),
        (all().categories(["ö"]), false),
        (all().categories(["orders"]), true),
        (all().categories(["orde"]), true),
        (all().categories(["Order"]), true),
        (all().categories(["order-1"]), true),
        (all().categories(["%"]), true),
    ];
    assert_holds(&*store, START, &conditions).await;
}

pub async fn a_condition_fails_for_an_event_with_its_name(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "order.placed").await;
    record(&*store, "order-1", "it's \"odd\"").await;
    let conditions = [
        (all().names(["order.placed"]), false),
        (all().names(["none", "order.placed"]), false),
        (all().names(["it's \"odd\""]), false),
        (all().names(["order.place"]), true),
        (all().names(["order.placed "]), true),
        (all().names(["Order.placed"]), true),
        (all().names(["order_placed", "%"]), true),
    ];
    assert_holds(&*store, START, &conditions).await;
}

pub async fn a_condition_fails_for_an_event_in_its_stream(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "a").await;
    record(&*store, "order-O'Brien", "a").await;
    let in_streams = |names: &[&str]| all().streams(names.iter().copied().map(stream));
    let conditions = [
        (in_streams(&["order-1"]), false),
        (in_streams(&["order-2", "order-1"]), false),
        (in_streams(&["order-O'Brien"]), false),
        (in_streams(&["order-2"]), true),
        (in_streams(&["order-10", "Order-1"]), true),
    ];
    assert_holds(&*store, START, &conditions).await;
}

pub async fn an_event_has_to_meet_all_that_a_condition_says(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "a").await;
    record(&*store, "order-2", "b").await;
    record(&*store, "other-1", "c").await;
    let first = || [stream("order-1")];
    let conditions = [
        (all().categories(["order"]).names(["a"]), false),
        (all().categories(["order"]).names(["c"]), true),
        (all().categories(["other"]).names(["a", "b"]), true),
        (all().streams(first()).names(["a"]), false),
        (all().streams(first()).names(["b", "c"]), true),
        (all().streams(first()).categories(["order"]), false),
        (all().streams(first()).categories(["other"]), true),
        (
            all()
                .streams(first())
                .categories(["order", "other"])
                .names(["c", "a"]),
            false,
        ),
        (
            all().streams(first()).categories(["order"]).names(["b"]),
            true,
        ),
    ];
    assert_holds(&*store, START, &conditions).await;
}

pub async fn an_event_at_the_position_is_not_after_it(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let first = record(&*store, "order-1", "a").await;
    let last = record(&*store, "order-1", "a").await;
    let two = append_any(&*store, &stream("other-1"), 2).await.position;
    for query in [
        all().names(["a"]),
        all().categories(["order"]),
        all().streams([stream("order-1")]),
        all().streams([stream("order-1")]).names(["a"]),
    ] {
        for (after, expected) in [(START, false), (first, false), (last, true), (two, true)] {
            assert_holds(&*store, after, &[(query.clone(), expected)]).await;
        }
    }
    // Of an append with two events, the second comes after the first.
    let log = whole_log(&*store).await;
    let within = log[2].position;
    assert!(within < two);
    assert_holds(&*store, within, &[(all().categories(["other"]), false)]).await;
}

pub async fn a_condition_that_means_every_event_fails_for_any(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    assert_holds(&*store, START, &[(all(), true)]).await;
    let log = whole_log(&*store).await;
    assert_eq!(log.len(), 1, "the first condition has held");
    assert_holds(&*store, START, &[(all(), false)]).await;
    let end = record(&*store, "order-1", "a").await;
    assert_holds(&*store, log[0].position, &[(all(), false)]).await;
    assert_holds(&*store, end, &[(all(), true), (all(), false)]).await;
}

pub async fn a_condition_is_about_the_stream_itself_as_well(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let order = stream("order-1");
    for query in [
        all(),
        all().categories(["order"]),
        all().names(["thing.happened"]),
        all().streams([order.clone()]),
    ] {
        let before = whole_log(&*store).await;
        let before = before.last().map_or(START, |last| last.position);
        let condition = nothing_since(query, before);
        let own = append(&*store, &order, condition.clone(), events(1)).await;
        let found = conflict(&*store, &order, condition, events(1)).await;
        assert_eq!(found.actual, own.version);
    }
}

pub async fn a_condition_after_the_end_of_the_log_holds(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let end = append_any(&*store, &stream("order-1"), 3).await.position;
    let far = Position::new(end.major(), u64::MAX);
    for query in [all(), all().streams([stream("order-1")])] {
        assert_holds(&*store, far, &[(query, true)]).await;
    }
}

pub async fn a_conflict_says_which_condition_has_failed(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "a").await;
    append_any(&*store, &stream("other-1"), 2).await;
    for (name, actual) in [("other-1", 2), ("other-2", 0)] {
        let query = all().categories(["order"]).names(["a", "b"]);
        let expected = nothing_since(query, START);
        let stream = stream(name);
        let found = conflict(&*store, &stream, expected.clone(), events(1)).await;
        let told = Conflict {
            stream,
            expected,
            actual: version(actual),
        };
        assert_eq!(found, told);
    }
}

pub async fn an_append_whose_condition_fails_writes_nothing(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    record(&*store, "order-1", "a").await;
    let before = whole_log(&*store).await;
    let condition = nothing_since(all().names(["a"]), START);
    let refused = events(2);
    for name in ["order-1", "order-2"] {
        conflict(&*store, &stream(name), condition.clone(), refused.clone()).await;
    }
    assert_eq!(whole_log(&*store).await, before);
    let listed = store.list_streams(ListStreams::default()).await;
    assert_eq!(listed.expect("streams can be listed").len(), 1);
    let condition = nothing_since(all().names(["a"]), before[0].position);
    append(&*store, &stream("order-2"), condition, refused).await;
}

pub async fn a_repeat_is_told_from_a_condition_that_fails(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let order = stream("order-1");
    let first: Vec<NewEvent> = events(2);
    let condition = || nothing_since(all().categories(["order"]), START);
    append(&*store, &order, condition(), first.clone()).await;
    for name in ["order-1", "order-2"] {
        let repeated = duplicate(&*store, &stream(name), condition(), first.clone()).await;
        assert!(ids(&first).contains(&repeated));
    }
    if takes_several(&*store).await {
        let all = vec![
            guard("order-3", condition()),
            to_append("order-1", ExpectedVersion::Any, first.clone()),
        ];
        let repeated = duplicate_of_all(&*store, all).await;
        assert!(ids(&first).contains(&repeated));
    }
}

pub async fn a_condition_and_a_version_have_to_hold_both(store: Fixture) {
    if !knows_conditions(&*store).await || !takes_several(&*store).await {
        return;
    }
    let end = record(&*store, "order-1", "a").await;
    let stale = nothing_since(all().names(["a"]), START);
    let fresh = nothing_since(all().names(["a"]), end);
    for (condition, count, holds) in [
        (&stale, 1, false),
        (&fresh, 0, false),
        (&stale, 0, false),
        (&fresh, 1, true),
    ] {
        let new = || to_append("order-1", exactly(count), events(1));
        let conditional = || to_append("other-1", condition.clone(), events(1));
        let guarded = vec![guard("order-1", condition.clone()), new()];
        let beside = vec![new(), conditional()];
        let guarding = vec![conditional(), guard("order-1", exactly(count))];
        if holds {
            append_all(&*store, guarding).await;
            append_all(&*store, guarded).await;
            continue;
        }
        for all in [guarded, beside, guarding] {
            let found = conflict_of_all(&*store, all).await;
            let stale = [stale.clone(), exactly(0)];
            assert!(stale.contains(&found.expected), "{found}");
        }
    }
    let order = read_stream(&*store, &stream("order-1")).await;
    assert_eq!(order.len(), 2);
}

pub async fn a_condition_sees_the_appends_before_it(store: Fixture) {
    if !knows_conditions(&*store).await || !takes_several(&*store).await {
        return;
    }
    let end = record(&*store, "order-1", "a").await;
    let new = || to_append("order-2", ExpectedVersion::Any, vec![event("a")]);
    let others = || to_append("order-2", ExpectedVersion::Any, vec![event("b")]);
    for query in [
        all(),
        all().names(["a"]),
        all().categories(["order"]).names(["a"]),
        all().streams([stream("order-2")]).names(["a"]),
    ] {
        let condition = nothing_since(query, end);
        for conditional in [
            to_append("other-1", condition.clone(), events(1)),
            to_append("order-2", condition.clone(), events(1)),
            guard("other-1", condition.clone()),
        ] {
            let told = conflict_of_all(&*store, vec![new(), conditional]).await;
            assert_eq!(told.expected, condition);
        }
    }
    let condition = nothing_since(all().names(["a"]), end);
    append_all(&*store, vec![others(), guard("other-1", condition)]).await;
}

pub async fn a_condition_is_not_about_the_appends_after_it(store: Fixture) {
    if !knows_conditions(&*store).await || !takes_several(&*store).await {
        return;
    }
    let condition = nothing_since(all().categories(["order"]), START);
    let appended = append_all(
        &*store,
        vec![
            guard("order-1", condition.clone()),
            to_append("order-1", condition, events(2)),
            to_append("order-2", ExpectedVersion::Any, events(1)),
        ],
    )
    .await;
    assert_eq!(appended[1].version, version(2));
    assert_eq!(whole_log(&*store).await.len(), 3);
}
