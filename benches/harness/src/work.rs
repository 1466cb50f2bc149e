//! What a contender is told to do, and sends back. One process does one piece of work.

use serde::{Deserialize, Serialize};

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// Prepares accounts.
    Seed {
        /// The number of the first one.
        first: u64,
        /// How many.
        accounts: u64,
        /// How many events each has.
        events: u32,
    },
    /// Executes commands, each on an account that nobody else uses at the time.
    Commands(Commands),
    /// Loads an account again and again.
    Load {
        /// How many events it has.
        events: u32,
        /// For how long.
        seconds: f64,
    },
    /// Reads the whole log once.
    Replay {
        /// How many events there are.
        events: u64,
        /// After how long to give up.
        seconds: f64,
    },
    /// Fills a view of each account from the whole log.
    Rebuild {
        /// How many events there are.
        events: u64,
        /// After how long to give up.
        seconds: f64,
    },
    /// Deposits at a steady rate, each of which a view has to show.
    Live {
        /// How many accounts there are.
        accounts: u64,
        /// How many events each has.
        prior: u32,
        /// How many deposits a second.
        rate: u32,
        /// For how long.
        seconds: f64,
    },
    /// Deposits on one account, by many.
    Hot {
        /// By how many.
        writers: usize,
        /// How many deposits each makes.
        deposits: u32,
        /// After how long to give up.
        seconds: f64,
    },
    /// Folds and decides in memory.
    Pure {
        /// How often.
        rounds: u32,
    },
}

/// Commands to execute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commands {
    /// How many accounts there are.
    pub accounts: u64,
    /// Which of them are used.
    pub uses: Uses,
    /// How many events each has.
    pub prior: u32,
    /// How many clients there are.
    pub clients: usize,
    /// How many events a command appends.
    pub events: u32,
    /// For how long, if there are accounts enough.
    pub seconds: f64,
}

/// Which accounts commands are executed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uses {
    /// Each once: nobody has used it in this process. The first ones are for warming up.
    Once,
    /// All of them, again and again: each has been used in this process.
    Again,
}
