//! The plumbing that rides beside the data of every event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What is known about an event besides what happened: who caused it, on whose behalf, in which
/// conversation.
///
/// Filled in for the user: every event of a command carries it. It is never part of the payload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Metadata {
    /// The direct cause: the id of the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// The conversation: the command's correlation id, else the command's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Whose data this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The distributed trace, as a W3C `traceparent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What the systems on the way of the trace add to it, as a W3C `tracestate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_state: Option<String>,
    /// Who issued the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// When the command was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// The name of the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A hash of what the command said, where it was given an id and implements `Serialize`: another
    /// command under the same id is told from a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_hash: Option<String>,
    /// A hash of the whole transaction, where the command was one of several that were recorded
    /// together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Which of the transaction's commands it was, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// What else the application wants to ride along.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}
