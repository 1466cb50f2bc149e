//! The processes that a rule starts: this program once more, running one test that knows that it is
//! a child.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::{Fixture, given};

/// Says what a child has to do, and by that, that it is one.
const TASK: &str = "IRONFLOW_CONTRACT_TASK";
/// Says which of several children it is.
const NUMBER: &str = "IRONFLOW_CONTRACT_NUMBER";
/// Says where the store is.
const PLACE: &str = "IRONFLOW_CONTRACT_PLACE";

/// What a line begins with that is for the parent. Stores and the test harness write lines, too.
const FOR_PARENT: &str = "@ironflow-contract ";
const READY: &str = "ready";
const DONE: &str = "done";
const TELL: &str = "tell ";
const GO: &[u8] = b"go\n";

/// Several processes with one task. None of them outlives this.
pub(super) struct Workers(Vec<Worker>);

impl Workers {
    /// Starts so many that open the store and then wait: to be told at once, they do their task at
    /// the same time.
    pub(super) async fn start(store: &Fixture, task: &str, numbers: &[u8]) -> Self {
        let (place, test) = store.place_and_worker();
        let start = |number: &u8| Worker::start(place, test, task, *number);
        // All are started before the first is waited for.
        let mut workers = Self(numbers.iter().map(start).collect());
        for worker in &mut workers.0 {
            worker.is_ready().await;
        }
        workers
    }

    /// Lets them do their task, and waits until they have ended: what each has told.
    ///
    /// # Panics
    ///
    /// When one has failed, with what it said about that.
    pub(super) async fn work<T: DeserializeOwned + Send + 'static>(mut self) -> Vec<Vec<T>> {
        for worker in &mut self.0 {
            worker.go();
        }
        // All at once: when one fails, nobody has to wait for the others.
        let mut ending = JoinSet::new();
        for mut worker in self.0 {
            ending.spawn(async move { (worker.number, worker.end().await) });
        }
        let mut told = ending.join_all().await;
        told.sort_by_key(|(number, _)| *number);
        told.into_iter().map(|(_, told)| told).collect()
    }
}

/// One process.
struct Worker {
    number: u8,
    test: String,
    child: Child,
    /// It ends when this is closed, as it is when the parent was killed.
    orders: ChildStdin,
    heard: UnboundedReceiver<Heard>,
    /// What it wrote that was not for the parent.
    written: String,
}

/// What came from a process.
enum Heard {
    ForParent(String),
    Other(String),
}

impl Worker {
    fn start(place: &str, test: &str, task: &str, number: u8) -> Self {
        // The harness names a test by its path in its crate.
        let test = test.split_once("::").map_or(test, |(_, path)| path);
        let program = env::current_exe().expect("a test program knows where it is");
        let mut child = Command::new(program)
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(TASK, task)
            .env(NUMBER, number.to_string())
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test program can be started again");
        let piped = "what is piped can be taken";
        let orders = child.stdin.take().expect(piped);
        let (hear, heard) = unbounded_channel();
        listen(child.stdout.take().expect(piped), hear.clone());
        listen(child.stderr.take().expect(piped), hear);
        Self {
            number,
            test: test.to_owned(),
            child,
            orders,
            heard,
            written: String::new(),
        }
    }

    async fn is_ready(&mut self) {
        if self.next().await.as_deref() != Some(READY) {
            self.fail();
        }
    }

    fn go(&mut self) {
        // Where it has ended, `end` finds out why.
        let _ = self.orders.write_all(GO);
    }

    /// Waits until it has ended: what it has told.
    async fn end<T: DeserializeOwned>(&mut self) -> Vec<T> {
        let mut told = Vec::new();
        let mut is_done = false;
        while let Some(line) = self.next().await {
            if let Some(tale) = line.strip_prefix(TELL) {
                told.push(serde_json::from_str(tale).expect("a worker tells what is asked for"));
            }
            is_done |= line == DONE;
        }
        let status = self.child.wait().expect("a child can be waited for");
        if !status.success() || !is_done {
            self.fail();
        }
        told
    }

    /// The next line for the parent; nothing when it has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            match self.heard.recv().await? {
                Heard::ForParent(line) => return Some(line),
                Heard::Other(line) => self.written.push_str(&line),
            }
        }
    }

    fn fail(&mut self) -> ! {
        let (number, test) = (self.number, &self.test);
        let hint = if self.written.contains("running 0 tests") {
            format!("\nhelp: there has to be a test {test}, and it calls `contract::work`\n")
        } else {
            String::new()
        };
        let _ = self.child.kill();
        let ended = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        panic!(
            "process {number} has failed ({ended}), and wrote:\n{}\n{hint}",
            self.written.trim_end()
        );
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Neither does anything where it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a process writes to its end, so that it never waits for a reader.
fn listen(from: impl Read + Send + 'static, hear: UnboundedSender<Heard>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            let heard = match text.strip_prefix(FOR_PARENT) {
                Some(words) => Heard::ForParent(words.trim_end().to_owned()),
                None => Heard::Other(text.into_owned()),
            };
            if hear.send(heard).is_err() {
                // The rule has failed, and the process has been killed.
                return;
            }
            line.clear();
        }
    });
}

/// In a process that was started for that, does the task; in any other, nothing.
pub(super) fn work<O, S>(
    open_at: impl FnOnce(String) -> O,
    perform: impl AsyncFnOnce(&str, u8, &Fixture),
) where
    O: Future<Output = S>,
    S: Into<Fixture>,
{
    let Ok(task) = env::var(TASK) else { return };
    let given = "whoever says what the task is says the rest as well";
    let number = env::var(NUMBER).expect(given).parse().expect(given);
    let place = env::var(PLACE).expect(given);
    given::be_process(number);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime can be started");
    runtime.block_on(async {
        let orders = orders();
        let fixture = open_at(place).await.into();
        let _kept = fixture.kept();
        say(READY);
        orders
            .await
            .expect("there is an order before there is none");
        perform(&task, number, &fixture).await;
        say(DONE);
    });
}

/// Tells the parent.
pub(super) fn tell(what: &impl Serialize) {
    let what = serde_json::to_string(what).expect("workers tell what can be written");
    say(&format!("{TELL}{what}"));
}

fn say(words: &str) {
    // The harness may have begun a line.
    let line = format!("\n{FOR_PARENT}{words}\n");
    let mut out = io::stdout().lock();
    let said = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    said.expect("the parent listens");
}

/// Is there when the parent has said that it is time. The process ends when the parent does, also
/// where the store has it wait for ever.
fn orders() -> oneshot::Receiver<()> {
    let (go, orders) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).is_ok() && line == GO {
            let _ = go.send(());
            let _ = input.read_until(b'\n', &mut line);
        }
        std::process::exit(1);
    });
    orders
}
