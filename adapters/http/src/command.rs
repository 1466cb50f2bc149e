//! What the headers of a request say about the command in it.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ironflow_domain::{Command, CommandId, Execution, TraceParent};

use crate::ApiError;

/// What the headers of a request say about the command in it.
///
/// `Idempotency-Key` is the command's id, `X-Request-Id` its correlation id, and `traceparent` its
/// trace; one that is not well-formed is left out, as the W3C recommendation has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CommandHeaders {
    /// The command's id.
    pub command_id: Option<CommandId>,
    /// The conversation the command is part of.
    pub correlation_id: Option<String>,
    /// The trace the command is part of.
    pub trace_id: Option<String>,
}

impl CommandHeaders {
    /// Puts what the headers say on a command.
    pub fn stamp<X, C: Command>(self, mut execution: Execution<'_, X, C>) -> Execution<'_, X, C> {
        if let Some(id) = self.command_id {
            execution = execution.command_id(id);
        }
        if let Some(id) = self.correlation_id {
            execution = execution.correlation_id(id);
        }
        if let Some(id) = self.trace_id {
            execution = execution.trace_id(id);
        }
        execution
    }

    fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        if headers.get_all("idempotency-key").iter().nth(1).is_some() {
            let twice = "header Idempotency-Key is given more than once";
            return Err(ApiError::invalid(twice));
        }
        let command_id =
            match text(headers, "idempotency-key")? {
                Some(key) => Some(CommandId::new(key).map_err(|error| {
                    ApiError::invalid(format!("header Idempotency-Key: {error}"))
                })?),
                None => None,
            };
        Ok(Self {
            command_id,
            correlation_id: text(headers, "x-request-id")?
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            trace_id: headers
                .get("traceparent")
                .and_then(|value| value.to_str().ok())
                .and_then(|trace| TraceParent::new(trace).ok())
                .map(String::from),
        })
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ApiError> {
    headers
        .get(name)
        .map(|value| {
            value
                .to_str()
                .map_err(|_| ApiError::invalid(format!("header {name} is not plain ASCII text")))
        })
        .transpose()
}

impl<S: Send + Sync> FromRequestParts<S> for CommandHeaders {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(&parts.headers)
    }
}
