//! Many runs, and the way from one that breaks a law to the simplest that does.

use std::collections::hash_map::RandomState;
use std::fmt::{self, Debug};
use std::hash::BuildHasher;
use std::panic::Location;

use ironflow_domain::Aggregate;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, Reason, RngSeed, TestRunner};

use super::choices::Dice;
use super::command::{Kind, Step};
use super::declared::Laws;
use super::law::Broken;
use super::pair::Tree;
use super::report::{self, Failure, Found};
use super::run::{Count, Counts, run};

/// The most commands in a run.
const LONGEST: u64 = 24;
/// Where a command was not accepted, so many times as many runs are made.
const PATIENCE: u32 = 4;
/// How many runs are made to find a shorter one that could not be had by leaving out commands.
const SHORTER: u32 = 500;
/// The most runs on the way to the simplest.
const SHRINKING: u32 = 20_000;

/// How often the commands were accepted.
#[derive(Debug, Clone)]
pub struct Statistics {
    runs: u32,
    counts: Counts,
}

impl Statistics {
    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> u32 {
        self.runs
    }

    /// How often the command of that name, such as `place-order`, led to events.
    #[must_use]
    pub fn accepted(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |count| count.accepted)
    }

    /// How often the command of that name was refused.
    #[must_use]
    pub fn refused(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |count| count.refused)
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", report::table(self.runs, &self.counts))
    }
}

#[track_caller]
pub(super) fn check<A>(laws: &Laws<A>) -> Result<Statistics, Failure>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let place = Location::caller();
    let config = config(laws);
    let (cases, most) = (config.cases, config.max_shrink_iters.min(SHRINKING));
    let RngSeed::Fixed(seed) = config.rng_seed else {
        unreachable!("the seed was fixed above")
    };
    let mut runner = TestRunner::new(config);
    let mut dice = Dice::new(seed);
    let mut counts = Counts::new();
    for kind in &laws.kinds {
        for (name, _) in &kind.names {
            counts.insert(name, Count::default());
        }
    }
    let all_accepted = |counts: &Counts| counts.values().all(|count| count.accepted > 0);
    let mut runs = 0;
    while runs < cases || (runs < cases.saturating_mul(PATIENCE) && !all_accepted(&counts)) {
        runs += 1;
        let length = 1 + dice.roll() % LONGEST;
        let mut trees = draw(laws, length, &mut dice, &mut runner)
            .map_err(|(kind, reason)| report::nothing_to_run::<A>(place, kind, &reason))?;
        if let Err(broken) = run(laws, &steps(&trees), &mut counts) {
            let mut shrink = Shrink {
                laws,
                broken,
                left: most,
            };
            shrink.shrink(&mut trees);
            for _ in 0..SHORTER {
                // The laws about the beginning need no command.
                let Some(length) = trees.len().checked_sub(1).filter(|length| *length > 0) else {
                    break;
                };
                let shorter = draw(laws, length as u64, &mut dice, &mut runner);
                if let Ok(mut shorter) = shorter
                    && shrink.breaks(&steps(&shorter))
                {
                    shrink.shrink(&mut shorter);
                    trees = shorter;
                }
            }
            return Err(report::broken(
                laws,
                &shrink.broken,
                &Found { place, runs, seed },
            ));
        }
    }
    let never = laws.kinds.iter().flat_map(|kind| &kind.names);
    let never: Vec<_> = never
        .filter(|(name, _)| counts.get(name).is_none_or(|count| count.accepted == 0))
        .collect();
    if never.is_empty() {
        Ok(Statistics { runs, counts })
    } else {
        Err(report::never_accepted::<A>(
            &never,
            &counts,
            &Found { place, runs, seed },
        ))
    }
}

/// What the environment says, and what was said in the test.
fn config<A: Aggregate>(laws: &Laws<A>) -> Config {
    let mut config = Config {
        // Nothing is written beside the user's tests: a seed and a test to paste are enough.
        failure_persistence: None,
        ..Config::default()
    };
    if let Some(cases) = laws.cases {
        config.cases = cases;
    }
    if let Some(seed) = laws.seed {
        config.rng_seed = RngSeed::Fixed(seed);
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(RandomState::new().hash_one(0));
    }
    config
}

/// The steps of a run; or of which command there is none, and why.
fn draw<'l, A: Aggregate>(
    laws: &'l Laws<A>,
    length: u64,
    dice: &mut Dice,
    runner: &mut TestRunner,
) -> Result<Vec<Tree<A>>, (&'l Kind<A>, Reason)> {
    let kinds = (0..length).filter_map(|_| pick(laws, dice));
    let steps = kinds.map(|kind| (kind.step)(runner).map_err(|reason| (kind, reason)));
    steps.collect()
}

/// One of the commands; all of them alike, whether they are of one type or of several.
fn pick<'l, A: Aggregate>(laws: &'l Laws<A>, dice: &mut Dice) -> Option<&'l Kind<A>> {
    let weight = |kind: &Kind<A>| kind.names.len().max(1) as u64;
    let all = laws.kinds.iter().map(weight).sum::<u64>();
    let mut nth = dice.roll().checked_rem(all)?;
    laws.kinds.iter().find(|kind| {
        let is_it = nth < weight(kind);
        nth = nth.saturating_sub(weight(kind));
        is_it
    })
}

fn steps<A>(trees: &[Tree<A>]) -> Vec<Step<A>> {
    trees.iter().map(ValueTree::current).collect()
}

struct Shrink<'l, A: Aggregate> {
    laws: &'l Laws<A>,
    /// By the simplest run that is known.
    broken: Box<Broken<A>>,
    left: u32,
}

impl<A: Aggregate<Event: Debug + PartialEq>> Shrink<'_, A> {
    fn shrink(&mut self, trees: &mut Vec<Tree<A>>) {
        for _ in 0..8 {
            let before = format!("{:?}", steps(trees));
            self.drop_commands(trees);
            for at in 0..trees.len() {
                self.simplify(trees, at);
            }
            if format!("{:?}", steps(trees)) == before {
                return;
            }
        }
    }

    /// Whether the same law is broken: another one would be another story.
    fn breaks(&mut self, steps: &[Step<A>]) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        self.left = left;
        match run(self.laws, steps, &mut Counts::new()) {
            Err(broken) if broken.law == self.broken.law => {
                self.broken = broken;
                true
            }
            _ => false,
        }
    }

    /// Leaves out commands, first many of them at once.
    fn drop_commands(&mut self, trees: &mut Vec<Tree<A>>) {
        let mut size = trees.len();
        while size > 0 {
            let mut end = trees.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut fewer = steps(trees);
                fewer.drain(start..end);
                if self.breaks(&fewer) {
                    trees.drain(start..end);
                }
                end = start;
            }
            size /= 2;
        }
    }

    fn simplify(&mut self, trees: &mut [Tree<A>], at: usize) {
        let mut more = trees[at].simplify();
        while more && self.left > 0 {
            more = if self.breaks(&steps(trees)) {
                trees[at].simplify()
            } else {
                trees[at].complicate()
            };
        }
        // What was tried last may not break it; then go back to what does.
        while more {
            more = trees[at].complicate();
        }
    }
}
