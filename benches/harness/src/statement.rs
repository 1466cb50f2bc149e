//! A view of an account, for those that keep views by hand.

use serde::{Deserialize, Serialize};

use crate::AccountEvent;

/// What has happened on an account, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// How many events there were.
    pub events: u64,
    /// How much was paid in.
    pub cents: u64,
}

impl Statement {
    /// Changes it by one event.
    pub fn fold(&mut self, event: &AccountEvent) {
        self.events += 1;
        if let AccountEvent::Deposited { cents } = event {
            self.cents += cents;
        }
    }

    /// Two of them as one.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.cents += other.cents;
    }

    /// As it is stored.
    ///
    /// # Errors
    ///
    /// Never, as numbers can be written.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// As it was stored.
    ///
    /// # Errors
    ///
    /// When it was not.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}
