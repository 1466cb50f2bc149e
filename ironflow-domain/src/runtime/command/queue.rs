//! The commands of this process on one stream wait for each other.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{self, Handle, RuntimeFlavor};
use tokio::task::yield_now;

use super::deciding::{Deciding, Line};
use super::pending::Pending;
use crate::runtime::load::Opened;
use crate::store::Store;
use crate::{Aggregate, StreamId};

/// A queue for each stream that commands are executed on, and the states of those that were
/// executed on last.
///
/// A state here is a hint: whether it is the newest is found out by the store, when something is
/// appended to it, or by reading what came after it.
pub(crate) struct Queues {
    store: Arc<dyn Store>,
    /// How many streams' states are kept while nobody wants them.
    capacity: usize,
    streams: Mutex<Streams>,
}

#[derive(Default)]
struct Streams {
    queues: HashMap<(TypeId, StreamId), Known>,
    /// Grows with every use.
    clock: u64,
    /// When some may be forgotten again: to find out which takes long where there are many.
    forget_from: u64,
}

struct Known {
    /// A [`Queue`] of the aggregate.
    queue: Arc<dyn Any + Send + Sync>,
    last_used: u64,
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").finish_non_exhaustive()
    }
}

/// The commands on one stream.
struct Queue<A: Aggregate>(Mutex<Turn<A>>);

struct Turn<A: Aggregate> {
    line: Line<A>,
    /// Where someone decides them; nobody does where it is none.
    running: Option<Place>,
    /// The state, while nobody does.
    opened: Option<Opened<A>>,
}

/// A runtime that commands are decided on.
struct Place {
    runtime: runtime::Id,
    /// Whether it goes on while nobody waits for something in it.
    is_awake: bool,
}

impl Place {
    fn of(runtime: &Handle) -> Self {
        Self {
            runtime: runtime.id(),
            is_awake: runtime.runtime_flavor() == RuntimeFlavor::MultiThread,
        }
    }
}

impl Queues {
    pub(crate) fn new(store: Arc<dyn Store>, capacity: usize) -> Self {
        Self {
            store,
            capacity,
            streams: Mutex::default(),
        }
    }

    /// Puts a command at the end of its stream's line. Who finds nobody deciding begins to.
    ///
    /// The command comes back where it might wait there for ever: a runtime on one thread rests when
    /// nobody waits for something in it, and whoever waits in another one would wait for that.
    pub(super) fn put<A: Aggregate>(
        self: &Arc<Self>,
        runtime: &Handle,
        stream: &StreamId,
        command: Box<dyn Pending<A>>,
    ) -> Result<(), Box<dyn Pending<A>>> {
        let queue = self.queue::<A>(stream);
        let mut turn = queue.lock();
        if let Some(place) = &turn.running {
            if !place.is_awake && place.runtime != runtime.id() {
                return Err(command);
            }
            turn.line.push_back(command);
            return Ok(());
        }
        turn.line.push_back(command);
        turn.running = Some(Place::of(runtime));
        let running = Running {
            opened: turn.opened.take(),
            queues: Arc::clone(self),
            stream: stream.clone(),
            queue: Arc::clone(&queue),
            is_done: false,
        };
        drop(turn);
        runtime.spawn(running.run());
        Ok(())
    }

    /// Decides one command without waiting for any other.
    pub(super) async fn decide_alone<A: Aggregate>(
        &self,
        stream: &StreamId,
        command: Box<dyn Pending<A>>,
    ) {
        let deciding = Deciding {
            store: &self.store,
            stream,
            opened: &mut None,
        };
        deciding.decide_all(Line::from([command])).await;
    }

    fn queue<A: Aggregate>(&self, stream: &StreamId) -> Arc<Queue<A>> {
        let key = (TypeId::of::<A>(), stream.clone());
        let mut streams = self.lock();
        streams.clock += 1;
        let now = streams.clock;
        let known = streams.queues.entry(key).or_insert_with(|| Known {
            queue: Arc::new(Queue::<A>(Mutex::new(Turn {
                line: Line::new(),
                running: None,
                opened: None,
            }))),
            last_used: now,
        });
        known.last_used = now;
        let queue = Arc::clone(&known.queue);
        let forgotten = streams.forget_some(self.capacity);
        drop(streams);
        // The code of whoever made the states runs without the lock.
        drop(forgotten);
        match queue.downcast() {
            Ok(queue) => queue,
            Err(_) => unreachable!("it is known under the type of its aggregate"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // A panic elsewhere leaves nothing half-done in it.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    /// Forgets what was not used for long. A half at once, so that it is done rarely; what is in use
    /// has another owner, and stays.
    fn forget_some(&mut self, capacity: usize) -> Vec<Known> {
        if self.queues.len() <= capacity || self.clock < self.forget_from {
            return Vec::new();
        }
        let mut uses: Vec<_> = self.queues.values().map(|known| known.last_used).collect();
        uses.sort_unstable_by(|one, other| other.cmp(one));
        let limit = uses.get(capacity / 2).copied().unwrap_or(0);
        let is_forgotten =
            |known: &Known| known.last_used <= limit && Arc::strong_count(&known.queue) == 1;
        let forgotten = self.queues.extract_if(|_, known| is_forgotten(known));
        let forgotten = forgotten.map(|(_, known)| known).collect();
        self.forget_from = self.clock + self.queues.len() as u64 / 2;
        forgotten
    }
}

impl<A: Aggregate> Queue<A> {
    fn lock(&self) -> MutexGuard<'_, Turn<A>> {
        // A panic elsewhere leaves nothing half-done in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who decides the commands of a stream, as long as there are any.
struct Running<A: Aggregate> {
    queues: Arc<Queues>,
    stream: StreamId,
    queue: Arc<Queue<A>>,
    opened: Option<Opened<A>>,
    is_done: bool,
}

impl<A: Aggregate> Running<A> {
    async fn run(mut self) {
        while let Some(line) = self.next_line() {
            let deciding = Deciding {
                store: &self.queues.store,
                stream: &self.stream,
                opened: &mut self.opened,
            };
            deciding.decide_all(line).await;
            if self.is_waited_for() {
                // Others than those on this stream have to have their turn, too.
                yield_now().await;
            }
        }
    }

    fn is_waited_for(&self) -> bool {
        !self.queue.lock().line.is_empty()
    }

    /// All that wait by now; nobody decides any more when there are none.
    fn next_line(&mut self) -> Option<Line<A>> {
        let mut turn = self.queue.lock();
        if turn.line.is_empty() {
            self.is_done = true;
            turn.running = None;
            if self.queues.capacity > 0 {
                turn.opened = self.opened.take();
            }
            return None;
        }
        Some(std::mem::take(&mut turn.line))
    }
}

impl<A: Aggregate> Drop for Running<A> {
    /// Where the runtime stops in the middle, those who wait get to know: nobody holds the other end
    /// of what they wait for any more.
    fn drop(&mut self) {
        if !self.is_done {
            let mut turn = self.queue.lock();
            turn.running = None;
            let line = std::mem::take(&mut turn.line);
            drop(turn);
            // The code of whoever made the commands runs without the lock.
            drop(line);
        }
    }
}
