//! What was measured.

use serde::{Deserialize, Serialize};

use crate::timing::Latencies;

/// What a contender answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// How many were done: commands, events read, rounds.
    pub done: u64,
    /// How long that took.
    pub seconds: f64,
    /// Half of the commands or loads took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<f64>,
    /// One in a hundred took longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<f64>,
    /// The most memory that the process has had, in bytes, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
    /// How many conflicts reached the caller, who tried again.
    #[serde(default)]
    pub retries: u64,
    /// How many failed for good, and why the first of them did.
    #[serde(default)]
    pub failures: u64,
    /// Why it is not to be trusted: it was cut short, or the result is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// It cannot be done at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
}

impl Answer {
    pub(crate) fn with_latencies(mut self, mut latencies: Latencies) -> Self {
        latencies.sort();
        self.p50_us = latencies.quantile_us(0.5);
        self.p99_us = latencies.quantile_us(0.99);
        self
    }

    pub(crate) fn remark(mut self, remark: impl Into<String>) -> Self {
        let remark = remark.into();
        self.remark = Some(match self.remark {
            Some(before) => format!("{before}; {remark}"),
            None => remark,
        });
        self
    }
}
