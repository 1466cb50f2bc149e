//! Laws that would prove nothing.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

#[event("door")]
pub enum DoorEvent {
    Opened,
    Closed,
}

#[derive(Aggregate, Default)]
#[aggregate(event = DoorEvent, error = std::fmt::Error)]
pub struct Door {
    open: bool,
}

#[command(Door)]
#[derive(Deserialize)]
pub struct Open {
    pub password: String,
}

#[command(Door)]
#[derive(Deserialize)]
pub struct Close;

impl Fold for Door {
    fn fold(&mut self, event: &DoorEvent) {
        self.open = *event == DoorEvent::Opened;
    }
}

impl Decide<Open> for Door {
    fn decide(&self, Open { password }: Open) -> Decision<Self> {
        if password != "correct horse battery staple" {
            return Err(std::fmt::Error);
        }
        Ok(events![DoorEvent::Opened])
    }
}

impl Decide<Close> for Door {
    fn decide(&self, _: Close) -> Decision<Self> {
        Ok(if self.open {
            events![DoorEvent::Closed]
        } else {
            events![]
        })
    }
}

#[test]
fn a_command_that_is_never_accepted_proves_nothing() {
    let laws = Laws::<Door>::new()
        .of(commands::<Open>())
        .of(commands::<Close>());
    let failure = laws
        .cases(16)
        .seed(1)
        .check()
        .expect_err("nobody knows the password");
    let text = failure.to_string();
    let (head, rest) = text.split_once('\n').unwrap_or_default();
    let (_, rest) = rest.split_once('\n').unwrap_or_default();
    assert_eq!(
        head,
        "the laws of `Door` were not tried in full: `Open`, `Close` were never accepted"
    );
    assert_eq!(rest, NEVER);
}

const NEVER: &str = r"
  Open
    376 × Error
  Close
    392 × accepted, and nothing recorded

            accepted  unchanged  refused   in 64 runs
  close            0        392        0
  open             0          0      376

help: draw them from a strategy that hits the rules: `Open: drawn_from(…)`
help: or draw what they are decided with: `Open: in_context(…)`
help: where another command has to come first, it has to be among the laws, too

64 runs; PROPTEST_RNG_SEED=1 makes the same again
";

fn head(laws: &Laws<Door>) -> String {
    let failure = laws.check().expect_err("nothing is tried");
    let text = failure.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn laws_without_a_command_prove_nothing() {
    let laws = Laws::<Door>::new().invariant("it is shut", |door| !door.open);
    assert_eq!(
        head(&laws),
        "the laws of `Door` were not tried: there is no command among them"
    );
}

#[test]
fn a_command_is_listed_once() {
    let laws = Laws::<Door>::new()
        .of(commands::<Close>())
        .of(commands::<Open>())
        .of(commands::<Close>().idempotent());
    assert_eq!(
        head(&laws),
        "the laws of `Door` were not tried: `Close` is among them twice, as `close`"
    );
}

#[test]
fn the_runs_are_the_same_each_time() {
    let laws = || {
        let laws = Laws::<Door>::new().of(commands::<Open>());
        laws.check().expect_err("nobody knows the password")
    };
    assert_eq!(
        laws().to_string().lines().last(),
        laws().to_string().lines().last()
    );
}

#[command(Door)]
#[derive(Deserialize)]
pub struct Kick {
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "u8")]
pub enum How {}

impl TryFrom<u8> for How {
    type Error = &'static str;

    fn try_from(_: u8) -> Result<Self, &'static str> {
        Err("nobody kicks doors")
    }
}

impl Decide<Kick> for Door {
    fn decide(&self, Kick { how }: Kick) -> Decision<Self> {
        match how {}
    }
}

#[test]
fn a_command_that_cannot_be_made_up_is_named() {
    let failure = Laws::<Door>::new().of(commands::<Kick>()).seed(1).check();
    let text = failure.expect_err("there is no way to kick").to_string();
    let (head, rest) = text.split_once('\n').unwrap_or_default();
    let (_, rest) = rest.split_once('\n').unwrap_or_default();
    assert_eq!(
        head,
        "the laws of `Door` were not tried: there is no `Kick` to decide"
    );
    assert_eq!(rest, NOTHING);
}

const NOTHING: &str = r"
  But     no value of `laws::broken::untried::Kick` can be made up: nobody kicks doors

help: say what it is drawn from: `Kick: drawn_from(…)`, its context `Kick: in_context(…)`
";
