//! Follows the log from its own checkpoint.

use std::fmt::Write as _;
use std::time::Duration;

use fastrand::Rng;
use ironflow_domain::Position;
use ironflow_domain::store::{LogPage, ReadLog, StoreErrorKind, StreamStore};
use ironflow_postgres::Postgres;
use tokio::sync::watch;
use tokio::time::timeout;

use super::journal::{Files, Journal};
use crate::given::whole;

/// What a line begins with that says how far the log has been read. What was read and how far are
/// written at once: a process that is killed has both or neither.
pub(super) const READ_TO: &str = "to ";

/// How often to look where nobody says that the log has grown: the others are killed before they
/// can.
const POLL: Duration = Duration::from_millis(200);

/// Reads on, until what is to be read has been.
pub(super) async fn follow(
    store: Postgres,
    files: Files,
    mut random: Rng,
    mut end: watch::Receiver<Option<Position>>,
) {
    let (journal, before) = Journal::open(&files.read(), READ_TO);
    let last = before.lines().next_back();
    let mut after = last.map_or(Position::START, |line| {
        line.strip_prefix(READ_TO).unwrap().parse().unwrap()
    });
    loop {
        let read = ReadLog::after(after).limit(random.usize(1..400));
        let page = match store.read_log(read).await {
            Ok(page) => page,
            // The store has waited before it gave up.
            Err(error) if error.kind() == StoreErrorKind::Unavailable => continue,
            Err(error) => panic!("{}", whole(&error)),
        };
        if page.read_to != after {
            journal.add(&lines(after, &page));
            after = page.read_to;
        }
        let is_end = |end: Option<Position>| end.is_some_and(|end| after >= end);
        if is_end(*end.borrow_and_update()) {
            return;
        }
        if page.at_end {
            let grown = async {
                match timeout(POLL, store.log_grown(after)).await {
                    Ok(Err(error)) if error.kind() != StoreErrorKind::Unavailable => {
                        panic!("{}", whole(&error))
                    }
                    _ => {}
                }
            };
            tokio::select! {
                () = grown => {}
                told = end.changed() => told.expect("somebody says where the end is"),
            }
        }
    }
}

/// Each event of a page, and how far it goes.
fn lines(after: Position, page: &LogPage) -> String {
    let read_to = page.read_to;
    let mut last = after;
    let mut lines = String::new();
    for event in page.events.iter() {
        writeln!(lines, "{} {}", event.position, event.id).unwrap();
        last = event.position;
    }
    assert!(last <= read_to, "{last} is read, and so is up to {read_to}");
    let left = page.events.last().map_or(0, |event| event.left_in_commit);
    assert_eq!(left, 0, "the page up to {read_to} ends inside a commit");
    writeln!(lines, "{READ_TO}{read_to}").unwrap();
    lines
}
