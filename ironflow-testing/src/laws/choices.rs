//! Sequences of choices: where they come from, and how a sequence is made simpler.
//!
//! What is made up is a function of such a sequence, and a simpler sequence makes a simpler value:
//! shorter is simpler, and so is a smaller choice. Past its end every choice is 0.

/// How many choices there are for a value; what needs more gets the simplest.
const MOST: u64 = 96;
/// So many are tried one by one.
const FEW: u64 = 64;
/// From here on a bound is as simple.
const MANY: u64 = 1 << 24;

/// A stream of numbers that look random.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`.
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A choice: mostly a small one, sometimes a bound.
    pub(super) fn choice(&mut self) -> u64 {
        let roll = self.roll();
        match roll % 16 {
            0..=9 => self.roll() % 8,
            10..=12 => self.roll() % 256,
            13 | 14 => self.roll(),
            _ => u64::MAX - self.roll() % 4,
        }
    }

    pub(super) fn choices(&mut self) -> Vec<u64> {
        let roll = self.roll();
        let most = if roll.is_multiple_of(8) { 4 } else { MOST };
        // What is about the same two or three things says more about how they go together.
        let is_narrow = (1..4).contains(&(roll % 8));
        let choice = |_| match self.choice() {
            choice if is_narrow => choice % 3,
            choice => choice,
        };
        (0..most).map(choice).collect()
    }
}

/// A sequence that is made simpler step by step, as long as it still shows what it is to show.
#[derive(Debug, Clone)]
pub(super) struct Simpler {
    /// The simplest that is known to show it.
    best: Vec<u64>,
    /// What is tried now, where something is.
    tried: Option<Vec<u64>>,
    pass: Pass,
}

#[derive(Debug, Clone, Copy)]
enum Pass {
    Halve,
    Shorten,
    Delete(usize),
    /// What was there or not is not, or is of another variant: what stood in it goes, too.
    Close(usize),
    /// One element less.
    Fewer(usize),
    Zero(usize),
    /// A bound is simpler than any other high choice.
    Bound(usize),
    /// Goes up from what is too small until something is not.
    Grow(usize, u64),
    /// Looks for the smallest one between what is too small and the best, of those that are even or
    /// odd as it is: choices for signed numbers alternate between the signs.
    Bisect(usize, u64),
    /// And the one before it.
    Step(usize),
    Done,
}

impl Simpler {
    pub(super) fn new(best: Vec<u64>) -> Self {
        Self {
            best,
            tried: None,
            pass: Pass::Halve,
        }
    }

    pub(super) fn current(&self) -> &[u64] {
        self.tried.as_ref().unwrap_or(&self.best)
    }

    /// What is tried now shows it: goes on from there.
    pub(super) fn accept(&mut self) -> bool {
        if let Some(tried) = self.tried.take() {
            self.best = tried;
            if let Pass::Step(at) | Pass::Bound(at) = self.pass {
                self.pass = Pass::Zero(at + 1);
            }
        }
        self.go_on()
    }

    /// It does not: goes back and tries something else.
    pub(super) fn reject(&mut self) -> bool {
        if let Some(tried) = self.tried.take() {
            self.pass = match self.pass {
                Pass::Halve => Pass::Shorten,
                Pass::Shorten => Pass::Delete(0),
                Pass::Delete(at) => Pass::Delete(at + 1),
                Pass::Close(at) => Pass::Fewer(at),
                Pass::Fewer(at) => Pass::Close(at + 1),
                Pass::Zero(at) => Pass::Grow(at, 0),
                Pass::Bound(at) => Pass::Grow(at, FEW),
                Pass::Grow(at, low) if low + 1 == FEW => Pass::Bound(at),
                Pass::Grow(at, _) => Pass::Grow(at, tried[at]),
                Pass::Bisect(at, _) => Pass::Bisect(at, tried[at]),
                Pass::Step(at) => Pass::Zero(at + 1),
                Pass::Done => Pass::Done,
            };
        }
        self.go_on()
    }

    fn go_on(&mut self) -> bool {
        loop {
            let best = &self.best;
            let tried = match self.pass {
                Pass::Halve if best.len() > 1 => best[..best.len() / 2].to_vec(),
                Pass::Halve => {
                    self.pass = Pass::Shorten;
                    continue;
                }
                Pass::Shorten if !best.is_empty() => best[..best.len() - 1].to_vec(),
                Pass::Shorten => {
                    self.pass = Pass::Delete(0);
                    continue;
                }
                Pass::Delete(at) if at < best.len() => without(best.clone(), at),
                Pass::Delete(_) => {
                    self.pass = Pass::Close(0);
                    continue;
                }
                Pass::Close(at) if at + 1 >= best.len() => {
                    self.pass = Pass::Zero(0);
                    continue;
                }
                Pass::Close(at) | Pass::Fewer(at) if best[at] == 0 || at + 1 >= best.len() => {
                    self.pass = Pass::Close(at + 1);
                    continue;
                }
                Pass::Close(at) => without(with(best, at, 0), at + 1),
                Pass::Fewer(at) => without(with(best, at, best[at] - 1), at + 1),
                Pass::Zero(at) if at >= best.len() => {
                    self.pass = Pass::Done;
                    continue;
                }
                Pass::Zero(at) | Pass::Step(at) if best[at] == 0 => {
                    self.pass = Pass::Zero(at + 1);
                    continue;
                }
                Pass::Zero(at) => with(best, at, 0),
                Pass::Bound(at) if best[at] < MANY || best[at] >= u64::MAX - 1 => {
                    self.pass = Pass::Grow(at, FEW);
                    continue;
                }
                Pass::Bound(at) => with(best, at, u64::MAX),
                Pass::Grow(at, low) => {
                    let next = match low {
                        0..FEW => low + 1,
                        _ if low.is_multiple_of(2) => low + 1,
                        _ => (low - 1).saturating_mul(2),
                    };
                    if next >= best[at] {
                        self.pass = Pass::Bisect(at, low);
                        continue;
                    }
                    with(best, at, next)
                }
                Pass::Bisect(at, low) => {
                    let middle = low + best[at].saturating_sub(low) / 2;
                    let middle = middle + (middle ^ best[at]) % 2;
                    if middle <= low || middle >= best[at] {
                        self.pass = Pass::Step(at);
                        continue;
                    }
                    with(best, at, middle)
                }
                Pass::Step(at) => with(best, at, best[at] - 1),
                Pass::Done => {
                    // Who asks again begins again.
                    self.pass = Pass::Halve;
                    return false;
                }
            };
            self.tried = Some(tried);
            return true;
        }
    }
}

fn with(choices: &[u64], at: usize, choice: u64) -> Vec<u64> {
    let mut choices = choices.to_vec();
    choices[at] = choice;
    choices
}

fn without(mut choices: Vec<u64>, at: usize) -> Vec<u64> {
    choices.remove(at);
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simplest(choices: &[u64], shows: impl Fn(&[u64]) -> bool) -> Vec<u64> {
        let mut simpler = Simpler::new(choices.to_vec());
        let mut more = simpler.accept();
        while more {
            more = if shows(simpler.current()) {
                simpler.accept()
            } else {
                simpler.reject()
            };
        }
        simpler.current().to_vec()
    }

    #[test]
    fn the_simplest_sequence_is_found_that_still_shows_it() {
        let choices = [7, 300, 12, u64::MAX, 4];
        assert_eq!(
            simplest(&choices, |c| c.iter().any(|&c| c > 1_000)),
            [1_001]
        );
        assert_eq!(simplest(&choices, |c| c.len() > 2), [0, 0, 0]);
        assert_eq!(simplest(&choices, |_| true), [0; 0]);
        assert_eq!(
            simplest(&choices, |c| c.iter().filter(|&&c| c > 4).count() > 1),
            [5, 5]
        );
        assert_eq!(simplest(&choices, |c| c == choices), choices);
    }
}
