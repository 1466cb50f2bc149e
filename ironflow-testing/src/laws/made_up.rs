//! Values of any type that can be deserialized, as a strategy of proptest.

use std::any::type_name;
use std::collections::HashSet;
use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::sync::Arc;

use proptest::prelude::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};
use serde::de::DeserializeOwned;

use super::choices::{Dice, Simpler};
use super::generator::{Enum, Made, make};
use super::knowledge::Knowledge;
use super::learn::learn;
use super::refusal::Refusal;

/// How often a value that is refused is tried with other choices.
const TRIES: usize = 400;
/// How many sequences of choices may come to nothing before there is no value at all.
const SEQUENCES: usize = 20;

/// What can be made up: whatever implements serde's `Deserialize`. There is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made up: it does not implement `Deserialize`",
    label = "`{Self}` is neither made up nor drawn from a strategy",
    note = "add `#[derive(serde::Deserialize)]` to `{Self}`; or say what it is drawn from, a command with `{Self}: drawn_from(…)`, and the context of a command with `…: in_context(…)`"
)]
pub trait MakeUp: Sized + 'static {
    /// What to know about the type.
    #[doc(hidden)]
    fn learn() -> Learned<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + 'static> MakeUp for T {
    fn learn() -> Learned<Self> {
        Learned::of::<T>(make)
    }
}

/// A type, and what is known about it.
#[doc(hidden)]
pub struct Learned<T> {
    knowledge: Knowledge,
    make: fn(&Knowledge, &[u64]) -> Made<T>,
}

impl<T> Debug for Learned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learned").finish_non_exhaustive()
    }
}

impl<T> Learned<T> {
    /// What is known about `M`, of which a `T` is made.
    pub(super) fn of<M: DeserializeOwned>(make: fn(&Knowledge, &[u64]) -> Made<T>) -> Self {
        Self {
            knowledge: learn::<M>(),
            make,
        }
    }

    pub(super) fn make(&self, choices: &[u64]) -> Made<T> {
        (self.make)(&self.knowledge, choices)
    }

    /// Choices that stand for a value.
    pub(super) fn draw(&self, dice: &mut Dice) -> Result<Vec<u64>, Refusal> {
        let mut drawn = self.mend(dice.choices());
        for _ in 1..SEQUENCES {
            if drawn.is_ok() {
                break;
            }
            drawn = self.mend(dice.choices());
        }
        drawn
    }

    /// The choices, changed so that what they stand for is taken, and no more than are of use.
    fn mend(&self, mut choices: Vec<u64>) -> Result<Vec<u64>, Refusal> {
        let mut dice = Dice::new(0);
        let mut best = self.make(&choices);
        let mut attempt = 0;
        for _ in 0..TRIES {
            let (Err(_), Some(last)) = (&best.value, best.used.checked_sub(1)) else {
                break;
            };
            let mut changed = choices.clone();
            changed.resize(changed.len().max(best.used), 0);
            let part = best.last.map_or(last, |part| part.from.min(last));
            match attempt {
                // Most likely what came last was refused.
                0..16 => changed[last] = attempt,
                16..32 => changed[part] = attempt - 16,
                32..56 => changed[last] = dice.choice(),
                _ => {
                    for choice in &mut changed {
                        if dice.roll().is_multiple_of(2) {
                            *choice = dice.choice();
                        }
                    }
                }
            }
            attempt += 1;
            let made = self.make(&changed);
            // What comes before the refusal was taken, and stays.
            if made.value.is_ok() || made.filled > best.filled {
                (best, choices, attempt) = (made, changed, 0);
            }
        }
        best.value?;
        choices.truncate(best.used);
        Ok(choices)
    }

    /// The enums that values of the type are made of.
    pub(super) fn enums(&self) -> Vec<Enum> {
        let mut dice = Dice::new(2);
        let mut enums = Vec::new();
        for _ in 0..32 {
            enums.extend(self.make(&dice.choices()).enums);
        }
        enums.sort_unstable();
        enums.dedup();
        enums
    }

    /// Makes `name` come out the same for all values, where it depends on single places.
    pub(super) fn fix<N: PartialEq>(&mut self, name: impl Fn(&T) -> Option<N>) {
        let mut dice = Dice::new(3);
        // Many, so that each variant of a command is among them.
        let all: Vec<_> = (0..128)
            .map(|_| dice.choices())
            .filter_map(|choices| {
                let made = self.make(&choices);
                made.value.is_ok().then_some((choices, made.leaves))
            })
            .collect();
        let mut seen = HashSet::new();
        let paths = all.iter().flat_map(|(_, leaves)| leaves);
        let paths: Vec<_> = paths.filter(|path| seen.insert(**path)).collect();
        let mut knowledge = self.knowledge.clone();
        for path in paths {
            let mut named = |choice: u64, choices: &[u64]| {
                knowledge.fixed.insert(*path, choice);
                let made = (self.make)(&knowledge, choices);
                made.value.ok().and_then(|value| name(&value))
            };
            let with = all.iter().filter(|(_, leaves)| leaves.contains(path));
            let decided = with.take(8).filter(|(choices, _)| {
                let mut called = (1..4).filter_map(|choice| named(choice, choices));
                let first = called.next();
                called.any(|other| Some(other) != first)
            });
            let decided: Vec<_> = decided.collect();
            // A choice for which there is a name: not every text is one.
            let choice =
                (1..16).find(|&choice| decided.iter().any(|(all, _)| named(choice, all).is_some()));
            knowledge.fixed.remove(path);
            if let Some(choice) = choice {
                knowledge.fixed.insert(*path, choice);
            }
        }
        self.knowledge = knowledge;
    }
}

/// Makes up values of a type that implements serde's `Deserialize`, as a strategy of proptest.
///
/// Nothing has to be derived: the type is asked what it reads, and gets small numbers and the bounds
/// of their types, short texts of few letters, lists of no, one and several elements, every variant
/// of an enum. What is refused, as by a `try_from`, is tried again.
///
/// ```
/// use ironflow_testing::laws::made_up;
/// use proptest::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Transfer {
///     to: String,
///     cents: u64,
/// }
///
/// // Nobody transfers nothing; the rest is made up.
/// let transfers = made_up::<Transfer>().prop_map(|transfer| Transfer {
///     cents: transfer.cents.max(1),
///     ..transfer
/// });
/// proptest!(|(transfer in transfers)| {
///     prop_assert!(transfer.cents > 0);
/// });
/// ```
#[must_use]
pub fn made_up<T: MakeUp + Debug>() -> MadeUp<T> {
    MadeUp::new(T::learn())
}

/// Values that are made up; [`made_up`] makes it.
pub struct MadeUp<T> {
    learned: Arc<Learned<T>>,
}

impl<T> MadeUp<T> {
    pub(super) fn new(learned: Learned<T>) -> Self {
        Self {
            learned: Arc::new(learned),
        }
    }
}

impl<T> Clone for MadeUp<T> {
    fn clone(&self) -> Self {
        Self {
            learned: Arc::clone(&self.learned),
        }
    }
}

impl<T> Debug for MadeUp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MadeUp<{}>", type_name::<T>())
    }
}

impl<T: Debug> Strategy for MadeUp<T> {
    type Tree = MadeUpTree<T>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        let choices = self.learned.draw(&mut Dice::new(seed)).map_err(|refusal| {
            Reason::from(format!(
                "no value of `{}` can be made up: {refusal}",
                type_name::<T>()
            ))
        })?;
        Ok(MadeUpTree {
            learned: Arc::clone(&self.learned),
            simpler: Simpler::new(choices),
            value: PhantomData,
        })
    }
}

/// A value that was made up, on its way to a simpler one.
pub struct MadeUpTree<T> {
    learned: Arc<Learned<T>>,
    simpler: Simpler,
    value: PhantomData<fn() -> T>,
}

impl<T> MadeUpTree<T> {
    fn is_taken(&self) -> bool {
        self.learned.make(self.simpler.current()).value.is_ok()
    }

    /// What is refused is not tried.
    fn skip_refused(&mut self, mut more: bool) -> bool {
        while more && !self.is_taken() {
            more = self.simpler.reject();
        }
        more
    }
}

impl<T> Debug for MadeUpTree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeUpTree").finish_non_exhaustive()
    }
}

impl<T: Debug> ValueTree for MadeUpTree<T> {
    type Value = T;

    fn current(&self) -> T {
        match self.learned.make(self.simpler.current()).value {
            Ok(value) => value,
            Err(refusal) => unreachable!("it was made before, and now: {refusal}"),
        }
    }

    fn simplify(&mut self) -> bool {
        let more = self.simpler.accept();
        self.skip_refused(more)
    }

    fn complicate(&mut self) -> bool {
        let more = self.simpler.reject();
        self.skip_refused(more)
    }
}
