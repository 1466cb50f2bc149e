//! Appends in every way there is.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use ironflow_domain::store::{
    AppendError, Appended, ReadLog, StoreError, StoreErrorKind, StreamStore,
};
use ironflow_domain::{Position, StreamVersion};
use ironflow_postgres::Postgres;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::journal::{Files, Journal};
use super::process::{GOING, tell};
use super::unit::{Expected, Part, UnitId, appends, count};
use crate::given::{stream, whole};

/// The streams that all append to.
const SHARED: u8 = 6;
/// The categories that conditions are about.
const SEATS: u8 = 3;

/// What a line begins with about a unit that was acknowledged, and about one that was refused.
pub(super) const MADE: &str = "made";
pub(super) const REFUSED: &str = "refused";

/// Lets each kind of writer append until they are to stop, and finish what they have begun.
pub(super) fn write(
    store: &Postgres,
    files: &Files,
    (process, life): (u8, u16),
    random: &mut Rng,
    stop: &watch::Receiver<bool>,
    writing: &mut JoinSet<()>,
) {
    let (journal, _) = Journal::open(&files.units(), "");
    let journal = Arc::new(journal);
    let kinds = [
        Kind::Own,
        Kind::Own,
        Kind::SharedExact,
        Kind::SharedExact,
        Kind::SharedAny,
        Kind::SharedAny,
        Kind::New,
        Kind::Several,
        Kind::Several,
        Kind::Seat,
        Kind::Seat,
    ];
    for (task, kind) in (0..).zip(kinds) {
        let writer = Writer {
            store: store.clone(),
            journal: Arc::clone(&journal),
            process,
            life,
            task,
            units: 0,
            random: random.fork(),
            own: StreamVersion::EMPTY,
            read: Position::START,
        };
        writing.spawn(writer.write_on(kind, stop.clone()));
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// To a stream that nobody else appends to, at its version.
    Own,
    /// To a stream that others append to, at its version.
    SharedExact,
    SharedAny,
    /// To a stream that is not there yet.
    New,
    /// To several streams.
    Several,
    /// If nobody else has had the idea.
    Seat,
}

/// What became of a unit.
#[derive(Debug)]
enum Fate {
    Made(Vec<Appended>),
    /// It is there: what it was answered the first time has got lost.
    MadeBefore,
    Refused,
}

struct Writer {
    store: Postgres,
    journal: Arc<Journal>,
    process: u8,
    life: u16,
    task: u8,
    units: u32,
    random: Rng,
    /// The version of its own stream.
    own: StreamVersion,
    /// How far it has read what its condition is about.
    read: Position,
}

impl Writer {
    async fn write_on(mut self, kind: Kind, stop: watch::Receiver<bool>) {
        // The first one is made whatever happens.
        while self.units == 0 || !*stop.borrow() {
            self.units += 1;
            match kind {
                Kind::Own => self.own().await,
                Kind::SharedExact => self.shared_exact().await,
                Kind::SharedAny => self.shared_any().await,
                Kind::New => self.new_stream().await,
                Kind::Several => self.several().await,
                Kind::Seat => self.seat().await,
            }
            if (self.task, self.units) == (0, 1) {
                tell(GOING);
            }
            pause(&mut self.random).await;
        }
    }

    async fn own(&mut self) {
        let (name, events) = (self.own_name(), self.events());
        let mut was_in_doubt = false;
        loop {
            let expected = match self.own {
                StreamVersion::EMPTY => Expected::New,
                version => Expected::At(version),
            };
            let parts = [Part::new(&name, expected, events)];
            match self.attempt(&parts, &mut was_in_doubt).await {
                Fate::Made(appended) => {
                    let made = self.own.plus(u64::from(events));
                    assert_eq!(appended[0].version, made, "{name}");
                    self.own = made;
                    return;
                }
                Fate::MadeBefore => {
                    self.own = self.own.plus(u64::from(events));
                    return;
                }
                // What was in doubt came to be only when it was tried again.
                Fate::Refused if was_in_doubt => {}
                Fate::Refused => panic!("{name} should be at version {}", self.own),
            }
        }
    }

    async fn shared_exact(&mut self) {
        let (name, events) = (self.shared_name(), self.events());
        let mut was_in_doubt = false;
        loop {
            let parts = [Part::new(&name, self.there(&name).await, events)];
            let fate = self.attempt(&parts, &mut was_in_doubt).await;
            if !matches!(fate, Fate::Refused) {
                return;
            }
        }
    }

    async fn shared_any(&mut self) {
        // Often among those whose conditions say that nobody does.
        let name = match self.random.u8(..2) {
            0 => format!("{}-any", self.seat_category()),
            _ => self.shared_name(),
        };
        let parts = [Part::new(name, Expected::Any, self.events())];
        self.insist(&parts).await;
    }

    async fn new_stream(&mut self) {
        let events = self.events();
        if self.random.bool() {
            let (process, life, unit) = (self.process, self.life, self.units);
            let name = format!("new-{process}_{life}_{unit}");
            self.insist(&[Part::new(name, Expected::New, events)]).await;
            return;
        }
        // Others have the same idea at the same time.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let name = format!("first-{}", now.as_millis() / 250);
        let parts = [Part::new(name, Expected::New, events)];
        let mut was_in_doubt = false;
        let fate = self.attempt(&parts, &mut was_in_doubt).await;
        if matches!(fate, Fate::Refused) && !was_in_doubt {
            self.note_refused();
        }
    }

    async fn several(&mut self) {
        let own = self.own_name();
        let (one, other) = (self.shared_name(), self.shared_name());
        let counts: Vec<u32> = (0..4).map(|_| self.events()).collect();
        let (is_exact, guards) = (self.random.bool(), self.random.bool());
        let mut was_in_doubt = false;
        loop {
            let mut parts = vec![Part::new(&own, Expected::Any, counts[0])];
            let expected = if is_exact {
                self.there(&one).await
            } else {
                Expected::Any
            };
            parts.push(Part::new(&one, expected, counts[1]));
            if other != one {
                parts.push(Part::new(&other, Expected::Any, counts[2]));
            }
            let (process, life, unit) = (self.process, self.life, self.units);
            let name = format!("new-{process}_{life}_{unit}_{}", self.task);
            parts.push(Part::new(&name, Expected::New, counts[3]));
            if guards {
                parts.push(Part::new(&name, Expected::Exists, 0));
            }
            let fate = self.attempt(&parts, &mut was_in_doubt).await;
            if !matches!(fate, Fate::Refused) {
                return;
            }
            assert!(is_exact || was_in_doubt, "{parts:?} cannot conflict");
        }
    }

    async fn seat(&mut self) {
        let category = self.seat_category();
        let name = format!("{category}-{}", self.process);
        let events = self.events();
        let mut was_in_doubt = false;
        loop {
            let read = self.read_category(&category).await;
            let after = patient(read, "read a category");
            let Some(after) = after else { continue };
            let category = category.clone();
            let expected = Expected::NothingSince { category, after };
            let parts = [Part::new(&name, expected, events)];
            let fate = self.attempt(&parts, &mut was_in_doubt).await;
            if !matches!(fate, Fate::Refused) {
                return;
            }
        }
    }

    /// Reads all of a category, and says how far that is.
    async fn read_category(&mut self, category: &str) -> Result<Position, StoreError> {
        loop {
            let read = ReadLog::after(self.read).categories([category]);
            let page = self.store.read_log(read).await?;
            self.read = page.read_to;
            if page.at_end {
                return Ok(page.read_to);
            }
        }
    }

    /// That a stream is where it is now.
    async fn there(&self, name: &str) -> Expected {
        loop {
            let info = self.store.stream_info(&stream(name)).await;
            match patient(info, "look up a stream") {
                Some(Some(info)) => return Expected::At(info.version),
                Some(None) => return Expected::New,
                None => {}
            }
        }
    }

    /// Appends what cannot conflict.
    async fn insist(&self, parts: &[Part]) {
        let mut was_in_doubt = false;
        while let Fate::Refused = self.attempt(parts, &mut was_in_doubt).await {
            assert!(was_in_doubt, "{parts:?} cannot conflict");
        }
    }

    /// Appends until it is known what became of it. The same events go out again where that is in
    /// doubt, so that they are there once.
    async fn attempt(&self, parts: &[Part], was_in_doubt: &mut bool) -> Fate {
        let unit = self.unit();
        loop {
            match self.store.append_all(appends(unit, parts)).await {
                Ok(appended) => {
                    // A guard is said to be at the end as well.
                    let last = appended.last().unwrap().position;
                    let count = count(parts);
                    self.journal.add(&format!("{MADE} {unit} {count} {last}\n"));
                    return Fate::Made(appended);
                }
                Err(AppendError::DuplicateEvent(_)) if *was_in_doubt => {
                    let count = count(parts);
                    self.journal.add(&format!("{MADE} {unit} {count} -\n"));
                    return Fate::MadeBefore;
                }
                Err(AppendError::Conflict(_)) => return Fate::Refused,
                Err(AppendError::Store(error)) => match error.kind() {
                    // The store has waited before it gave up.
                    StoreErrorKind::Unavailable => {}
                    StoreErrorKind::InDoubt => *was_in_doubt = true,
                    _ => panic!("unit {unit}: {}", whole(&error)),
                },
                Err(error) => panic!("unit {unit}: {}", whole(&error)),
            }
        }
    }

    fn note_refused(&self) {
        self.journal.add(&format!("{REFUSED} {}\n", self.unit()));
    }

    fn unit(&self) -> UnitId {
        UnitId::new(self.process, self.life, self.task, self.units)
    }

    /// In each life another: what the last one has sent may arrive only now.
    fn own_name(&self) -> String {
        format!("own-{}_{}_{}", self.process, self.life, self.task)
    }

    fn shared_name(&mut self) -> String {
        format!("shared-{}", self.random.u8(..SHARED))
    }

    fn seat_category(&mut self) -> String {
        format!("seat{}", self.random.u8(..SEATS))
    }

    fn events(&mut self) -> u32 {
        if self.random.u8(..6) == 0 { 10 } else { 1 }
    }
}

/// What was read; nothing where the server was not there.
fn patient<T>(read: Result<T, StoreError>, what: &str) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) if error.kind() == StoreErrorKind::Unavailable => None,
        Err(error) => panic!("{what}: {}", whole(&error)),
    }
}

/// Many appends at once, and then none for a while: readers are at the end now and then.
pub(super) async fn pause(random: &mut Rng) {
    if random.u8(..4) == 0 {
        tokio::time::sleep(Duration::from_millis(random.u64(..400))).await;
    }
}
