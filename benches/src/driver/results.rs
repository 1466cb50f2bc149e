//! What was measured, and what it comes to.

use harness::Answer;

use super::contenders::{Contender, Role, Store};
use super::workloads::{Kind, Workload};

/// A workload on a store, by all who took part.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    pub(crate) workload: Workload,
    pub(crate) store: Store,
    pub(crate) measured: Vec<Measured>,
}

/// What one contender has done in all rounds.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) contender: &'static Contender,
    /// One number for each round, in the unit of the workload.
    pub(crate) rounds: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    pub(crate) retries: u64,
    pub(crate) failures: u64,
    /// What has to be said about its numbers.
    pub(crate) remark: Option<String>,
    /// Why it has none.
    pub(crate) missing: Option<String>,
}

impl Measured {
    pub(crate) fn new(contender: &'static Contender) -> Self {
        Self {
            contender,
            rounds: Vec::new(),
            p50_us: Vec::new(),
            p99_us: Vec::new(),
            retries: 0,
            failures: 0,
            remark: None,
            missing: None,
        }
    }

    /// One that has failed is not asked again.
    pub(crate) fn takes_part(&self) -> bool {
        self.missing.is_none()
    }

    pub(crate) fn fail(&mut self, why: String) {
        self.rounds.clear();
        self.missing = Some(why);
    }

    pub(crate) fn add(&mut self, workload: &Workload, answer: Answer) {
        if let Some(why) = answer.unsupported {
            return self.fail(why);
        }
        #[expect(clippy::cast_precision_loss, reason = "no count here is so large")]
        let done = answer.done as f64;
        let number = match workload.kind {
            Kind::Pure => answer.seconds / done * 1e9,
            Kind::Build(_) => answer.seconds,
            Kind::Live(_) => answer.p50_us.unwrap_or_default(),
            #[expect(clippy::cast_precision_loss, reason = "no memory is so large")]
            Kind::Memory(_) => match answer.peak_bytes {
                Some(bytes) => bytes as f64 / 1e6,
                None => {
                    return self
                        .fail("this system does not say how much memory there was".to_owned());
                }
            },
            // Rates, and the others as what there is for each event or round.
            _ => done / answer.seconds,
        };
        self.rounds.push(number);
        self.p50_us.extend(answer.p50_us);
        self.p99_us.extend(answer.p99_us);
        self.retries += answer.retries;
        self.failures += answer.failures;
        self.remark = answer.remark.or(self.remark.take());
    }

    pub(crate) fn median(&self) -> Option<f64> {
        median(&self.rounds)
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.rounds.iter().copied().reduce(f64::min)
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.rounds.iter().copied().reduce(f64::max)
    }

    pub(crate) fn p50_us(&self) -> Option<f64> {
        median(&self.p50_us)
    }

    pub(crate) fn p99_us(&self) -> Option<f64> {
        median(&self.p99_us)
    }
}

impl Compared {
    pub(crate) fn is_empty(&self) -> bool {
        self.measured.is_empty()
    }

    /// The best of those in this role.
    pub(crate) fn best_of(&self, role: Role) -> Option<&Measured> {
        let ranked = self.ranked().into_iter();
        let mut with_numbers = ranked.filter(|measured| measured.median().is_some());
        with_numbers.find(|measured| measured.contender.role == role)
    }

    /// What the best of those in this role came to.
    pub(crate) fn best(&self, role: Role) -> Option<f64> {
        self.best_of(role).and_then(Measured::median)
    }

    /// The best first; those without a number last.
    pub(crate) fn ranked(&self) -> Vec<&Measured> {
        let mut ranked: Vec<&Measured> = self.measured.iter().collect();
        ranked.sort_by(|one, other| {
            let (one, other) = (one.median(), other.median());
            match (one, other) {
                (Some(one), Some(other)) if self.workload.is_a_rate() => other.total_cmp(&one),
                (Some(one), Some(other)) => one.total_cmp(&other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            }
        });
        ranked
    }

    /// How many times as good as this number Ironflow is; more than one is better, also where less
    /// is more.
    pub(crate) fn ironflow_beside(&self, number: f64) -> Option<f64> {
        let ours = self.best(Role::Ironflow)?;
        Some(if self.workload.is_a_rate() {
            ours / number
        } else {
            number / ours
        })
    }
}

/// The one in the middle; of two, the mean.
fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(sorted[middle - 1], upper)
    })
}

#[cfg(test)]
mod tests {
    use super::super::contenders;
    use super::super::workloads;
    use super::*;

    #[test]
    fn the_middle_counts() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 20.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
    }

    fn compared(workload: &str, numbers: &[(Role, f64)]) -> Compared {
        let measured = numbers.iter().map(|(role, number)| {
            let mut all = contenders::ALL.iter();
            let contender = all.find(|one| one.role == *role).unwrap();
            let mut measured = Measured::new(contender);
            measured.rounds.push(*number);
            measured
        });
        let mut all = workloads::all().into_iter();
        Compared {
            workload: all.find(|one| one.name == workload).unwrap(),
            store: Store::Sqlite,
            measured: measured.collect(),
        }
    }

    #[test]
    fn more_is_better_unless_it_is_a_cost() {
        let numbers = [(Role::Ironflow, 10.0), (Role::Raw, 20.0)];
        assert_eq!(compared("hot", &numbers).ironflow_beside(20.0), Some(0.5));
        assert_eq!(compared("pure", &numbers).ironflow_beside(20.0), Some(2.0));
        let first = |workload| compared(workload, &numbers).ranked()[0].median();
        assert_eq!((first("hot"), first("pure")), (Some(20.0), Some(10.0)));
    }
}
