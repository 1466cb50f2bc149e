//! Requests that are made together.
//!
//! As many groups of requests may be on their way as there are lanes. What comes while all are taken
//! waits, and goes with the next one that is free: nobody waits for more to come, and the more there
//! is to do, the larger the groups.
//!
//! While one group is on its way, another is only begun where groups take long: where a disk or a
//! network is what they wait for. Where it is a processor, two small groups are more work than one
//! large one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

/// What a group has to take for others to be begun beside it.
const LONG: Duration = Duration::from_millis(1);

/// What requests are made together, and how.
pub(crate) trait Together: Send + Sync + 'static {
    /// One request.
    type One: Send + Sync + 'static;
    /// What comes of it.
    type Answer: Send + 'static;
    /// What is known of the requests that are to go together.
    type Group: Default + Send;
    /// What is held by all groups on their way.
    type Held: Default + Send;

    /// Whether `one` goes with the others of `group`.
    fn goes_with(&self, group: &mut Self::Group, one: &Self::One, held: &Self::Held) -> bool;

    /// A group begins.
    fn hold(&self, _group: &Self::Group, _held: &mut Self::Held) {}

    /// A group has come to its end.
    fn release(&self, _group: &Self::Group, _held: &mut Self::Held) {}

    /// Makes the requests of a group on a lane, and answers them in their order.
    fn make(
        &self,
        lane: usize,
        all: &[Self::One],
    ) -> impl Future<Output = Vec<Self::Answer>> + Send;
}

/// Where requests wait for each other. Clones are the same.
pub(crate) struct Lanes<T: Together>(Arc<Shared<T>>);

struct Shared<T: Together> {
    work: T,
    /// Where groups are made: whoever waits for one may go away in the middle of it.
    runtime: Handle,
    lanes: usize,
    line: Mutex<Line<T>>,
    /// Told when nothing waits and nothing is on its way.
    idle: Notify,
}

struct Line<T: Together> {
    waiting: VecDeque<Waiting<T>>,
    /// The lanes that nothing is on its way on; the last one is taken first.
    free: Vec<usize>,
    /// When what is on its way on each lane was begun.
    begun: Vec<Option<Instant>>,
    /// Whether someone will look soon what can be begun.
    looks_again: bool,
    /// How long groups have taken lately.
    usual: Duration,
    held: T::Held,
}

struct Waiting<T: Together> {
    one: T::One,
    reply: oneshot::Sender<T::Answer>,
}

impl<T: Together> Lanes<T> {
    pub(crate) fn new(work: T, lanes: usize, runtime: Handle) -> Self {
        let line = Line {
            waiting: VecDeque::new(),
            free: (0..lanes).rev().collect(),
            begun: vec![None; lanes],
            looks_again: false,
            usual: Duration::ZERO,
            held: T::Held::default(),
        };
        Self(Arc::new(Shared {
            work,
            runtime,
            lanes,
            line: Mutex::new(line),
            idle: Notify::new(),
        }))
    }

    /// Makes a request. There is no answer where the runtime that the groups are made on stops in
    /// the middle.
    pub(crate) async fn make(&self, one: T::One) -> Option<T::Answer> {
        let (reply, answer) = oneshot::channel();
        self.0.line().waiting.push_back(Waiting { one, reply });
        self.0.begin_groups();
        answer.await.ok()
    }

    /// Waits until nothing waits, and nothing is on its way.
    pub(crate) async fn idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.0.is_idle() {
                return;
            }
            idle.await;
        }
    }
}

impl<T: Together> Shared<T> {
    fn line(&self) -> MutexGuard<'_, Line<T>> {
        // Nothing panics while it is held.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        let line = self.line();
        line.waiting.is_empty() && line.free.len() == self.lanes
    }

    /// Begins as many groups as there are lanes and something for them.
    fn begin_groups(self: &Arc<Self>) {
        while let Some(group) = Group::begin(self) {
            self.runtime.spawn(group.make());
        }
        self.look_again_soon();
    }

    /// What waits although a lane is free must not wait for long: what it waits for may be stuck.
    fn look_again_soon(self: &Arc<Self>) {
        let mut line = self.line();
        if line.waiting.is_empty() || line.free.is_empty() || line.looks_again {
            return;
        }
        line.looks_again = true;
        drop(line);
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(LONG).await;
            shared.line().looks_again = false;
            shared.begin_groups();
        });
    }
}

/// Requests on their way together.
struct Group<T: Together> {
    shared: Arc<Shared<T>>,
    lane: usize,
    known: T::Group,
    all: Vec<T::One>,
    replies: Vec<oneshot::Sender<T::Answer>>,
}

impl<T: Together> Group<T> {
    /// Takes a lane, and what is to go there.
    fn begin(shared: &Arc<Shared<T>>) -> Option<Self> {
        let mut line = shared.line();
        let free = *line.free.last()?;
        let is_short = |begun: &Instant| begun.elapsed() < LONG;
        if line.usual < LONG && line.begun.iter().flatten().any(is_short) {
            return None;
        }
        let Line { waiting, held, .. } = &mut *line;
        let mut group = T::Group::default();
        let (mut all, mut replies) = (Vec::new(), Vec::new());
        for _ in 0..waiting.len() {
            let Some(next) = waiting.pop_front() else {
                break;
            };
            // What nobody waits for any more is not begun.
            if next.reply.is_closed() {
                continue;
            }
            if shared.work.goes_with(&mut group, &next.one, held) {
                all.push(next.one);
                replies.push(next.reply);
            } else {
                // All are looked at, so they end up in the order in which they came.
                waiting.push_back(next);
            }
        }
        if all.is_empty() {
            return None;
        }
        shared.work.hold(&group, held);
        line.free.pop();
        line.begun[free] = Some(Instant::now());
        Some(Self {
            shared: Arc::clone(shared),
            lane: free,
            known: group,
            all,
            replies,
        })
    }

    async fn make(mut self) {
        let answers = self.shared.work.make(self.lane, &self.all).await;
        for (reply, answer) in self.replies.drain(..).zip(answers) {
            // Whoever asked may have gone; what was done stays.
            drop(reply.send(answer));
        }
    }
}

impl<T: Together> Drop for Group<T> {
    /// Also where the runtime stops in the middle: those who wait get to know, since nobody holds
    /// the other end any more.
    fn drop(&mut self) {
        let mut line = self.shared.line();
        line.free.push(self.lane);
        if let Some(begun) = line.begun[self.lane].take() {
            line.usual = (line.usual * 7 + begun.elapsed()) / 8;
        }
        let Line { held, .. } = &mut *line;
        self.shared.work.release(&self.known, held);
        drop(line);
        self.shared.begin_groups();
        if self.shared.is_idle() {
            self.shared.idle.notify_waiters();
        }
    }
}
