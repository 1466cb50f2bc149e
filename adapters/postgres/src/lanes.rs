//! Requests that are made together.
//!
//! As many groups of requests may be on their way as there are lanes. What comes while all are taken
//! waits, and goes with the next one that is free: the more there is to do, the larger the groups.
//! Where there are several to go, all tasks that can run have their turn before: those who were
//! answered together ask together again, and would otherwise meet a group that one of them has just
//! begun. Who is about to be answered elsewhere, and will come from there, may be waited for, too.
//! Nobody waits for a clock, and a single request for nobody.
//!
//! While one group is on its way, another is only begun where groups take long: where a disk or a
//! network is what they wait for. Where it is a processor, two small groups are more work than one
//! large one.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

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

    /// Waits until those have come who are about to.
    fn others_come(&self, _company: Company) -> impl Future<Output = ()> + Send {
        ready(())
    }

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

/// Those who are there to go together.
#[derive(Clone, Copy)]
pub(crate) struct Company {
    pub(crate) count: usize,
    /// How long groups have taken lately.
    pub(crate) usual: Duration,
}

/// Where requests wait for each other. Clones are the same.
pub(crate) struct Lanes<T: Together>(Arc<Shared<T>>);

struct Shared<T: Together> {
    work: T,
    /// Where groups are made: whoever waits for one may go away in the middle of it.
    runtime: Handle,
    line: Mutex<Line<T>>,
    /// Told when a group has come to its end.
    ended: Notify,
}

struct Line<T: Together> {
    waiting: VecDeque<Waiting<T>>,
    /// The lanes that nothing is on its way on; the last one is taken first.
    free: Vec<usize>,
    /// When what is on its way on each lane was begun.
    begun: Vec<Option<Instant>>,
    /// How many have come to their end on each lane.
    ended: Vec<u64>,
    /// Whether someone will look soon what can be begun.
    looks_again: bool,
    /// How long groups have taken lately.
    usual: Duration,
    /// How many there were when a group came to its end last: those in it, and those who waited.
    company: usize,
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
            ended: vec![0; lanes],
            looks_again: false,
            usual: Duration::ZERO,
            company: 0,
            held: T::Held::default(),
        };
        Self(Arc::new(Shared {
            work,
            runtime,
            line: Mutex::new(line),
            ended: Notify::new(),
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
        self.0.until(Line::is_idle).await;
    }

    /// Waits for what is on its way now, where that usually takes no longer than `short`, and until
    /// those who asked for it have had their turn; never much longer than `short`.
    pub(crate) async fn those_on_their_way(&self, short: Duration) {
        let before = {
            let line = self.0.line();
            if line.usual > short || line.begun.iter().all(Option::is_none) {
                return;
            }
            line.underway()
        };
        let have_ended = self.0.until(|line| {
            let mut now = line.underway();
            now.retain(|lane| before.contains(lane));
            now.is_empty()
        });
        // They may be stuck, and what waits for them here need not be.
        if timeout(short, have_ended).await.is_ok() {
            yield_now().await;
        }
    }
}

impl<T: Together> Shared<T> {
    fn line(&self) -> MutexGuard<'_, Line<T>> {
        // Nothing panics while it is held.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until that is so; it is looked at whenever a group has come to its end.
    async fn until(&self, is_so: impl Fn(&Line<T>) -> bool) {
        loop {
            let ended = self.ended.notified();
            if is_so(&self.line()) {
                return;
            }
            ended.await;
        }
    }

    /// Begins as many groups as there are lanes and something for them.
    fn begin_groups(self: &Arc<Self>) {
        let mut is_any_begun = false;
        while let Some(lane) = Lane::reserve(self) {
            is_any_begun = true;
            let shared = Arc::clone(self);
            self.runtime.spawn(async move {
                if let Some(company) = shared.company() {
                    yield_now().await;
                    shared.work.others_come(company).await;
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

    /// Who is there to go with the next group, where that is more than one, or likely to be.
    fn company(&self) -> Option<Company> {
        let line = self.line();
        let count = line.waiting.len();
        (line.company > 1 || count > 1).then_some(Company {
            count,
            usual: line.usual,
        })
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
    /// How many go there.
    count: usize,
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
            count: 0,
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
                line.company = self.count + line.waiting.len();
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
        self.shared.ended.notify_waiters();
    }
}

impl<T: Together> Line<T> {
    /// Whether nothing waits and nothing is on its way.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.free.len() == self.begun.len()
    }

    /// What is on its way: on which lane, and as the how manieth there.
    fn underway(&self) -> Vec<(usize, u64)> {
        let lanes = self.begun.iter().zip(&self.ended).enumerate();
        let underway = lanes.filter(|(_, (begun, _))| begun.is_some());
        underway.map(|(lane, (_, ended))| (lane, *ended)).collect()
    }

    /// The lane is free again; says when what was there was begun.
    fn give_back(&mut self, lane: usize) -> Option<Instant> {
        self.free.push(lane);
        self.ended[lane] += 1;
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
        drop(line);
        on.stage = Stage::Used;
        on.count = all.len();
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
    use tokio::join;
    use tokio::runtime::Builder;
    use tokio::sync::Semaphore;

    use super::*;

    /// Answers with what it was asked, and remembers how large the groups were.
    #[derive(Default)]
    struct Echo {
        groups: Arc<Mutex<Vec<usize>>>,
        /// Where others come from, and for how long they are waited for.
        elsewhere: Option<(Arc<Lanes<Gate>>, Duration)>,
        /// Whether they may come.
        opens: bool,
    }

    /// Answers once it is open.
    struct Gate(Semaphore);

    impl Together for Gate {
        type One = ();
        type Answer = ();
        type Group = ();
        type Held = ();

        fn goes_with(&self, (): &mut (), (): &(), (): &()) -> bool {
            true
        }

        async fn make(&self, _: usize, all: &[()]) -> Vec<()> {
            self.0.acquire().await.unwrap().forget();
            all.to_vec()
        }
    }

    /// A gate that is closed.
    fn gate() -> Arc<Lanes<Gate>> {
        Arc::new(Lanes::new(Gate(Semaphore::new(0)), 1, Handle::current()))
    }

    impl Together for Echo {
        type One = u32;
        type Answer = u32;
        type Group = ();
        type Held = ();

        fn goes_with(&self, (): &mut (), _: &u32, (): &()) -> bool {
            true
        }

        async fn others_come(&self, _: Company) {
            if let Some((gate, short)) = &self.elsewhere {
                let opened = async { gate.0.work.0.add_permits(usize::from(self.opens)) };
                join!(gate.those_on_their_way(*short), opened);
            }
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
    async fn those_who_are_about_to_come_go_too() {
        let gate = gate();
        let echo = Echo {
            elsewhere: Some((Arc::clone(&gate), Duration::from_mins(1))),
            opens: true,
            ..Echo::default()
        };
        let groups = Arc::clone(&echo.groups);
        let lanes = Lanes::new(echo, 1, Handle::current());
        let through_the_gate = async {
            assert_eq!(gate.make(()).await, Some(()));
            lanes.make(3).await
        };
        let all = join!(through_the_gate, lanes.make(1), lanes.make(2));
        assert_eq!(all, (Some(3), Some(1), Some(2)));
        assert_eq!(*groups.lock().unwrap(), [3]);
    }

    #[tokio::test]
    async fn those_who_are_stuck_are_not_waited_for() {
        let gate = gate();
        let echo = Echo {
            elsewhere: Some((Arc::clone(&gate), Duration::from_millis(5))),
            ..Echo::default()
        };
        let groups = Arc::clone(&echo.groups);
        let lanes = Lanes::new(echo, 1, Handle::current());
        let mut at_the_gate = Box::pin(gate.make(()));
        assert_eq!((&mut at_the_gate).now_or_never(), None);
        assert_eq!(join!(lanes.make(1), lanes.make(2)), (Some(1), Some(2)));
        assert_eq!(*groups.lock().unwrap(), [2]);
        assert_eq!(at_the_gate.now_or_never(), None);
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
