//! What the headers of a request say about the command in it.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ironflow_domain::{
    Command, CommandId, Dispatch, Emission, Execution, TraceParent, Transaction,
};

use crate::ApiError;

/// What the headers of a request say about the command in it.
///
/// `Idempotency-Key` is the command's id, `X-Request-Id` its correlation id, and `traceparent` with
/// `tracestate` its trace; one that is not well-formed is left out, as the W3C recommendation has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CommandHeaders {
    /// The command's id.
    pub command_id: Option<CommandId>,
    /// The conversation the command is part of.
    pub correlation_id: Option<String>,
    /// The trace the command is part of.
    pub trace_id: Option<String>,
    /// What the systems on the way of the trace added to it; only together with a trace.
    pub trace_state: Option<String>,
}

/// What the headers of a request can be put on: a command about to be executed, also by its name or
/// with others, and a fact about to be recorded.
pub trait Stamped: Sized {
    /// With what the headers say.
    #[must_use]
    fn stamped(self, headers: CommandHeaders) -> Self;
}

macro_rules! stamped {
    () => {
        fn stamped(mut self, headers: CommandHeaders) -> Self {
            let CommandHeaders {
                command_id,
                correlation_id,
                trace_id,
                trace_state,
            } = headers;
            if let Some(id) = command_id {
                self = self.command_id(id);
            }
            if let Some(id) = correlation_id {
                self = self.correlation_id(id);
            }
            if let Some(id) = trace_id {
                self = self.trace_id(id);
            }
            if let Some(state) = trace_state {
                self = self.trace_state(state);
            }
            self
        }
    };
}

impl<X, C: Command> Stamped for Execution<'_, X, C> {
    stamped!();
}

impl<X> Stamped for Dispatch<'_, X> {
    stamped!();
}

impl<X: Send + Sync + 'static> Stamped for Transaction<'_, X> {
    stamped!();
}

impl Stamped for Emission<'_> {
    stamped!();
}

impl CommandHeaders {
    /// Puts what the headers say on a command, or on a fact.
    pub fn stamp<S: Stamped>(self, execution: S) -> S {
        execution.stamped(self)
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
        let trace_id = plain(headers, "traceparent").and_then(|trace| TraceParent::new(trace).ok());
        Ok(Self {
            command_id,
            correlation_id: text(headers, "x-request-id")?
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            trace_state: plain(headers, "tracestate")
                .filter(|state| trace_id.is_some() && !state.is_empty())
                .map(str::to_owned),
            trace_id: trace_id.map(String::from),
        })
    }
}

/// A header that is left out where it is not well-formed.
fn plain<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
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
