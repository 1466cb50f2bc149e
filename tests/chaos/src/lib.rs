//! Rounds of chaos with projections: their workers are killed, stand still, stop, and begin again;
//! they are paused, rebuilt, parked and retried. At the end every view, and every row of a table, is
//! what a fold of the log says, and a reactor was done with every event, in the order of its stream.
//!
//! | file         | what is in it                                                     |
//! |--------------|-------------------------------------------------------------------|
//! | `domain.rs`  | events, and the same projections as two programs have them        |
//! | `gate.rs`    | a store whose calls can be made to stand still                    |
//! | `worker.rs`  | a process: a runtime of its own, killed by dropping it            |
//! | `watch.rs`   | what must hold of it all the time                                 |
//! | `round.rs`   | what happens, at random                                           |
//! | `verdict.rs` | what must hold at the end                                         |
//!
//! The same seed leads to the same disturbances in the same order, and not to the same moments.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests, though other crates run them"
)]

mod domain;
mod gate;
mod round;
mod verdict;
mod watch;
mod worker;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use ironflow_domain::store::{Store, StoreError};

/// Where rounds happen: one database.
pub trait Site: Clone + Send + Sync + 'static {
    /// Opens it, as a process of its own does.
    fn open(&self) -> impl Future<Output = Result<Arc<dyn Store>, StoreError>> + Send;

    /// The numbers in a table or a view of the database, in the order of their places.
    fn numbers(&self, table: String) -> impl Future<Output = Vec<u64>> + Send;

    /// Makes calls of all who have it open fail for a moment, where there is a way.
    fn disturb(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// The usual rounds, or those that `IRONFLOW_CHAOS_ROUNDS` and `IRONFLOW_CHAOS_SEED` say, each at a
/// new site. The one that goes wrong tells its number.
pub fn rounds<S: Site, G>(usual: u64, new_site: impl Fn() -> (G, S)) {
    let rounds = number("IRONFLOW_CHAOS_ROUNDS").unwrap_or(usual);
    let first = number("IRONFLOW_CHAOS_SEED").unwrap_or(0);
    let begun = Instant::now();
    let mut happened = round::Happened::default();
    for seed in first..first + rounds {
        // Whatever has to be kept until the round is over.
        let (_guard, site) = new_site();
        let round = AssertUnwindSafe(|| round::round(seed, &site, &mut happened));
        if let Err(panic) = catch_unwind(round) {
            print(&format!(
                "this was round {seed}: IRONFLOW_CHAOS_SEED={seed}"
            ));
            resume_unwind(panic);
        }
    }
    print(&format!(
        "{rounds} rounds, {:?}, {happened:?}",
        begun.elapsed()
    ));
}

#[allow(clippy::print_stdout, reason = "numbers, for whoever looks at a test")]
fn print(what: &str) {
    println!("{what}");
}
