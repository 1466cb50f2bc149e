//! Several processes that make one file, and processes that are killed. What several do with a file
//! that is there, the contract suite says.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ironflow_domain::store::{ExpectedVersion, ListStreams, ReadLog, StreamStore};
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

pub(crate) fn own_number() -> u8 {
    env::var(NUMBER).unwrap().parse().unwrap()
}

pub(crate) fn shared_path() -> PathBuf {
    env::var(FILE).unwrap().into()
}

pub(crate) async fn open_shared() -> Sqlite {
    Sqlite::options()
        .busy_timeout(Duration::from_secs(20))
        .open(shared_path())
        .await
        .unwrap()
}

/// Tells the parent of an append that has been acknowledged, so that nothing can take that back.
fn acknowledge(stream: &str, version: StreamVersion) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "acknowledged {stream} {version}").unwrap();
    out.flush().unwrap();
}

/// The stream and version in what a child said.
fn acknowledged(line: &str) -> Option<(String, u64)> {
    // The test harness may have begun the line, and a child that was killed may not have ended it.
    let (_, told) = line.strip_suffix('\n')?.split_once("acknowledged ")?;
    let (stream, version) = told.split_once(' ')?;
    Some((stream.to_owned(), version.parse().ok()?))
}

pub(crate) fn next_line(out: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (out.read_line(&mut line).unwrap() > 0).then_some(line)
}

/// What a line begins with that is for the parent.
const FOR_PARENT: &str = "for the parent: ";

/// Tells the parent.
pub(crate) fn tell(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{FOR_PARENT}{what}").unwrap();
    out.flush().unwrap();
}

/// The next thing that a child tells; nothing when it has ended.
pub(crate) fn hear(out: &mut BufReader<ChildStdout>) -> Option<String> {
    loop {
        let line = next_line(out)?;
        // A child that was killed may not have ended the line.
        let told = line.strip_suffix('\n');
        if let Some(told) = told.and_then(|line| line.strip_prefix(FOR_PARENT)) {
            return Some(told.to_owned());
        }
    }
}

/// A child that does not outlive the test that started it.
pub(crate) struct Mortal(pub(crate) Child);

impl Mortal {
    pub(crate) fn start(test: &str, number: u8, path: &Path) -> (Self, BufReader<ChildStdout>) {
        let mut child = start(test, number, path);
        let out = BufReader::new(child.stdout.take().unwrap());
        (Self(child), out)
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        // On Unix this is SIGKILL: it has no chance to tidy up. It does nothing where it has ended.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

const OPENERS: u8 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_open_a_new_file_at_once() {
    if is_child() {
        let store = open_shared().await;
        let (name, new) = (
            format!("order-{}", own_number()),
            vec![event_of(own_number())],
        );
        append(&store, &name, ExpectedVersion::NoStream, new)
            .await
            .unwrap();
        return;
    }
    let (_directory, path) = new_file();
    // None of them finds the file there.
    let test = "processes::many_processes_open_a_new_file_at_once";
    let start = |number| start(test, number, &path);
    let children: Vec<_> = (1..=OPENERS).map(start).collect();
    for mut child in children {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while next_line(&mut out).is_some() {}
        assert!(child.wait().unwrap().success());
    }
    let store = Sqlite::open(&path).await.unwrap();
    let log = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    assert_eq!(log.events.len(), usize::from(OPENERS));
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
            let Some((stream, version)) = acknowledged(&line) else {
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
                at = append(&store, &name, ExpectedVersion::Exact(at), events)
                    .await
                    .unwrap()
                    .version;
                acknowledge(&name, at);
            }
        });
    }
    panic!("a writer has ended: {:?}", writers.join_next().await);
}
