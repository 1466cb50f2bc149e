//! A client that wants an answer to each of its orders, whatever becomes of the processes it asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ironflow_sqlite::{Durability, Sqlite};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::effects::{Charged, Effects, lapse};
use super::history::History;
use super::orders::Order;
use super::steps::{End, Step};
use super::work::{Answer, Batch, Outcome};
use crate::given::new_file;

/// What is left of a process.
#[derive(Debug, Default)]
pub(super) struct Lived {
    pub(super) answers: Vec<Answer>,
    /// Where it died before it was done.
    pub(super) died_at: Option<String>,
    /// What it did, where that is known.
    pub(super) steps: Vec<Step>,
}

/// Runs a process at the store in that file.
pub(super) type Live<'a> = dyn FnMut(&Path, &Batch) -> Lived + 'a;

pub(super) struct Client {
    _directory: TempDir,
    path: PathBuf,
    orders: Vec<Order>,
    tasks: usize,
    /// Whether commands on one account wait for each other.
    pub(super) queued: bool,
    answers: Vec<Answer>,
    charged: Charged,
    /// Where processes have died.
    pub(super) died_at: Vec<String>,
}

/// What is killed with a process has been handed to the operating system by then: nothing is lost
/// by not waiting for the disk.
pub(super) async fn open(path: &Path) -> Sqlite {
    Sqlite::options()
        .durability(Durability::Relaxed)
        .busy_timeout(Duration::from_secs(20))
        .open(path)
        .await
        .unwrap()
}

/// What runs on it is gone when it is.
pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

impl Client {
    pub(super) fn new(orders: Vec<Order>, tasks: usize) -> Self {
        let (directory, path) = new_file();
        Self {
            _directory: directory,
            path,
            orders,
            tasks,
            queued: true,
            answers: Vec::new(),
            charged: Charged::default(),
            died_at: Vec::new(),
        }
    }

    /// Asks one process after the other, until all is answered; the first ones end at those steps.
    /// Then asks for all that was accepted once more: the answers are the same.
    pub(super) fn insist(&mut self, ends: impl IntoIterator<Item = End>, live: &mut Live<'_>) {
        let mut ends = ends.into_iter();
        loop {
            let lived = self.ask(self.unanswered(), ends.next(), live);
            let Some(step) = lived.died_at else {
                break;
            };
            self.died_at.push(step);
            self.check(false);
        }
        assert!(self.unanswered().is_empty(), "it lived, and did not answer");
        let again = self.ask(self.repeatable(), None, live);
        for answer in &again.answers {
            let is_repeat = answer.is_kept || answer.outcome.is_repeat();
            let is_nothing = self.orders[answer.order].amounts.is_empty();
            assert!(is_repeat || is_nothing, "{answer:?}");
        }
        self.check(true);
    }

    /// Asks one process for its first order alone.
    pub(super) fn ask_first(&mut self, live: &mut Live<'_>) {
        let first = vec![(0, self.orders[0].clone())];
        self.ask(first, None, live);
        self.check(false);
    }

    /// Asks one process for all that is not answered.
    pub(super) fn ask_all(&mut self, live: &mut Live<'_>) {
        self.ask(self.unanswered(), None, live);
    }

    /// A process that stood still has done what others have done since.
    pub(super) fn hears_late(&mut self, lived: Lived) {
        assert_eq!(lived.died_at, None);
        self.answers.extend(lived.answers);
        self.check(true);
    }

    fn ask(&mut self, orders: Vec<(usize, Order)>, end: Option<End>, live: &mut Live<'_>) -> Lived {
        let batch = Batch {
            orders,
            tasks: self.tasks,
            queued: self.queued,
            end,
        };
        let lived = live(&self.path, &batch);
        for answer in &lived.answers {
            self.rests_on_what_was_told(answer);
        }
        self.answers.extend(lived.answers.iter().cloned());
        lived
    }

    /// What is answered now rests on all that was answered by the processes before.
    fn rests_on_what_was_told(&self, answer: &Answer) {
        let account = |answer: &Answer| &self.orders[answer.order].account;
        let told = self
            .answers
            .iter()
            .filter(|told| account(told) == account(answer));
        let told = told.map(|told| told.outcome.version()).max();
        let is_old = answer.is_kept || answer.outcome.is_repeat();
        let version = answer.outcome.version();
        assert!(
            is_old || Some(version) >= told,
            "{answer:?}, after {told:?}"
        );
    }

    fn unanswered(&self) -> Vec<(usize, Order)> {
        let is_answered = |place| self.answers.iter().any(|answer| answer.order == place);
        let orders = self.orders.iter().cloned().enumerate();
        orders.filter(|(place, _)| !is_answered(*place)).collect()
    }

    /// What was refused would be decided again, on what there is by now.
    fn repeatable(&self) -> Vec<(usize, Order)> {
        let is_repeatable = |place: usize, order: &Order| {
            let mut answers = self.answers.iter().filter(|answer| answer.order == place);
            let accepted = |answer: &Answer| matches!(answer.outcome, Outcome::Accepted(_));
            order.is_claimed || answers.any(accepted)
        };
        let orders = self.orders.iter().cloned().enumerate();
        orders
            .filter(|(place, order)| is_repeatable(*place, order))
            .collect()
    }

    /// Looks at all that was left behind.
    fn check(&mut self, is_whole: bool) {
        runtime().block_on(async {
            let store = open(&self.path).await;
            lapse(&store).await;
            let history = History::read(&store).await;
            history.agrees_with(&self.orders, &self.answers);
            history.is_shown(&store, is_whole).await;
            history.is_in_the_table(&self.path, is_whole);
            let effects = Effects::beside(&self.path);
            let charged = &mut self.charged;
            charged
                .check(&store, &effects, &self.orders, &self.answers)
                .await;
            let done = effects.read();
            for order in self.orders.iter().filter(|order| order.is_claimed) {
                let came_first = done.contains_key(&order.id) || !history.has(order);
                assert!(came_first, "{} happened before what comes first", order.id);
            }
            store.close().await;
        });
    }
}
