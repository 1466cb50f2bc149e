//! Several processes on one file, and processes that are killed.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ironflow_domain::store::{
    AppendError, ExpectedVersion, ListStreams, ReadLog, StoreErrorKind, StreamStore,
};
use ironflow_domain::{Position, StreamVersion};
use ironflow_sqlite::Sqlite;
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::given::{append, event_of, new_file, read, stream};

/// Says which file a child works on.
const FILE: &str = "IRONFLOW_SQLITE_TEST_FILE";
/// Says which child it is.
const NUMBER: &str = "IRONFLOW_SQLITE_TEST_CHILD";

/// Starts this program again: the test of that name, which finds out that it is a child and does
/// what children do.
pub(crate) fn start(test: &str, number: u8, path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FILE, path)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn is_child() -> bool {
    env::var_os(NUMBER).is_some()
}

fn own_number() -> u8 {
    env::var(NUMBER).unwrap().parse().unwrap()
}

pub(crate) async fn open_shared() -> Sqlite {
    Sqlite::options()
        .busy_timeout(Duration::from_secs(20))
        .open(env::var(FILE).unwrap())
        .await
        .unwrap()
}

/// Tells the parent of an append that has been acknowledged, so that nothing can take that back.
fn acknowledge(stream: &str, version: StreamVersion, id: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "acknowledged {stream} {version} {id}").unwrap();
    out.flush().unwrap();
}

/// The stream, version and id in what a child said.
fn acknowledged(line: &str) -> Option<(String, u64, String)> {
    // The test harness may have begun the line, and a child that was killed may not have ended it.
    let (_, told) = line.strip_suffix('\n')?.split_once("acknowledged ")?;
    let mut words = told.split(' ');
    Some((
        words.next()?.to_owned(),
        words.next()?.parse().ok()?,
        words.next()?.to_owned(),
    ))
}

pub(crate) fn next_line(out: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (out.read_line(&mut line).unwrap() > 0).then_some(line)
}

const RACERS: u8 = 4;
const WINS: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_append_to_one_file_lose_nothing() {
    if is_child() {
        return race().await;
    }
    let (_directory, path) = new_file();
    // None of them finds the file there.
    let children: Vec<_> = (1..=RACERS)
        .map(|number| {
            start(
                "processes::processes_that_append_to_one_file_lose_nothing",
                number,
                &path,
            )
        })
        .collect();
    let mut told: BTreeMap<String, BTreeMap<u64, String>> = BTreeMap::new();
    for mut child in children {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while let Some(line) = next_line(&mut out) {
            if let Some((stream, version, id)) = acknowledged(&line) {
                let before = told.entry(stream).or_default().insert(version, id);
                assert_eq!(before, None, "version {version} was acknowledged twice");
            }
        }
        assert!(child.wait().unwrap().success());
    }

    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(told["order-shared"].len(), usize::from(RACERS) * WINS);
    assert_eq!(told.len(), 1 + usize::from(RACERS));
    for (name, told) in &told {
        let recorded = read(&store, name).await;
        let recorded: BTreeMap<_, _> = recorded
            .iter()
            .map(|event| (event.version.get(), event.id.to_string()))
            .collect();
        assert_eq!(&recorded, told, "{name} has exactly what was acknowledged");
        assert_eq!(
            recorded.keys().copied().collect::<Vec<_>>(),
            (1..=told.len() as u64).collect::<Vec<_>>()
        );
    }
    let log = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    assert_eq!(
        log.events.len(),
        told.values().map(BTreeMap::len).sum::<usize>()
    );
}

/// Appends to the shared stream until it has won often enough, and after every win to its own.
async fn race() {
    let store = open_shared().await;
    let own = format!("order-own{}", own_number());
    let mut at = StreamVersion::EMPTY;
    let mut wins = 0;
    while wins < WINS {
        let event = event_of(own_number());
        let id = event.id;
        match append(
            &store,
            "order-shared",
            ExpectedVersion::Exact(at),
            vec![event],
        )
        .await
        {
            Ok(appended) => {
                assert_eq!(appended.version, at.next());
                at = appended.version;
                acknowledge("order-shared", at, id);
                let event = event_of(own_number());
                let (id, expected) = (
                    event.id,
                    ExpectedVersion::Exact(StreamVersion::new(wins as u64)),
                );
                let appended = append(&store, &own, expected, vec![event]).await.unwrap();
                acknowledge(&own, appended.version, id);
                wins += 1;
            }
            Err(AppendError::Conflict(conflict)) => at = conflict.actual,
            // Patience has an end; nothing was written then.
            Err(AppendError::Store(error)) if error.kind() == StoreErrorKind::Unavailable => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

const COMMIT: usize = 10;
const WRITERS: u8 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_leaves_whole_appends() {
    if is_child() {
        return append_until_killed().await;
    }
    let (_directory, path) = new_file();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for round in 1..=5 {
        let mut child = start(
            "processes::a_process_that_is_killed_leaves_whole_appends",
            round,
            &path,
        );
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut heard = 0;
        while let Some(line) = next_line(&mut out) {
            let Some((stream, version, _)) = acknowledged(&line) else {
                continue;
            };
            told.insert(stream, version);
            heard += 1;
            if heard == 150 + usize::from(round) * 17 {
                // On Unix this is SIGKILL: it has no chance to tidy up.
                child.kill().unwrap();
            }
        }
        assert!(
            !child.wait().unwrap().success(),
            "the child should have been killed"
        );
        assert!(heard >= 150);

        let store = Sqlite::open(&path).await.unwrap();
        let mut in_streams = 0;
        for info in store.list_streams(ListStreams::default()).await.unwrap() {
            let name = info.stream.as_str();
            let recorded = read(&store, name).await;
            assert_eq!(recorded.len() % COMMIT, 0, "{name} has a part of an append");
            assert_eq!(recorded.len() as u64, info.version.get());
            assert!(
                recorded.len() as u64 >= told[name],
                "{name} has lost what was acknowledged"
            );
            in_streams += recorded.len();
        }
        let mut in_log = 0;
        let mut at = Position::START;
        loop {
            let page = store.read_log(ReadLog::after(at)).await.unwrap();
            for (index, event) in page.events.iter().enumerate() {
                assert_eq!(
                    event.left_in_commit as usize,
                    COMMIT - 1 - index % COMMIT,
                    "the log has a part of an append"
                );
                assert_eq!(
                    event.data,
                    format!("{{\"{}\":{}}}", "x".repeat(200), index % COMMIT)
                );
            }
            in_log += page.events.len();
            at = page.read_to;
            if page.at_end {
                break;
            }
        }
        assert_eq!(in_log, in_streams);
        assert_eq!(at, Position::new(0, in_log as u64), "positions have no gap");
        store.close().await;
        let file = Connection::open(&path).unwrap();
        let whole: String = file
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(whole, "ok");
    }
}

/// Appends ten events at a time to several streams at once, for ever.
async fn append_until_killed() {
    let store = open_shared().await;
    let mut writers: JoinSet<()> = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let name = format!("order-{number}");
            let info = store.stream_info(&stream(&name)).await.unwrap();
            let mut at = info.map_or(StreamVersion::EMPTY, |info| info.version);
            loop {
                let mut events: Vec<_> = (0..COMMIT).map(|_| event_of(own_number())).collect();
                for (index, event) in events.iter_mut().enumerate() {
                    event.data = format!("{{\"{}\":{index}}}", "x".repeat(200));
                }
                let id = events[0].id;
                at = append(&store, &name, ExpectedVersion::Exact(at), events)
                    .await
                    .unwrap()
                    .version;
                acknowledge(&name, at, id);
            }
        });
    }
    panic!("a writer has ended: {:?}", writers.join_next().await);
}
