//! Starts the processes, does what can happen to them and to their server, and has all end well.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;
use ironflow_domain::{EventId, Position};
use ironflow_services::Postgres as Server;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{sleep_until, timeout, timeout_at};
use tokio_postgres::Error;

use super::hindrance::{self, STRANGE};
use super::journal::Files;
use super::log::Log;
use super::process::{self, GOING, Heard, Process, READ, SCHEMA, Start, WRITTEN};
use super::settings::Settings;
use super::verdict;
use crate::given::{LONG, raw};

const PROCESSES: u8 = 4;

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Disturbance {
    ProcessKilled,
    AllProcessesKilled,
    ProcessHeld,
    ServerKilled,
    ServerStopped,
    BackendsTerminated,
    StatementsCancelled,
    Stranger,
    SlowAppend,
}

/// How often each happens before all begin anew.
const DECK: [(Disturbance, usize); 9] = [
    (Disturbance::ProcessKilled, 4),
    (Disturbance::AllProcessesKilled, 1),
    (Disturbance::ProcessHeld, 3),
    (Disturbance::ServerKilled, 2),
    (Disturbance::ServerStopped, 1),
    (Disturbance::BackendsTerminated, 3),
    (Disturbance::StatementsCancelled, 2),
    (Disturbance::Stranger, 3),
    (Disturbance::SlowAppend, 3),
];

/// Soaks for as long as it is wanted.
pub(super) fn conduct(test: &'static str) {
    let settings = Settings::given();
    print(&format!("soak: {}", settings.again()));
    // It stays where something goes wrong, for whoever looks into it.
    let place = tempfile::Builder::new()
        .prefix("ironflow-soak-")
        .tempdir()
        .unwrap()
        .keep();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let soak = async { Conductor::new(test, settings, &place).soak().await };
    let soaked = catch_unwind(AssertUnwindSafe(|| runtime.block_on(soak)));
    match soaked.unwrap_or_else(|_| Err("the conductor has failed".to_owned())) {
        Ok(summary) => {
            std::fs::remove_dir_all(&place).unwrap();
            print(&summary);
        }
        Err(problem) => panic!(
            "{problem}\nsoak: {}, its journals are in {}",
            settings.again(),
            place.display()
        ),
    }
}

struct Conductor {
    settings: Settings,
    random: Rng,
    server: Server,
    place: PathBuf,
    start: Start,
    processes: Vec<Process>,
    hear: UnboundedSender<Heard>,
    heard: UnboundedReceiver<Heard>,
    /// What others do in the database, and the events that they were acknowledged.
    others: JoinSet<Result<Option<EventId>, Error>>,
    acknowledged: Vec<EventId>,
    slow_appends: u32,
    happened: BTreeMap<Disturbance, u32>,
}

impl Conductor {
    fn new(test: &'static str, settings: Settings, place: &Path) -> Self {
        let server = Server::start().unwrap();
        let (hear, heard) = unbounded_channel();
        let start = Start {
            test,
            place: place.to_owned(),
            url: server.url(),
            seed: settings.seed,
        };
        Self {
            settings,
            random: Rng::with_seed(settings.seed),
            server,
            place: place.to_owned(),
            start,
            processes: Vec::new(),
            hear,
            heard,
            others: JoinSet::new(),
            acknowledged: Vec::new(),
            slow_appends: 0,
            happened: BTreeMap::new(),
        }
    }

    async fn soak(&mut self) -> Result<String, String> {
        raw(&self.server.url())
            .await
            .batch_execute(STRANGE)
            .await
            .unwrap();
        // Slow programs need its tables.
        process::open(&self.server.url()).await.close().await;
        for number in 0..PROCESSES {
            let process = Process::start(&self.start, number, 0, &self.hear);
            self.processes.push(process);
        }
        let begun = Instant::now();
        // Each happens, however short it is to be.
        for disturbance in self.shuffled() {
            self.disturb(disturbance).await?;
        }
        while begun.elapsed() < self.settings.time {
            for disturbance in self.shuffled() {
                self.disturb(disturbance).await?;
                if begun.elapsed() >= self.settings.time {
                    break;
                }
            }
        }
        let disturbed = begun.elapsed();
        self.calm().await?;
        let log = self.end_well().await?;
        let journals = (0..PROCESSES).map(|number| Files::new(&self.place, number));
        let found = verdict::reach(&log, journals, &self.acknowledged)?;
        let happened: Vec<String> = self
            .happened
            .iter()
            .map(|(what, times)| format!("{what:?} {times}"))
            .collect();
        Ok(format!(
            "{found}, in {disturbed:?}: {}",
            happened.join(", ")
        ))
    }

    fn shuffled(&mut self) -> Vec<Disturbance> {
        let mut deck: Vec<Disturbance> = DECK
            .iter()
            .flat_map(|(what, times)| std::iter::repeat_n(*what, *times))
            .collect();
        self.random.shuffle(&mut deck);
        deck
    }

    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.random.u64(range))
    }

    async fn disturb(&mut self, disturbance: Disturbance) -> Result<(), String> {
        // Often several at once, and now and then time to get going.
        let pause = match self.random.u8(..4) {
            0 => self.millis(0..10),
            1 => self.millis(500..1_500),
            _ => self.millis(10..500),
        };
        self.live_on(pause).await?;
        *self.happened.entry(disturbance).or_default() += 1;
        let url = self.server.url();
        match disturbance {
            Disturbance::ProcessKilled => self.kill_some(1),
            Disturbance::AllProcessesKilled => self.kill_some(PROCESSES.into()),
            Disturbance::ProcessHeld => {
                let until = Instant::now() + self.millis(50..3_000);
                let process = self.random.choice(&mut self.processes);
                process.unwrap().hold(until);
            }
            Disturbance::ServerKilled | Disturbance::ServerStopped => {
                let is_killed = disturbance == Disturbance::ServerKilled;
                self.restart_server(is_killed).await?;
            }
            Disturbance::BackendsTerminated => {
                let count = self.random.i64(1..20);
                self.others.spawn(async move {
                    let done = hindrance::terminate_backends(url, count).await;
                    done.map(|()| None)
                });
            }
            Disturbance::StatementsCancelled => {
                let time = self.millis(5..1_000);
                self.others.spawn(async move {
                    let done = hindrance::cancel_statements(url, time).await;
                    done.map(|()| None)
                });
            }
            Disturbance::Stranger => {
                let (time, commits) = (self.millis(100..4_000), self.random.bool());
                self.others.spawn(async move {
                    let done = hindrance::stranger(url, time, commits).await;
                    done.map(|()| None)
                });
            }
            Disturbance::SlowAppend => {
                self.slow_appends += 1;
                let stream = format!("slow-{}", self.slow_appends);
                let time = self.millis(5..800);
                self.others.spawn(hindrance::slow_append(url, stream, time));
            }
        }
        Ok(())
    }

    /// Kills some, and starts them again.
    fn kill_some(&mut self, count: usize) {
        self.random.shuffle(&mut self.processes);
        // All are dead before the first one lives.
        for process in &mut self.processes[..count] {
            process.kill();
        }
        for process in &mut self.processes[..count] {
            let life = process.life + 1;
            *process = Process::start(&self.start, process.number, life, &self.hear);
        }
    }

    async fn restart_server(&mut self, is_killed: bool) -> Result<(), String> {
        let down = |server: &mut Server| {
            if is_killed {
                server.kill()
            } else {
                server.stop()
            }
        };
        block_in_place(|| down(&mut self.server)).unwrap();
        if self.random.bool() {
            let pause = self.millis(0..1_000);
            self.live_on(pause).await?;
        }
        if self.random.u8(..4) == 0 {
            self.kill_some(1);
        }
        block_in_place(|| self.server.restart()).unwrap();
        Ok(())
    }

    /// Lets time pass, in which nobody ends who was not killed.
    async fn live_on(&mut self, time: Duration) -> Result<(), String> {
        let until = Instant::now() + time;
        loop {
            let held = self.processes.iter().filter_map(|one| one.still_until);
            let next = held.chain([until]).min().unwrap();
            tokio::select! {
                heard = self.heard.recv() => {
                    self.note(heard.unwrap())?;
                }
                other = self.others.join_next(), if !self.others.is_empty() => {
                    self.hear_of(other.unwrap().unwrap())?;
                }
                () = sleep_until(next.into()) => {
                    let now = Instant::now();
                    for process in &mut self.processes {
                        if process.still_until.is_some_and(|until| until <= now) {
                            process.go_on();
                        }
                    }
                    if now >= until {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What a process has told, if it still is the one; an error where it has ended.
    fn note(&mut self, heard: Heard) -> Result<Option<(u8, String)>, String> {
        let same = |one: &&mut Process| (one.number, one.life) == (heard.process, heard.life);
        let Some(process) = self.processes.iter_mut().find(same) else {
            return Ok(None);
        };
        if let Some(line) = heard.line {
            // After the last that it has to tell, it ends.
            process.is_done = line == READ;
            process.is_going |= line == GOING;
            return Ok(Some((heard.process, line)));
        }
        let (number, ended) = (process.number, process.ended());
        if process.is_done {
            return Ok(None);
        }
        let said = std::fs::read_to_string(Files::new(&self.place, number).said());
        Err(format!(
            "process {number} has ended by itself ({ended}), and said:\n{}",
            said.unwrap()
        ))
    }

    fn hear_of(&mut self, other: Result<Option<EventId>, Error>) -> Result<(), String> {
        match other {
            Ok(acknowledged) => {
                self.acknowledged.extend(acknowledged);
                Ok(())
            }
            Err(error) if is_server_away(&error) => Ok(()),
            Err(error) => Err(format!("what others did has failed: {error:?}")),
        }
    }

    /// Nothing is in the way of anybody any more, and everybody goes on.
    async fn calm(&mut self) -> Result<(), String> {
        for process in &mut self.processes {
            if process.still_until.is_some() {
                process.go_on();
            }
        }
        while let Some(other) = timeout(LONG, self.others.join_next())
            .await
            .map_err(|_| "what others do should end".to_owned())?
        {
            self.hear_of(other.unwrap())?;
        }
        let are_going = |all: &[Process]| all.iter().all(|one| one.is_going);
        if are_going(&self.processes) {
            return Ok(());
        }
        self.hear_until(GOING, |all, _, _| are_going(all)).await
    }

    /// Has all finish what they have begun, and read to the end. Gives back the log.
    async fn end_well(&mut self) -> Result<Log, String> {
        for process in &mut self.processes {
            process.stop();
        }
        self.all_tell(WRITTEN).await?;
        let url = self.server.url();
        let log = Log::read(&process::open(&url).await).await;
        let sql = format!("SELECT count(*) FROM {SCHEMA}.events");
        let count: i64 = raw(&url).await.query_one(&sql, &[]).await.unwrap().get(0);
        if usize::try_from(count).unwrap() != log.events.len() {
            let read = log.events.len();
            return Err(format!("of {count} events, {read} can be read"));
        }
        let end = log
            .events
            .last()
            .map_or(Position::START, |last| last.position);
        for process in &mut self.processes {
            process.read_up_to(end);
        }
        self.all_tell(READ).await?;
        for process in &mut self.processes {
            let (number, ended) = (process.number, process.ended());
            if !ended.success() {
                return Err(format!("process {number} has ended badly ({ended})"));
            }
        }
        Ok(log)
    }

    async fn all_tell(&mut self, what: &str) -> Result<(), String> {
        let mut told = BTreeSet::new();
        self.hear_until(what, |_, number, line| {
            if line == what {
                told.insert(number);
            }
            told.len() == usize::from(PROCESSES)
        })
        .await
    }

    /// Hears what processes tell until that is enough.
    async fn hear_until(
        &mut self,
        what: &str,
        mut is_enough: impl FnMut(&[Process], u8, &str) -> bool,
    ) -> Result<(), String> {
        let deadline = Instant::now() + 2 * LONG;
        loop {
            let heard = timeout_at(deadline.into(), self.heard.recv()).await;
            let heard = heard.map_err(|_| format!("not all processes have told: {what}"))?;
            if let Some((number, line)) = self.note(heard.unwrap())?
                && is_enough(&self.processes, number, &line)
            {
                return Ok(());
            }
        }
    }
}

/// Whether the server is stopped just now, or not there at all.
fn is_server_away(error: &Error) -> bool {
    error
        .code()
        .is_none_or(|code| code.code().starts_with("57P"))
}

#[allow(clippy::print_stdout, reason = "numbers, for whoever looks at a test")]
fn print(what: &str) {
    println!("{what}");
}
