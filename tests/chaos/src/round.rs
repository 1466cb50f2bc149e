//! What happens, at random.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use fastrand::Rng;
use ironflow_domain::{
    EventId, Ironflow, OperationError, Position, Projection, ProjectionState, ReactorError,
    ReactorState, Rebuild, Receipt, Unpartitioned,
};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::Site;
use crate::domain::{
    Done, Make, Move, Noise, NoiseEvent, Parcel, ParcelEvent, Post, Track, TrackEvent, first,
    second, set_broken,
};
use crate::verdict::{Log, Stored};
use crate::watch::{Complaints, News, Recorded, end_of_log};
use crate::worker::{Pace, Program, Worker};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const STREAMS: u8 = 3;
const DELIVERIES: &str = "deliveries";
const PROJECTIONS: [&str; 3] = ["paths", "rows", "whole"];
/// How long anything may take on a machine that is busy with other things.
const LONG: Duration = Duration::from_secs(10);

/// How often what has happened, in all rounds.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    events: usize,
    killed: usize,
    stopped: usize,
    stood_still: usize,
    rebuilds: usize,
    undone: usize,
    parked: usize,
    skipped: usize,
    generations: usize,
    delivered: usize,
    reactor_paused: usize,
    reactions_skipped: usize,
}

pub(crate) fn round<S: Site>(seed: u64, site: &S, happened: &mut Happened) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut round = Round::begin(seed, site.clone()).await;
        for _ in 0..round.random.usize(10..60) {
            round.step(happened).await;
        }
        round.end(happened).await;
    });
}

struct Round<S> {
    seed: u64,
    random: Rng,
    site: S,
    /// Writes and operates, and follows nothing.
    outside: Ironflow,
    workers: Vec<Worker>,
    /// Told to stop, and perhaps not done with it.
    stopping: Vec<Worker>,
    pace: Pace,
    news: News,
    complaints: Complaints,
    done: Done,
    last_number: u64,
    has_flaws: bool,
    has_second: bool,
}

impl<S: Site> Round<S> {
    async fn begin(seed: u64, site: S) -> Self {
        let mut random = Rng::with_seed(seed);
        let store = site.open().await.unwrap();
        let outside = Ironflow::new(store).start().await.unwrap();
        let pace = Pace {
            poll: Duration::from_millis(random.u64(1..6)),
            take_over_after: Duration::from_millis(random.u64(5..60)),
        };
        let has_flaws = random.u8(..4) == 0;
        set_broken(seed, has_flaws);
        let mut round = Self {
            seed,
            has_second: false,
            random,
            site,
            outside,
            workers: Vec::new(),
            stopping: Vec::new(),
            pace,
            news: broadcast::Sender::new(256),
            complaints: Complaints::default(),
            done: Done::default(),
            last_number: 0,
            has_flaws,
        };
        // Each stream has been somewhere before it may stay there.
        for stream in 0..STREAMS {
            let (number, to) = (round.number(), round.key());
            let to = vec![to];
            let flaw = None;
            let went = TrackEvent::Went { number, to, flaw };
            let track = round.outside.of::<Track>(stream);
            track.execute(Move(vec![went])).await.unwrap();
            let (number, to) = (round.number(), round.key());
            let sent = ParcelEvent::Sent { number, to, flaw };
            let parcel = round.outside.of::<Parcel>(stream);
            parcel.execute(Post(vec![sent])).await.unwrap();
        }
        round.start(Program::First);
        if round.random.u8(..4) > 0 {
            round.until_followed().await;
        }
        round
    }

    /// Waits a while until there is something to operate on: opening a database takes longer than
    /// most rounds.
    async fn until_followed(&self) {
        let until = Instant::now() + LONG;
        let follows = |worker: &Worker| {
            let statuses = worker.ironflow().map(Ironflow::projection_statuses);
            let mut statuses = statuses.into_iter().flatten();
            worker.gate.is_closed() || statuses.any(|status| status.position > Position::START)
        };
        while Instant::now() < until && !self.workers.iter().any(follows) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn start(&mut self, program: Program) {
        self.start_whole(program);
        if let Some(worker) = self.workers.last()
            && self.random.u8(..3) == 0
        {
            worker.gate.close_after(self.random.u8(..60));
        }
    }

    /// Starts one that does not stand still by itself.
    fn start_whole(&mut self, program: Program) {
        self.has_second |= program == Program::Second;
        let Self {
            site,
            pace,
            news,
            complaints,
            done,
            ..
        } = self;
        let worker = Worker::start(site, program, *pace, news, complaints, done);
        self.workers.push(worker);
    }

    /// One of the workers.
    fn any(&mut self) -> Option<usize> {
        let count = self.workers.len();
        (count > 0).then(|| self.random.usize(..count))
    }

    async fn step(&mut self, happened: &mut Happened) {
        match self.random.u8(..62) {
            0..24 => self.write().await,
            24..30 => {
                // A moment in which they do what they do.
                let moment = Duration::from_micros(self.random.u64(..8_000));
                tokio::time::sleep(moment).await;
            }
            30..34 if self.workers.len() < 4 => {
                let program = if self.random.u8(..4) == 0 {
                    Program::Second
                } else {
                    Program::First
                };
                self.start(program);
            }
            34..37 => {
                if let Some(one) = self.any() {
                    happened.killed += 1;
                    drop(self.workers.remove(one));
                }
            }
            37..39 => {
                if let Some(one) = self.any() {
                    happened.stopped += 1;
                    let mut worker = self.workers.remove(one);
                    worker.stop();
                    self.stopping.push(worker);
                }
            }
            39..43 => {
                if let Some(one) = self.any() {
                    let steps = self.random.u8(..20);
                    self.workers[one].gate.close_after(steps);
                }
            }
            43..46 => {
                let mut all = self.workers.iter().chain(&self.stopping);
                if let Some(still) = all.find(|it| it.gate.is_closed()) {
                    happened.stood_still += 1;
                    still.gate.reopen();
                }
            }
            46..53 => self.operate(happened).await,
            53 if !self.has_flaws => self.operate(happened).await,
            54 if self.has_flaws => self.wait_for_parked(happened).await,
            53 if self.has_flaws => self.skip(happened).await,
            55 if self.has_flaws => {
                let key = self.random.choice(KEYS).unwrap();
                refused(self.outside.retry_view("paths", key).await);
            }
            56 if self.has_flaws => {
                let rows = Unpartitioned.to_string();
                refused(self.outside.retry_view("rows", &rows).await);
            }
            54..58 => {
                let key = self.random.choice(KEYS).unwrap();
                refused(self.outside.rebuild_view("paths", key).await);
            }
            58 => self.site.disturb().await,
            59 => self.operate_on_reactor(happened).await,
            _ => {
                let is_broken = self.random.bool();
                set_broken(self.seed, self.has_flaws && is_broken);
            }
        }
        self.begin_failed_ones_again();
    }

    async fn operate(&mut self, happened: &mut Happened) {
        match (self.random.u8(..3), self.random.u8(..4)) {
            (0, 0) => self.operate_on::<second::Paths>(happened).await,
            (0, _) => self.operate_on::<first::Paths>(happened).await,
            (1, 0) => self.operate_on::<second::Rows>(happened).await,
            (1, _) => self.operate_on::<first::Rows>(happened).await,
            (_, 0) => self.operate_on::<second::Whole>(happened).await,
            (_, _) => self.operate_on::<first::Whole>(happened).await,
        }
    }

    async fn operate_on<P: Projection>(&mut self, happened: &mut Happened) {
        let outside = &self.outside;
        match self.random.u8(..16) {
            0..2 => refused(outside.pause(P::NAME).await),
            2..6 => refused(outside.resume(P::NAME).await),
            6..11 => {
                let mut rebuild = Rebuild::new("chaos");
                if self.random.u8(..3) == 0 {
                    rebuild = rebuild.hold();
                }
                if self.random.u8(..3) == 0 {
                    rebuild = rebuild.events_per_second(self.random.u32(500..5_000));
                }
                let begun = outside.rebuild::<P>(rebuild).await;
                happened.rebuilds += usize::from(begun.is_ok());
                refused(begun.map(drop));
            }
            11 => refused(outside.cancel_rebuild::<P>().await),
            12 => refused(outside.release::<P>().await),
            _ => {
                let rebuild = Rebuild::new("to be undone");
                if outside.rebuild::<P>(rebuild).await.is_ok() {
                    happened.rebuilds += 1;
                    self.rebuilt::<P>().await;
                }
                let outside = &self.outside;
                let undone = outside.undo_rebuild::<P>().await;
                happened.undone += usize::from(undone.is_ok());
                refused(undone.map(drop));
            }
        }
    }

    async fn operate_on_reactor(&mut self, happened: &mut Happened) {
        let outside = &self.outside;
        match self.random.u8(..8) {
            0..2 => {
                let paused = outside.pause_reactor(DELIVERIES, "chaos").await;
                happened.reactor_paused += usize::from(paused.is_ok());
                reactor_refused(paused);
            }
            2..5 => reactor_refused(outside.resume_reactor(DELIVERIES).await),
            what => {
                let parked = outside.parked_reactions(DELIVERIES).await;
                let parked = parked.unwrap_or_default();
                let Some(reaction) = self.random.choice(parked) else {
                    return;
                };
                let event = reaction.event;
                if what < 7 {
                    reactor_refused(outside.retry_reaction(DELIVERIES, event.id).await);
                    return;
                }
                let Some(number) = self.number_of(event.id).await else {
                    return;
                };
                // It may be gone as soon as that is said.
                self.complaints.skip(DELIVERIES, &event.stream, number);
                let skipped = outside.skip_reaction(DELIVERIES, event.id, "chaos").await;
                happened.reactions_skipped += usize::from(skipped.is_ok());
                reactor_refused(skipped);
            }
        }
    }

    /// The number in an event.
    async fn number_of(&self, event: EventId) -> Option<u64> {
        let recorded = self.outside.store().find_event(event).await.ok()??;
        let data: Value = serde_json::from_str(&recorded.data).unwrap();
        data["number"].as_u64()
    }

    /// Waits a while until nothing is being rebuilt: where all stand still, that is never.
    async fn rebuilt<P: Projection>(&self) {
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until
            && let Err(OperationError::Rebuilding { .. }) =
                self.outside.rebuild::<P>(Rebuild::new("once more")).await
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        refused(self.outside.cancel_rebuild::<P>().await);
    }

    /// Waits a while until a view is parked: it takes some attempts.
    async fn wait_for_parked(&self, happened: &mut Happened) {
        let until = Instant::now() + Duration::from_millis(600);
        while Instant::now() < until {
            let workers = self.workers.iter().filter_map(Worker::ironflow);
            let mut statuses = workers.flat_map(Ironflow::projection_statuses);
            if statuses.any(|status| status.parked > 0) {
                happened.parked += 1;
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Has a parked view go on without the event that it is parked for.
    async fn skip(&mut self, happened: &mut Happened) {
        let projection = if self.random.bool() { "paths" } else { "rows" };
        let parked = self.outside.parked_views(projection).await;
        let parked = parked.unwrap_or_default();
        let Some(view) = self.random.choice(parked) else {
            return;
        };
        let Some(event) = view.event else { return };
        let Some(number) = self.number_of(event.id).await else {
            return;
        };
        // It may be gone as soon as that is said.
        self.complaints.skip(projection, &view.key, number);
        let skipped = self
            .outside
            .skip_event(projection, &view.key, event.id, "chaos");
        let skipped = skipped.await;
        happened.skipped += usize::from(skipped.is_ok());
        refused(skipped);
    }

    /// Others have replaced their views twice, or a rebuild was cancelled that was their first.
    fn begin_failed_ones_again(&mut self) {
        while let Some(failed) = self.workers.iter().position(Worker::has_failed) {
            let failed = self.workers.remove(failed);
            self.start(failed.program);
        }
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn flaw(&mut self) -> Option<u64> {
        (self.has_flaws && self.random.u8(..12) == 0).then_some(self.seed)
    }

    fn key(&mut self) -> String {
        (*self.random.choice(KEYS).unwrap()).to_owned()
    }

    async fn write(&mut self) {
        let stream = self.random.u8(..STREAMS);
        let count = self.random.usize(1..5);
        match self.random.u8(..9) {
            0..5 => {
                let mut moves = Vec::new();
                let mut tell = Vec::new();
                for _ in 0..count {
                    let number = self.number();
                    moves.push(match self.random.u8(..6) {
                        0..4 => {
                            let keys = (0..self.random.u8(1..4)).map(|_| self.key());
                            let to: BTreeSet<String> = keys.collect();
                            tell.extend(to.iter().map(|key| (moves.len(), number, key.clone())));
                            TrackEvent::Went {
                                number,
                                to: to.into_iter().collect(),
                                flaw: self.flaw(),
                            }
                        }
                        4 => TrackEvent::Stayed { number },
                        _ => TrackEvent::Lost { number },
                    });
                }
                let track = self.outside.of::<Track>(stream);
                let receipt = track.execute(Move(moves)).await;
                self.tell(receipt.ok(), tell);
            }
            5..8 => {
                let mut posts = Vec::new();
                let mut tell = Vec::new();
                for _ in 0..count {
                    let number = self.number();
                    posts.push(if self.random.u8(..3) > 0 {
                        let to = self.key();
                        tell.push((posts.len(), number, to.clone()));
                        ParcelEvent::Sent {
                            number,
                            to,
                            flaw: self.flaw(),
                        }
                    } else {
                        ParcelEvent::Held { number }
                    });
                }
                let parcel = self.outside.of::<Parcel>(stream);
                let receipt = parcel.execute(Post(posts)).await;
                self.tell(receipt.ok(), tell);
            }
            _ => {
                let number = self.number();
                let noise = self.outside.of::<Noise>(stream);
                let made = noise.execute(Make(vec![NoiseEvent::Made { number }]));
                // Where it is not known what became of it, the log says so.
                drop(made.await);
            }
        }
    }

    /// Tells the workers what was recorded.
    fn tell(&self, receipt: Option<Receipt>, told: Vec<(usize, u64, String)>) {
        let Some(position) = receipt.and_then(|receipt| receipt.position) else {
            return;
        };
        for (_, number, key) in told {
            // Where nobody listens, nobody is told.
            drop(self.news.send(Recorded {
                number,
                key,
                position,
            }));
        }
    }

    async fn end(mut self, happened: &mut Happened) {
        set_broken(self.seed, false);
        for worker in self.workers.iter().chain(&self.stopping) {
            worker.gate.reopen();
        }
        for mut worker in std::mem::take(&mut self.stopping) {
            let stopped = tokio::time::timeout(LONG, worker.stopped()).await;
            stopped.expect("what is told to stop does");
        }
        for name in PROJECTIONS {
            again(async || self.outside.resume(name).await).await;
        }
        let resume = async || self.outside.resume_reactor(DELIVERIES).await;
        while let Err(ReactorError::Store(_)) = resume().await {}
        self.write().await;
        // Those that have been through all of it come to the end, and so does a new one.
        let survivors = std::mem::take(&mut self.workers);
        for worker in &survivors {
            if self.arrives(worker).await {
                self.heard_all(worker).await;
            }
        }
        for mut worker in survivors {
            if self.random.bool() {
                worker.stop();
                worker.stopped().await;
            }
        }
        let mut programs = vec![Program::First];
        if self.has_second {
            programs.push(Program::Second);
        }
        let deadline = Instant::now() + LONG;
        for program in programs {
            self.start_whole(program);
        }
        // What one of them completes may be the end of another one's views.
        let mut are_there = false;
        while !are_there {
            assert!(Instant::now() < deadline, "they end each other's views");
            are_there = true;
            for index in 0..self.workers.len() {
                if !self.arrives(&self.workers[index]).await {
                    are_there = false;
                    let program = self.workers.remove(index).program;
                    self.start_whole(program);
                    break;
                }
            }
            are_there &= !self.workers.iter().any(Worker::has_failed);
        }
        let generations = |worker: &Worker| {
            let statuses = worker.ironflow().unwrap().projection_statuses();
            [0, 1, 2].map(|index: usize| statuses[index].generation)
        };
        let followed: Vec<_> = self.workers.iter().map(generations).collect();
        for mut worker in std::mem::take(&mut self.workers) {
            worker.stop();
            worker.stopped().await;
        }
        let store = self.site.open().await.unwrap();
        let log = Log::read(&*store).await;
        happened.events += log.len();
        for (index, projection) in PROJECTIONS.into_iter().enumerate() {
            let stored = Stored {
                site: &self.site,
                store: &*store,
                projection,
                complaints: &self.complaints,
            };
            let followed: Vec<u32> = followed.iter().map(|all| all[index]).collect();
            happened.generations += stored.is_what_the_log_says(&log, &followed).await;
        }
        let done = self.done.lock().unwrap();
        happened.delivered += done.len();
        log.is_delivered(&done, &self.complaints);
        self.complaints.assert_none();
    }

    /// Waits until a worker is at the end of the log with all that it follows. False where its views
    /// are gone, so that it has to be started again.
    async fn arrives(&self, worker: &Worker) -> bool {
        let deadline = Instant::now() + LONG;
        let mut end = None;
        let mut released = BTreeSet::new();
        loop {
            if worker.has_failed() {
                return false;
            }
            let what = worker.ironflow().map(Ironflow::projection_statuses);
            let reacts = worker.ironflow().map(Ironflow::reactor_statuses);
            assert!(
                Instant::now() < deadline,
                "stays at {what:?}, {reacts:?}, not {end:?}"
            );
            // Nobody tells of each status.
            tokio::time::sleep(Duration::from_millis(2)).await;
            let (Some(ironflow), Some(statuses)) = (worker.ironflow(), what) else {
                continue;
            };
            if end.is_none() {
                end = end_of_log(&self.outside).await.ok();
            }
            let mut is_there = true;
            for status in statuses {
                let parked = ironflow.parked_views(status.name).await;
                // A status may be older than what is listed.
                is_there &= parked.as_ref().is_ok_and(Vec::is_empty);
                for parked in parked.unwrap_or_default() {
                    if !parked.is_retried {
                        refused(ironflow.retry_view(status.name, &parked.key).await);
                    }
                }
                // Once: each release is a change of what the rebuild is about to change itself.
                if let Some(rebuild) = &status.rebuild
                    && released.insert((status.name, rebuild.generation))
                {
                    release(ironflow, worker.program, status.name).await;
                }
                is_there &= status.state == ProjectionState::Active
                    && status.rebuild.is_none()
                    && status.parked == 0
                    && end.is_some_and(|end| status.position >= end);
            }
            for status in ironflow.reactor_statuses() {
                let parked = ironflow.parked_reactions(DELIVERIES).await;
                is_there &= parked.as_ref().is_ok_and(Vec::is_empty);
                for parked in parked.unwrap_or_default() {
                    if !parked.is_retried {
                        let retried = ironflow.retry_reaction(DELIVERIES, parked.event.id);
                        reactor_refused(retried.await);
                    }
                }
                is_there &= matches!(
                    status.state,
                    ReactorState::Active | ReactorState::StandingBy
                ) && status.parked == 0
                    && end.is_some_and(|end| status.position >= end);
            }
            if is_there {
                return true;
            }
        }
    }

    /// Who has subscribed was told of the last change of each view.
    async fn heard_all(&self, worker: &Worker) {
        let deadline = Instant::now() + LONG;
        let ironflow = worker.ironflow().unwrap();
        loop {
            let generation = ironflow.projection_statuses()[0].generation;
            let views = ironflow.partitions("paths", None, 100).await;
            let lacking: Vec<String> = {
                let told = worker.told.lock().unwrap();
                let views = views.iter().flatten();
                let lacking = views.filter(|view| {
                    view.last_event_position > told.from
                        && told.last.get(&view.key) != Some(&view.last_event_position)
                });
                let lacking = lacking.map(|view| format!("{view:?}, {told:?}"));
                lacking.collect()
            };
            let is_told_of_these = worker.told.lock().unwrap().generation == generation;
            if views.is_ok() && is_told_of_these && lacking.is_empty() {
                return;
            }
            if worker.has_failed() {
                return;
            }
            assert!(Instant::now() < deadline, "not told: {lacking:#?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Lets views serve that are held.
async fn release(ironflow: &Ironflow, program: Program, name: &str) {
    refused(match (program, name) {
        (Program::First, "paths") => ironflow.release::<first::Paths>().await,
        (Program::First, "rows") => ironflow.release::<first::Rows>().await,
        (Program::First, _) => ironflow.release::<first::Whole>().await,
        (Program::Second, "paths") => ironflow.release::<second::Paths>().await,
        (Program::Second, "rows") => ironflow.release::<second::Rows>().await,
        (Program::Second, _) => ironflow.release::<second::Whole>().await,
    });
}

/// An operation may be refused at any time, but for no other reason than those.
fn refused(outcome: Result<(), OperationError>) {
    match outcome {
        Ok(())
        | Err(
            OperationError::Unknown { .. }
            | OperationError::OtherShape { .. }
            | OperationError::Rebuilding { .. }
            | OperationError::NotRebuilding { .. }
            | OperationError::NothingBefore { .. }
            | OperationError::NotParked { .. }
            | OperationError::Store(_),
        ) => {}
        Err(error) => panic!("{error}"),
    }
}

/// And so may one on a reactor.
fn reactor_refused(outcome: Result<(), ReactorError>) {
    match outcome {
        Ok(())
        | Err(
            ReactorError::Unknown { .. } | ReactorError::NotParked { .. } | ReactorError::Store(_),
        ) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Does it until the store does not fail.
async fn again(operation: impl AsyncFn() -> Result<(), OperationError>) {
    while let Err(OperationError::Store(_)) = operation().await {}
}
