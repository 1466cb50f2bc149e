//! What is known about a command besides what is asked.

use std::borrow::Cow;

use crate::{CommandId, Metadata, Timestamp};

/// What is known about a command besides what is asked. Enrichment sees it; every event of the
/// command carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandMetadata {
    /// The command's id, the idempotency key: the caller's, or a random one.
    pub command_id: CommandId,
    /// When the command was issued.
    pub issued_at: Timestamp,
    /// Who issued it.
    pub issued_by: Option<String>,
    /// The conversation it is part of; its own id unless given.
    pub correlation_id: Option<String>,
    /// Whose data it is about.
    pub tenant_id: Option<String>,
    /// The distributed trace it is part of, as a W3C `traceparent`.
    pub trace_id: Option<String>,
    /// Where it came from; `api` unless given.
    pub source: Cow<'static, str>,
}

impl CommandMetadata {
    /// Of a command that was issued at a given time, and of which nothing else is known.
    #[must_use]
    pub fn at(command_id: CommandId, issued_at: Timestamp) -> Self {
        Self {
            command_id,
            issued_at,
            issued_by: None,
            correlation_id: None,
            tenant_id: None,
            trace_id: None,
            source: Cow::Borrowed("api"),
        }
    }

    /// What every event of the command called `name` carries.
    ///
    /// ```
    /// use ironflow_domain::{CommandId, CommandMetadata};
    ///
    /// let issued = CommandMetadata::at(CommandId::new("cmd-1")?, "2026-04-17T14:22:01Z".parse()?);
    /// let metadata = issued.for_events("place-order");
    /// assert_eq!(metadata.causation_id.as_deref(), Some("cmd-1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_events(&self, name: &str) -> Metadata {
        let command_id = self.command_id.as_str();
        Metadata {
            causation_id: Some(command_id.to_owned()),
            correlation_id: Some(
                self.correlation_id
                    .clone()
                    .unwrap_or_else(|| command_id.to_owned()),
            ),
            tenant_id: self.tenant_id.clone(),
            trace_id: self.trace_id.clone(),
            issued_by: self.issued_by.clone(),
            issued_at: Some(self.issued_at),
            command: Some(name.to_owned()),
            ..Metadata::default()
        }
    }
}
