//! What is in a store before something is measured.

use harness::Work;

/// Accounts, in groups that have the same number of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Seed(Vec<(u64, u32)>);

impl Seed {
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn accounts(accounts: u64, events: u32) -> Self {
        Self(vec![(accounts, events)])
    }

    pub(crate) fn and(mut self, accounts: u64, events: u32) -> Self {
        self.0.push((accounts, events));
        self
    }

    /// How many events that are.
    pub(crate) fn events(&self) -> u64 {
        let events = self.0.iter().map(|(accounts, n)| accounts * u64::from(*n));
        events.sum()
    }

    /// How it is made.
    pub(crate) fn work(&self) -> impl Iterator<Item = Work> {
        let mut first = 0;
        self.0.iter().map(move |(accounts, events)| {
            let work = Work::Seed {
                first,
                accounts: *accounts,
                events: *events,
            };
            first += accounts;
            work
        })
    }
}
