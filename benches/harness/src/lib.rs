//! What all contenders share: the domain, the work, and how it is measured.
//!
//! A contender is a program of its own, with dependencies of its own, so that none disturbs
//! another. It implements [`Contender`] and calls [`main`]; the driver starts it once for every
//! piece of [`Work`], and it prints one [`Answer`].
//!
//! Everything that is timed is timed here, by the same code for all.

mod answer;
mod bank;
mod clients;
mod contender;
mod envelope;
mod program;
mod retry;
mod shown;
mod statement;
mod timing;
mod work;
mod workloads;

pub use answer::Answer;
pub use bank::{Account, AccountCommand, AccountEvent, CENTS, Refused, UnknownEvent, account_id};
pub use contender::{Contender, Failure, Seen, Target};
pub use envelope::Envelope;
pub use program::{Variant, main};
pub use retry::Random;
pub use shown::Shown;
pub use statement::Statement;
pub use work::{Commands, Uses, Work};
