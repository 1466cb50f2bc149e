//! Sentences about projections in tables, and what they say when they fail.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event, events};
use ironflow_testing::statements_of;

#[event("order")]
enum OrderEvent {
    Placed { cents: i64 },
    Looked,
    Misread,
    Rolled,
}

thread_local! {
    static ROLLED: Cell<i64> = const { Cell::new(0) };
}

#[derive(SqlProjection)]
#[projection("report", of(OrderEvent))]
#[table("report", columns = "id TEXT PRIMARY KEY, cents BIGINT, at TEXT")]
struct Report;

impl ProjectSql<OrderEvent> for Report {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        match &event.data {
            OrderEvent::Placed { cents } => sql.execute(
                "INSERT INTO {report}
                     (id, cents, at) VALUES ($1, $2, $3)",
                (event.stream.id(), cents, event.time),
            ),
            OrderEvent::Looked => {}
            OrderEvent::Misread => sql.execute("DELETE FROM report WHERE id = $1", ("1",)),
            OrderEvent::Rolled => {
                ROLLED.set(ROLLED.get() + 1);
                sql.execute("UPDATE {report} SET cents = $1", (ROLLED.get(),));
            }
        }
    }
}

fn failure(sentence: impl FnOnce()) -> String {
    let failure = catch_unwind(AssertUnwindSafe(sentence)).expect_err("the sentence is wrong");
    *failure.downcast::<String>().expect("it says why")
}

#[test]
fn a_sentence_says_which_statements_come_of_what_happened() {
    statements_of::<Report>()
        .at("2026-04-17T12:00:00Z")
        .given(
            "1",
            events![OrderEvent::Placed { cents: 7 }, OrderEvent::Looked],
        )
        .then(|sql| {
            sql.execute(
                "INSERT INTO {report} (id, cents, at) VALUES ($1, $2, $3)",
                ("1", 7, "2026-04-17T12:00:00Z"),
            );
        })
        .given("1", events![OrderEvent::Looked])
        .then_nothing();
}

#[test]
fn what_is_not_so_fails() {
    let placed = || statements_of::<Report>().given("1", events![OrderEvent::Placed { cents: 7 }]);
    for (failure, parts) in [
        (
            failure(|| drop(placed().then_nothing())),
            vec!["not the statements that were expected", "$2 = 7"],
        ),
        (
            failure(|| drop(placed().then(|sql| sql.execute("DELETE FROM {reports}", ())))),
            vec![
                "a statement that is expected is wrong",
                "`{reports}` is none of",
            ],
        ),
        (
            failure(|| {
                let misread = statements_of::<Report>().given("1", events![OrderEvent::Misread]);
                drop(misread.then_nothing());
            }),
            vec!["a statement is wrong", "order.misread", "write `{report}`"],
        ),
        (
            failure(|| {
                let rolled = statements_of::<Report>().given("1", events![OrderEvent::Rolled]);
                drop(rolled.then_nothing());
            }),
            vec!["the same events, taken again, lead to other statements"],
        ),
        (
            failure(|| drop(placed())),
            vec!["statements_of(..) without a then: nothing was checked"],
        ),
    ] {
        for part in parts {
            assert!(failure.contains(part), "{part}: {failure}");
        }
    }
}
