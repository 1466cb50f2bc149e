//! Requests that are made together.
//!
//! As many groups of requests may be on their way as there are lanes. What comes while all are taken
//! waits, and goes with the next one that is free: nobody waits for more to come, and the more there
//! is to do, the larger the groups. Where there are several to go, all tasks that can run have their
//! turn before: those who were answered together ask together again, and would otherwise meet a group
//! that one of them has just begun.
//!
//! While one group is on its way, another is only begun where groups take long: where a disk or a
//! network is what they wait for. Where it is a processor, two small groups are more work than one
//! large one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;

/// What a group has to take for others to be begun beside it. A disk flushes one commit after the
/// other, so that two halves on their way take longer than the whole.
const LONG: Duration = Duration::from_millis(5);

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
    /// How many went together last.
    last: usize,
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
            last: 0,
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
        let mut is_any_begun = false;
        while let Some(lane) = Lane::reserve(self) {
            is_any_begun = true;
            let shared = Arc::clone(self);
            self.runtime.spawn(async move {
                if lane.has_company {
                    yield_now().await;
                }
                let group = Group::gather(lane);
                shared.look_again_soon();
                if let Some(group) = group {
                    group.make().await;
                }
            });
        }
        if !is_any_begun {
            self.look_again_soon();
        }
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

/// A lane that is taken.
struct Lane<T: Together> {
    shared: Arc<Shared<T>>,
    number: usize,
    /// Whether more than one is likely to go there.
    has_company: bool,
    stage: Stage,
}

/// What has become of a lane that was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A group is about to go there.
    Reserved,
    /// A group is on its way there.
    Used,
    /// There was nothing that could go there.
    GivenBack,
}

impl<T: Together> Lane<T> {
    /// Takes a lane, if there is something for it.
    fn reserve(shared: &Arc<Shared<T>>) -> Option<Self> {
        let mut line = shared.line();
        let number = *line.free.last()?;
        let is_short = |begun: &Instant| begun.elapsed() < LONG;
        if line.waiting.is_empty() || line.usual < LONG && line.begun.iter().flatten().any(is_short)
        {
            return None;
        }
        line.free.pop();
        line.begun[number] = Some(Instant::now());
        Some(Self {
            shared: Arc::clone(shared),
            number,
            has_company: line.last > 1 || line.waiting.len() > 1,
            stage: Stage::Reserved,
        })
    }
}

impl<T: Together> Drop for Lane<T> {
    fn drop(&mut self) {
        if self.stage != Stage::GivenBack {
            let mut line = self.shared.line();
            let begun = line.give_back(self.number);
            if self.stage == Stage::Used {
                if let Some(begun) = begun {
                    line.usual = (line.usual * 7 + begun.elapsed()) / 8;
                }
                drop(line);
                self.shared.begin_groups();
            } else {
                // The runtime has stopped. Those who wait get to know, since nobody holds the other
                // end any more.
                let waiting = std::mem::take(&mut line.waiting);
                drop(line);
                drop(waiting);
            }
        }
        if self.shared.is_idle() {
            self.shared.idle.notify_waiters();
        }
    }
}

impl<T: Together> Line<T> {
    /// The lane is free again; says when what was there was begun.
    fn give_back(&mut self, lane: usize) -> Option<Instant> {
        self.free.push(lane);
        self.begun[lane].take()
    }
}

/// Requests on their way together.
struct Group<T: Together> {
    known: T::Group,
    all: Vec<T::One>,
    replies: Vec<oneshot::Sender<T::Answer>>,
    lane: Lane<T>,
}

impl<T: Together> Group<T> {
    /// Takes what is to go on a lane.
    fn gather(mut on: Lane<T>) -> Option<Self> {
        let shared = Arc::clone(&on.shared);
        let mut line = shared.line();
        let Line { waiting, held, .. } = &mut *line;
        let mut known = T::Group::default();
        let (mut all, mut replies) = (Vec::new(), Vec::new());
        for _ in 0..waiting.len() {
            let Some(next) = waiting.pop_front() else {
                break;
            };
            // What nobody waits for any more is not begun.
            if next.reply.is_closed() {
                continue;
            }
            if shared.work.goes_with(&mut known, &next.one, held) {
                all.push(next.one);
                replies.push(next.reply);
            } else {
                // All are looked at, so they end up in the order in which they came.
                waiting.push_back(next);
            }
        }
        if all.is_empty() {
            // At once: whoever comes from now on finds it free.
            line.give_back(on.number);
            on.stage = Stage::GivenBack;
            return None;
        }
        shared.work.hold(&known, held);
        line.begun[on.number] = Some(Instant::now());
        line.last = all.len();
        drop(line);
        on.stage = Stage::Used;
        Some(Self {
            known,
            all,
            replies,
            lane: on,
        })
    }

    async fn make(mut self) {
        let shared = Arc::clone(&self.lane.shared);
        let answers = shared.work.make(self.lane.number, &self.all).await;
        for (reply, answer) in self.replies.drain(..).zip(answers) {
            // Whoever asked may have gone; what was done stays.
            drop(reply.send(answer));
        }
    }
}

impl<T: Together> Drop for Group<T> {
    /// Before the lane is free again.
    fn drop(&mut self) {
        let shared = &self.lane.shared;
        shared.work.release(&self.known, &mut shared.line().held);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use tokio::runtime::Builder;

    use super::*;

    /// Answers with what it was asked, and remembers how large the groups were.
    #[derive(Default)]
    struct Echo {
        groups: Arc<Mutex<Vec<usize>>>,
    }

    impl Together for Echo {
        type One = u32;
        type Answer = u32;
        type Group = ();
        type Held = ();

        fn goes_with(&self, (): &mut (), _: &u32, (): &()) -> bool {
            true
        }

        async fn make(&self, _: usize, all: &[u32]) -> Vec<u32> {
            self.groups.lock().unwrap().push(all.len());
            yield_now().await;
            all.to_vec()
        }
    }

    #[tokio::test]
    async fn those_who_are_answered_together_ask_together() {
        let echo = Echo::default();
        let groups = Arc::clone(&echo.groups);
        let lanes = Arc::new(Lanes::new(echo, 1, Handle::current()));
        let clients = (0..8).map(|client| {
            let lanes = Arc::clone(&lanes);
            tokio::spawn(async move {
                for round in 0..3 {
                    let one = client * 10 + round;
                    assert_eq!(lanes.make(one).await, Some(one));
                }
            })
        });
        for client in join_all(clients).await {
            client.unwrap();
        }
        assert_eq!(*groups.lock().unwrap(), [8, 8, 8]);
    }

    #[tokio::test]
    async fn a_lane_that_nothing_went_on_is_free_again() {
        let lanes = Lanes::new(Echo::default(), 1, Handle::current());
        assert_eq!(lanes.make(1).now_or_never(), None, "nobody waits for it");
        lanes.idle().await;
        assert_eq!(lanes.make(2).await, Some(2));
    }

    #[test]
    fn who_waits_when_the_runtime_stops_gets_to_know() {
        let stopping = Builder::new_current_thread().build().unwrap();
        let lanes = Lanes::new(Echo::default(), 1, stopping.handle().clone());
        let mut one = Box::pin(lanes.make(1));
        assert_eq!((&mut one).now_or_never(), None, "it has to wait");
        drop(stopping);
        assert_eq!(one.now_or_never(), Some(None));
        assert_eq!(lanes.make(2).now_or_never(), Some(None));
    }
}
