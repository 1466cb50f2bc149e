//! What is known about a command besides what is asked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use crate::model::identity::start_of;
use crate::{CommandId, Metadata, Timestamp, TraceParent};

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
    /// What the systems on the way of the trace add to it, as a W3C `tracestate`.
    pub trace_state: Option<String>,
    /// What else the application wants to ride along.
    pub extra: BTreeMap<String, String>,
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
            trace_state: None,
            extra: BTreeMap::new(),
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
            trace_state: self.trace_state.clone(),
            issued_by: self.issued_by.clone(),
            issued_at: Some(self.issued_at),
            command: Some(name.to_owned()),
            command_hash: None,
            transaction: None,
            part: None,
            extra: self.extra.clone(),
        }
    }

    /// Whether it may ride along: it is written beside every event.
    ///
    /// # Errors
    ///
    /// When a text is empty, has a control character, or is no trace of the W3C where it should be
    /// one; and when all of it has more than 4096 bytes.
    pub fn check(&self) -> Result<(), InvalidMetadata> {
        let known = [
            ("issued by", self.issued_by.as_deref()),
            ("correlation id", self.correlation_id.as_deref()),
            ("tenant id", self.tenant_id.as_deref()),
            ("trace id", self.trace_id.as_deref()),
            ("trace state", self.trace_state.as_deref()),
            ("source", Some(&*self.source)),
        ];
        let known = known
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?)));
        let mut bytes = 0;
        for (name, text) in known {
            bytes += text.len();
            check_text(text).map_err(|problem| InvalidMetadata::new(name, problem))?;
        }
        for (key, value) in &self.extra {
            bytes += key.len() + value.len();
            check_text(key).map_err(|problem| InvalidMetadata::of_key(key, problem))?;
            if value.chars().any(char::is_control) {
                return Err(InvalidMetadata::new(key, "it has a control character"));
            }
        }
        if let Some(trace) = &self.trace_id {
            TraceParent::new(trace.as_str())
                .map_err(|invalid| InvalidMetadata::new("trace id", invalid.problem()))?;
        }
        if bytes > MOST_BYTES {
            let problem = "more than 4096 bytes; what the domain is about belongs in the payload";
            return Err(InvalidMetadata::new("all of it together", problem));
        }
        Ok(())
    }
}

/// The most bytes of text beside an event.
const MOST_BYTES: usize = 4_096;

fn check_text(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("it is empty")
    } else if text.chars().any(char::is_control) {
        Err("it has a control character")
    } else {
        Ok(())
    }
}

/// What is known about a command cannot ride beside its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMetadata {
    what: String,
    problem: &'static str,
}

impl InvalidMetadata {
    fn new(what: &str, problem: &'static str) -> Self {
        Self {
            what: what.to_owned(),
            problem,
        }
    }

    fn of_key(key: &str, problem: &'static str) -> Self {
        let what = format!("the key {:?}", start_of(key));
        Self { what, problem }
    }
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, problem } = self;
        write!(
            f,
            "the metadata of the command cannot be recorded: {what}: {problem}"
        )
    }
}

impl Error for InvalidMetadata {}
