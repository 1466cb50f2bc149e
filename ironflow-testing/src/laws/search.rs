//! Many runs, and the way from one that breaks a law to the simplest that does.

use std::collections::{HashMap, HashSet};
use std::env;
use std::fmt::{self, Debug};
use std::panic::Location;

use ironflow_domain::Aggregate;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, Reason, RngAlgorithm, RngSeed, TestRng, TestRunner};

use super::choices::Dice;
use super::command::{Kind, Step};
use super::declared::Laws;
use super::law::Broken;
use super::old_shapes::old_shapes;
use super::pair::Tree;
use super::report::{self, Failure, Found};
use super::run::{Count, Counts, Run, run};
use super::upcasts::{self, Happened};
use super::values;

/// The most commands in a run.
const LONGEST: u64 = 24;
/// How many runs there are, and from which seed, unless it is said: what was green stays green
/// until the code is changed.
const CASES: u32 = 256;
const SEED: u64 = 1;
/// Where a command was not accepted, so many times as many runs are made.
const PATIENCE: u32 = 4;
/// After how many commands on end that were not accepted a run is over; and a few more for each
/// that there is.
const TRIES: usize = 8;
/// From how many seeds half the commands of a run are drawn.
const SEEDS: usize = 3;
/// One in so many of the commands that are rare in a run, and how often others are drawn instead.
const RARE: u64 = 16;
const REDRAWS: u32 = 6;
/// How many runs are made to find a shorter one that could not be had by leaving out commands.
const SHORTER: u32 = 500;
/// The most runs on the way to the simplest.
const SHRINKING: u32 = 20_000;

/// How often the commands were accepted, and what is stored in old shapes was upcast.
#[derive(Debug, Clone)]
pub struct Statistics {
    runs: u32,
    counts: Counts,
    upcasts: Vec<upcasts::Count>,
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

    /// How many payloads of an old version, such as 1 of `order.placed`, were read as events of
    /// today.
    #[must_use]
    pub fn upcast(&self, name: &str, version: u32) -> u64 {
        self.upcasts_of(name, version)
            .map(|count| count.upcast)
            .sum()
    }

    /// How many payloads of an old version were refused by its upcasters.
    #[must_use]
    pub fn not_upcast(&self, name: &str, version: u32) -> u64 {
        self.upcasts_of(name, version)
            .map(|count| count.refused)
            .sum()
    }

    fn upcasts_of(&self, name: &str, version: u32) -> impl Iterator<Item = &upcasts::Count> {
        let upcasts = self.upcasts.iter();
        upcasts.filter(move |count| count.parts.contains(&(name, version)))
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::table(self.runs, &self.counts))?;
        f.write_str(&report::upcasts_table(&self.upcasts))
    }
}

#[track_caller]
pub(super) fn check<A>(laws: &Laws<A>) -> Result<Statistics, Failure>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let place = Location::caller();
    if laws.kinds.is_empty() {
        return Err(report::no_command::<A>(place));
    }
    let mut listed = HashSet::new();
    let mut names = laws.kinds.iter().flat_map(|kind| &kind.names);
    if let Some((name, ident)) = names.find(|(name, _)| !listed.insert(*name)) {
        return Err(report::listed_twice::<A>(place, name, ident));
    }
    let shapes = old_shapes::<A::Event>(&laws.given);
    if let Some(given) = laws.given.iter().find(|given| !given.is_one_of(&shapes)) {
        return Err(report::not_an_old_shape::<A>(place, given, &shapes));
    }
    let config = config(laws);
    let (cases, most) = (config.cases, config.max_shrink_iters.min(SHRINKING));
    let RngSeed::Fixed(seed) = config.rng_seed else {
        unreachable!("the seed was fixed above")
    };
    let mut search = Search {
        laws,
        config,
        dice: Dice::new(seed),
        counts: Counts::new(),
        ends: HashMap::new(),
        happened: (!shapes.is_empty()).then(Happened::nothing),
    };
    for kind in &laws.kinds {
        for (name, _) in &kind.names {
            search.counts.insert(name, Count::default());
        }
    }
    let all_accepted = |counts: &Counts| counts.values().all(|count| count.accepted > 0);
    let mut runs = 0;
    while runs < cases || (runs < cases.saturating_mul(PATIENCE) && !all_accepted(&search.counts)) {
        runs += 1;
        let (mut trees, end) = search
            .tell()
            .map_err(|(kind, reason)| report::nothing_to_run::<A>(place, kind, &reason))?;
        if let Err(broken) = end {
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
                if let Ok(mut shorter) = search.draw(length)
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
    let found = Found { place, runs, seed };
    let happened = search.happened.unwrap_or_else(Happened::nothing);
    let upcasts = upcasts::check::<A>(&shapes, &happened, cases, seed)
        .map_err(|broken| report::broken_upcast(&broken, &found))?;
    let counts = search.counts;
    let never = laws.kinds.iter().flat_map(|kind| &kind.names);
    let never: Vec<_> = never
        .filter(|(name, _)| counts.get(name).is_none_or(|count| count.accepted == 0))
        .collect();
    if !never.is_empty() {
        return Err(report::never_accepted::<A>(&never, &counts, &found));
    }
    let never: Vec<_> = upcasts.iter().filter(|count| count.upcast == 0).collect();
    if !never.is_empty() {
        return Err(report::never_upcast::<A>(&never, &found));
    }
    Ok(Statistics {
        runs,
        counts,
        upcasts,
    })
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
    } else if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if let Some(seed) = laws.seed {
        config.rng_seed = RngSeed::Fixed(seed);
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config
}

/// Why there is no step: there is no such command.
type Nothing<'l, A> = (&'l Kind<A>, Reason);
/// A run, and how it ended.
type Told<A> = (Vec<Tree<A>>, Result<(), Box<Broken<A>>>);

/// Where runs come from, and what became of their commands.
struct Search<'l, A: Aggregate> {
    laws: &'l Laws<A>,
    config: Config,
    dice: Dice,
    counts: Counts,
    /// After how many runs that came to a standstill a command was the last to be accepted.
    ends: HashMap<&'static str, u64>,
    /// Where that matters, since something is stored in old shapes.
    happened: Option<Happened<A::Event>>,
}

impl<'l, A: Aggregate<Event: Debug + PartialEq>> Search<'l, A> {
    /// Makes a run, command by command, and says how it ended. It is as long as planned once so
    /// many commands were accepted: those that were refused leave the state as it is.
    fn tell(&mut self) -> Result<Told<A>, Nothing<'l, A>> {
        let mut trees = Vec::new();
        let mut run = match Run::begin(self.laws) {
            Ok(run) => run,
            Err(broken) => return Ok((trees, Err(broken))),
        };
        let mut left = 1 + self.dice.roll() % LONGEST;
        let patience = TRIES + 2 * self.counts.len();
        let mut chances = patience;
        let mut last = None;
        let bias = self.bias();
        while left > 0 {
            if chances == 0 {
                if let Some(last) = last {
                    *self.ends.entry(last).or_default() += 1;
                }
                break;
            }
            chances -= 1;
            let tree = self.draw_one(&bias)?;
            let step = tree.current();
            trees.push(tree);
            let count = self.counts.entry(step.name()).or_default();
            match run.step(&step, count) {
                Ok(true) => {
                    (left, chances) = (left - 1, patience);
                    last = Some(step.name());
                }
                Ok(false) => {}
                Err(broken) => return Ok((trees, Err(broken))),
            }
        }
        if let Some(happened) = &mut self.happened {
            happened.remember(run.history());
        }
        Ok((trees, Ok(())))
    }

    /// So many steps, whatever becomes of them.
    fn draw(&mut self, length: usize) -> Result<Vec<Tree<A>>, Nothing<'l, A>> {
        let bias = self.bias();
        (0..length).map(|_| self.draw_one(&bias)).collect()
    }

    fn bias(&mut self) -> Bias {
        let mut rare = HashSet::new();
        for (name, count) in &self.counts {
            // Where little can happen after a command, most runs are without it for long.
            let ends = self.ends.get(name).copied().unwrap_or(0) * 4 > count.accepted;
            if count.accepted > 0 && self.dice.roll() % 8 < if ends { 6 } else { 2 } {
                rare.insert(*name);
            }
        }
        Bias {
            rare,
            seeds: std::array::from_fn(|_| self.dice.roll()),
        }
    }

    fn draw_one(&mut self, bias: &Bias) -> Result<Tree<A>, Nothing<'l, A>> {
        let mut redraws = REDRAWS;
        loop {
            let kind = self.pick();
            let seed = if self.dice.roll().is_multiple_of(2) {
                self.dice.roll()
            } else {
                bias.seeds[values::nth(self.dice.roll(), SEEDS)]
            };
            let mut runner = self.runner(seed);
            let tree = (kind.step)(&mut runner).map_err(|reason| (kind, reason))?;
            let is_rare = bias.rare.contains(tree.current().name());
            redraws -= 1;
            if redraws == 0 || !is_rare || self.dice.roll().is_multiple_of(RARE) {
                return Ok(tree);
            }
        }
    }

    /// The same seed draws the same: what a command is about is used again.
    fn runner(&self, seed: u64) -> TestRunner {
        let mut dice = Dice::new(seed);
        let bytes: Vec<_> = (0..4).flat_map(|_| dice.roll().to_le_bytes()).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        TestRunner::new_with_rng(self.config.clone(), rng)
    }

    /// One of the commands; all of them alike, whether they are of one type or of several.
    fn pick(&mut self) -> &'l Kind<A> {
        let weight = |kind: &Kind<A>| kind.names.len().max(1) as u64;
        let kinds = &self.laws.kinds;
        let mut nth = self.dice.roll() % kinds.iter().map(weight).sum::<u64>().max(1);
        let kind = kinds.iter().find(|kind| {
            let is_it = nth < weight(kind);
            nth = nth.saturating_sub(weight(kind));
            is_it
        });
        kind.unwrap_or_else(|| unreachable!("there is a command, and it was looked for above"))
    }
}

/// What makes a run unlike the others.
struct Bias {
    /// Commands that are rare in it: what ends a story would otherwise end all of them early.
    rare: HashSet<&'static str>,
    /// Most commands are drawn from one of a few seeds, so that what they are about is the same.
    seeds: [u64; SEEDS],
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
