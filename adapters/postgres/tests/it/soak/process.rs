//! The processes that append and read: this program once more.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use ironflow_domain::Position;
use ironflow_domain::store::StoreErrorKind;
use ironflow_postgres::Postgres;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::journal::Files;
use super::settings::SEED;
use super::{orders, reader, writer};
use crate::given::whole;

/// Says where the journals are, and by that, that it is such a process.
const PLACE: &str = "IRONFLOW_SOAK_PLACE";
/// Says where the server is.
const URL: &str = "IRONFLOW_SOAK_URL";
/// Says which process it is.
const NUMBER: &str = "IRONFLOW_SOAK_PROCESS";
/// Says the how manieth of that number it is.
const LIFE: &str = "IRONFLOW_SOAK_LIFE";

pub(super) const SCHEMA: &str = "soak";

/// What a line begins with that is for the conductor.
const FOR_CONDUCTOR: &str = "@soak ";
/// That something of its own was acknowledged.
pub(super) const GOING: &str = "going";
pub(super) const WRITTEN: &str = "written";
pub(super) const READ: &str = "read";

const STOP: &str = "stop";
const READ_UP_TO: &str = "read up to ";

pub(super) fn is_child() -> bool {
    env::var_os(PLACE).is_some()
}

/// The store, as soon as there is a server.
pub(super) async fn open(url: &str) -> Postgres {
    loop {
        let options = Postgres::options()
            .schema(SCHEMA)
            .readers(3)
            // So that waiting has an end now and then.
            .patience(Duration::from_secs(5))
            .statement_timeout(Duration::from_secs(20));
        match options.connect(url).await {
            Ok(store) => return store,
            Err(error) if error.kind() == StoreErrorKind::Unavailable => {}
            Err(error) => panic!("{}", whole(&error)),
        }
    }
}

/// Appends and reads, until the conductor has had enough.
pub(super) fn work() {
    let given =
        |name| env::var(name).expect("who says where the journals are says the rest as well");
    let (number, life): (u8, u16) = (given(NUMBER).parse().unwrap(), given(LIFE).parse().unwrap());
    let seed: u64 = given(SEED).parse().unwrap();
    let files = Files::new(Path::new(&given(PLACE)), number);
    let (stop, to_stop) = watch::channel(false);
    let (end, known_end) = watch::channel(None);
    thread::spawn(move || obey(&stop, &end));

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(&given(URL)).await;
        let mut random = Rng::with_seed(seed << 24 | u64::from(number) << 16 | u64::from(life));
        let reading = reader::follow(store.clone(), files.clone(), random.fork(), known_end);
        let reading = tokio::spawn(reading);
        let mut writing = JoinSet::new();
        let me = (number, life);
        writer::write(&store, &files, me, &mut random, &to_stop, &mut writing);
        orders::give(&store, &files, me, &mut random, &to_stop, &mut writing).await;
        // The first one that fails ends all.
        let all_written = async {
            while let Some(written) = writing.join_next().await {
                written.unwrap();
            }
            tell(WRITTEN);
        };
        let all_read = async {
            reading.await.unwrap();
            tell(READ);
        };
        tokio::join!(all_written, all_read);
        store.close().await;
    });
}

/// Hears what the conductor wants, and ends when there is none any more.
fn obey(stop: &watch::Sender<bool>, end: &watch::Sender<Option<Position>>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if let Some(position) = line.strip_prefix(READ_UP_TO) {
            end.send_replace(Some(position.parse().unwrap()));
        } else {
            assert_eq!(line, STOP);
            stop.send_replace(true);
        }
    }
    std::process::exit(1);
}

pub(super) fn tell(what: &str) {
    // The harness may have begun a line.
    let line = format!("\n{FOR_CONDUCTOR}{what}\n");
    let mut out = io::stdout().lock();
    let told = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    told.expect("the conductor listens");
}

/// What it takes to start a process.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) test: &'static str,
    pub(super) place: PathBuf,
    pub(super) url: String,
    pub(super) seed: u64,
}

/// Something that a process told; nothing when it has ended.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) process: u8,
    pub(super) life: u16,
    pub(super) line: Option<String>,
}

/// One of the processes. It does not outlive this.
pub(super) struct Process {
    pub(super) number: u8,
    pub(super) life: u16,
    child: Child,
    /// It ends when this is closed, as it is when the conductor was killed.
    orders: ChildStdin,
    /// Until when it stands still.
    pub(super) still_until: Option<Instant>,
    pub(super) is_going: bool,
    pub(super) is_done: bool,
}

impl Process {
    pub(super) fn start(
        start: &Start,
        number: u8,
        life: u16,
        hear: &UnboundedSender<Heard>,
    ) -> Self {
        let said = Files::new(&start.place, number).said();
        let said = OpenOptions::new().create(true).append(true).open(said);
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", start.test, "--nocapture", "--test-threads=1"])
            .env(PLACE, &start.place)
            .env(URL, &start.url)
            .env(NUMBER, number.to_string())
            .env(LIFE, life.to_string())
            .env(SEED, start.seed.to_string())
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said.unwrap())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let hear = hear.clone();
        thread::spawn(move || {
            let told = |line| Heard {
                process: number,
                life,
                line,
            };
            for line in out.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix(FOR_CONDUCTOR) {
                    // Where nobody listens any more, the conductor has failed.
                    let _ = hear.send(told(Some(line.to_owned())));
                }
            }
            let _ = hear.send(told(None));
        });
        Self {
            number,
            life,
            child,
            orders,
            still_until: None,
            is_going: false,
            is_done: false,
        }
    }

    /// It has no chance to tidy up, also where it stands still.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.still_until = None;
    }

    /// Has it stand still, wherever it is.
    pub(super) fn hold(&mut self, until: Instant) {
        self.signal(Signal::STOP);
        self.still_until = Some(until);
    }

    pub(super) fn go_on(&mut self) {
        self.signal(Signal::CONT);
        self.still_until = None;
    }

    /// It is our child and has not been waited for, so the number is its own, even if it has ended.
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(super) fn stop(&mut self) {
        self.order(STOP);
    }

    pub(super) fn read_up_to(&mut self, end: Position) {
        self.order(&format!("{READ_UP_TO}{end}"));
    }

    fn order(&mut self, what: &str) {
        // Where it has ended, that is heard.
        let _ = writeln!(self.orders, "{what}");
    }

    /// How it has ended.
    pub(super) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Neither does anything where it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
