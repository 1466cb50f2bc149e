//! What can be watched of commands: a span for each, and numbers.
//!
//! With the feature `metrics`, for whichever recorder the program installs:
//!
//! - `ironflow_commands_total`, counter, by `command` and `outcome`
//! - `ironflow_command_duration_seconds`, histogram, by `command` and `outcome`
//! - `ironflow_command_attempts`, histogram, by `command`
//! - `ironflow_command_conflicts_total`, counter, by `command`: how often others were faster
//! - `ironflow_commands_per_commit`, histogram: how many were recorded together

use std::error::Error;
use std::time::Instant;

use tracing::{Span, field};

use crate::store::Conflict;
use crate::{CommandMetadata, ExecuteError, Receipt, TransactionError, TransactionReceipt};

/// A command that is being watched. One that is dropped before its end has the outcome `dropped`.
pub(super) struct Observed {
    command: &'static str,
    span: Span,
    begun: Instant,
    has_ended: bool,
}

/// What became of a command, in the words of the span and of the numbers.
pub(super) trait Outcome {
    fn outcome(&self) -> &'static str;
    /// How many events were recorded.
    fn events(&self) -> usize;
    /// Why it failed, where nobody expects that.
    fn error(&self) -> Option<&(dyn Error + 'static)> {
        None
    }
}

impl Observed {
    /// Begins a span, and lets the command belong to the trace it is in.
    pub(super) fn begin(
        command: &'static str,
        stream: &str,
        metadata: &mut CommandMetadata,
    ) -> Self {
        let span = tracing::info_span!(
            "command",
            command,
            stream,
            command_id = metadata.command_id.as_str(),
            correlation_id = metadata.correlation_id.as_deref(),
            tenant_id = metadata.tenant_id.as_deref(),
            attempts = field::Empty,
            events = field::Empty,
            outcome = field::Empty,
            error = field::Empty,
        );
        #[cfg(feature = "opentelemetry")]
        super::trace::join(&span, metadata);
        Self {
            command,
            span,
            begun: Instant::now(),
            has_ended: false,
        }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Others were faster, and it is decided again, or given up.
    pub(super) fn overtaken(&self, conflict: &Conflict, attempts: u32) {
        let _entered = self.span.enter();
        tracing::debug!(%conflict, attempts, "others were faster");
        #[cfg(feature = "metrics")]
        metrics::counter!("ironflow_command_conflicts_total", "command" => self.command)
            .increment(1);
    }

    pub(super) fn end(mut self, outcome: &impl Outcome, attempts: u32) {
        self.span.record("events", outcome.events());
        if let Some(error) = outcome.error() {
            self.span.record("error", error);
        }
        self.tell(outcome.outcome(), attempts);
    }

    fn tell(&mut self, outcome: &'static str, attempts: u32) {
        self.has_ended = true;
        self.span.record("attempts", attempts);
        self.span.record("outcome", outcome);
        #[cfg(feature = "metrics")]
        {
            let command = self.command;
            metrics::counter!("ironflow_commands_total", "command" => command, "outcome" => outcome)
                .increment(1);
            metrics::histogram!(
                "ironflow_command_duration_seconds", "command" => command, "outcome" => outcome
            )
            .record(self.begun.elapsed());
            if attempts > 0 {
                metrics::histogram!("ironflow_command_attempts", "command" => command)
                    .record(f64::from(attempts));
            }
        }
        #[cfg(not(feature = "metrics"))]
        let _ = (self.command, self.begun);
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if !self.has_ended {
            self.tell("dropped", 0);
        }
    }
}

/// So many commands were recorded together.
pub(super) fn committed(commands: usize) {
    #[cfg(feature = "metrics")]
    {
        #[allow(clippy::cast_precision_loss, reason = "there are never so many")]
        metrics::histogram!("ironflow_commands_per_commit").record(commands as f64);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = commands;
}

fn of_receipt(duplicate: bool, events: usize) -> &'static str {
    match (duplicate, events) {
        (true, _) => "duplicate",
        (false, 0) => "nothing",
        (false, _) => "recorded",
    }
}

fn of_error<R>(error: &ExecuteError<R>) -> &'static str {
    match error {
        ExecuteError::Rejected(_) | ExecuteError::AlreadyExists { .. } => "rejected",
        ExecuteError::Conflict { .. } => "conflict",
        ExecuteError::DeadlineExceeded { .. } => "late",
        ExecuteError::OtherAggregate { .. }
        | ExecuteError::CommandIdReused(_)
        | ExecuteError::StreamId(_)
        | ExecuteError::CommandId(_)
        | ExecuteError::Metadata(_) => "invalid",
        ExecuteError::Enrichment { .. }
        | ExecuteError::Undecodable(_)
        | ExecuteError::Encode(_)
        | ExecuteError::Unreadable { .. }
        | ExecuteError::Store(_) => "failed",
    }
}

impl<R: Error + 'static> Outcome for Result<Receipt, ExecuteError<R>> {
    fn outcome(&self) -> &'static str {
        match self {
            Ok(receipt) => of_receipt(receipt.duplicate, receipt.event_ids.len()),
            Err(error) => of_error(error),
        }
    }

    fn events(&self) -> usize {
        self.as_ref().map_or(0, |receipt| receipt.event_ids.len())
    }

    fn error(&self) -> Option<&(dyn Error + 'static)> {
        let failed = |error: &&ExecuteError<R>| of_error(error) == "failed";
        let error = self.as_ref().err().filter(failed)?;
        Some(error)
    }
}

impl Outcome for Result<TransactionReceipt, TransactionError> {
    fn outcome(&self) -> &'static str {
        match self {
            Ok(receipt) => of_receipt(receipt.duplicate, self.events()),
            Err(TransactionError::Refused { source, .. }) => of_error(source),
            Err(TransactionError::TwoAggregates { .. }) => "invalid",
            Err(TransactionError::Execute(source)) => of_error(source),
        }
    }

    fn events(&self) -> usize {
        let receipts = self.iter().flat_map(|receipt| &receipt.receipts);
        receipts.map(|receipt| receipt.event_ids.len()).sum()
    }

    fn error(&self) -> Option<&(dyn Error + 'static)> {
        let error = self.as_ref().err().filter(|_| self.outcome() == "failed")?;
        Some(error)
    }
}
