//! What views show while the log grows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::account_id;
use crate::timing::Latencies;

/// How many events of each account its view shows, and since when that was asked for.
#[derive(Debug, Clone)]
pub struct Shown(Arc<Mutex<HashMap<String, Account>>>);

#[derive(Debug, Default)]
struct Account {
    events: u64,
    /// What is recorded and was not shown then: the number of the event, and when it was recorded.
    awaited: Vec<(u64, Instant)>,
    latencies: Latencies,
}

impl Shown {
    /// The views of the first accounts.
    pub(crate) fn of(accounts: u64) -> Self {
        let accounts = (0..accounts).map(|account| (account_id(account), Account::default()));
        Self(Arc::new(Mutex::new(accounts.collect())))
    }

    /// The view of an account shows so many events.
    pub fn shows(&self, account: &str, events: u64) {
        let now = Instant::now();
        if let Some(account) = self.accounts().get_mut(account) {
            account.events = events;
            account.settle(now);
        }
    }

    /// That event of an account has been recorded just now.
    pub(crate) fn recorded(&self, account: u64, event: u64) {
        let now = Instant::now();
        if let Some(account) = self.accounts().get_mut(&account_id(account)) {
            account.awaited.push((event, now));
            account.settle(now);
        }
    }

    /// Waits until everything is shown that was recorded; says how long each took.
    pub(crate) async fn all(&self) -> Latencies {
        while !self.is_settled() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut all = Latencies::default();
        for account in self.accounts().values_mut() {
            all.append(std::mem::take(&mut account.latencies));
        }
        all
    }

    fn is_settled(&self) -> bool {
        let accounts = self.accounts();
        accounts.values().all(|account| account.awaited.is_empty())
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn settle(&mut self, now: Instant) {
        let Self {
            events,
            awaited,
            latencies,
        } = self;
        awaited.retain(|(event, since)| {
            let is_shown = event <= events;
            if is_shown {
                latencies.push(now.saturating_duration_since(*since));
            }
            !is_shown
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_recorded_is_waited_for_until_it_is_shown() {
        let shown = Shown::of(2);
        shown.shows(&account_id(0), 3);
        // It was shown before its writer had heard of it.
        shown.recorded(0, 3);
        shown.recorded(1, 1);
        shown.recorded(1, 2);
        let all = tokio::spawn({
            let shown = shown.clone();
            async move { shown.all().await }
        });
        shown.shows(&account_id(1), 1);
        assert!(!all.is_finished());
        shown.shows(&account_id(1), 2);
        let mut latencies = all.await.unwrap();
        latencies.sort();
        assert!(
            latencies
                .quantile_us(1.0)
                .is_some_and(|longest| longest > 0.0)
        );
    }
}
