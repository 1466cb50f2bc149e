//! Every error as `{"error", "message", "code"}` with the status that fits.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ironflow_domain::store::{StoreError, StoreErrorKind};
use ironflow_domain::{
    ClaimError, DispatchError, EmitError, ExecuteError, FinalizeError, InvalidCommandId,
    InvalidStreamId, LoadError, QueryError, Reason, ReleaseError, TransactionError,
    UndecodableEvent, UnreadableClaim, WaitError,
};
use serde::Serialize;

/// An error a client can read: a status, a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// A domain's reason to refuse a command, as clients see it: status 422, this code, and the error's
/// own sentence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what code clients know it by",
    label = "`Rejection` is missing",
    note = "write `impl Rejection for {Self} {{ fn code(&self) -> &'static str {{ … }} }}`, or where `{Self}` is another crate's, answer with `ApiError::executing(error, |reason| …)`"
)]
pub trait Rejection: Error {
    /// The code for programs, such as `overdraft`. It is part of the interface: it does not change
    /// when the sentence does.
    fn code(&self) -> &'static str;

    /// The status; 422 unless there is a better one, such as 404 for what does not exist.
    fn status(&self) -> StatusCode {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

impl ApiError {
    /// An error with that status, code and sentence.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400: the request is not one we understand.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", message)
    }

    /// 404: what was asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 500: it is our fault. The client is not told how; the log is.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side",
        )
    }

    /// 503: it may work if tried again.
    fn unavailable(error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(error, "a request could not be served");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "a service this depends on is unavailable: try again",
        )
    }

    /// 503: it may have happened, and sending it again with the same id finds out.
    fn in_doubt(error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(error, "a request may or may not have been served");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "in_doubt",
            "whether it happened is not known: send it again with the same Idempotency-Key",
        )
    }

    /// What became of a command, where the reason to refuse is not yours to implement
    /// [`Rejection`] for.
    ///
    /// ```
    /// # use axum::http::StatusCode;
    /// # use ironflow_domain::ExecuteError;
    /// # use ironflow_http::ApiError;
    /// # fn answer(error: ExecuteError<std::fmt::Error>) -> ApiError {
    /// ApiError::executing(error, |reason| {
    ///     ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", reason.to_string())
    /// })
    /// # }
    /// ```
    pub fn executing<R: Error + 'static>(
        error: ExecuteError<R>,
        refused: impl FnOnce(&R) -> Self,
    ) -> Self {
        match error {
            ExecuteError::Rejected(reason) => refused(&reason),
            ExecuteError::Conflict { .. } => {
                Self::new(StatusCode::CONFLICT, "aborted", error.to_string())
            }
            ExecuteError::CommandIdReused { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "command_id_reused",
                error.to_string(),
            ),
            ExecuteError::AlreadyExists { .. } => {
                Self::new(StatusCode::CONFLICT, "already_exists", error.to_string())
            }
            ExecuteError::OtherAggregate { .. } => Self::invalid(error.to_string()),
            ExecuteError::StreamId(error) => error.into(),
            ExecuteError::CommandId(error) => Self::invalid(error.to_string()),
            ExecuteError::Metadata(error) => Self::invalid(error.to_string()),
            ExecuteError::Enrichment { .. } | ExecuteError::DeadlineExceeded { .. } => {
                Self::unavailable(&error)
            }
            ExecuteError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }

    /// What became of a command that was known by its name: 404 where there is none, 400 where the
    /// JSON is not its own, the rest as with [`executing`](Self::executing).
    ///
    /// ```
    /// # use axum::http::StatusCode;
    /// # use ironflow_domain::DispatchError;
    /// # use ironflow_http::{ApiError, Rejection};
    /// # fn answer<OrderError: Rejection + 'static>(error: DispatchError) -> ApiError {
    /// ApiError::dispatching(error, |reason| match reason.downcast_ref::<OrderError>() {
    ///     Some(refused) => ApiError::new(refused.status(), refused.code(), refused.to_string()),
    ///     None => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", reason.to_string()),
    /// })
    /// # }
    /// ```
    pub fn dispatching(error: DispatchError, refused: impl FnOnce(&Reason) -> Self) -> Self {
        match error {
            DispatchError::UnknownCommand { name, .. } => {
                Self::not_found(format!("there is no command {name}"))
            }
            DispatchError::Unreadable { source, .. } => Self::invalid(source.to_string()),
            DispatchError::Misnamed { .. } => Self::invalid(error.to_string()),
            DispatchError::NotAddressed { command, .. } => {
                Self::invalid(format!("{command} does not say which aggregate it is for"))
            }
            DispatchError::Execute(error) => Self::executing(error, refused),
            error => Self::internal(&error),
        }
    }

    /// What became of commands that were to be executed together: of the one that was refused, as with
    /// [`executing`](Self::executing).
    pub fn transacting(error: TransactionError, refused: impl FnOnce(&Reason) -> Self) -> Self {
        match error {
            TransactionError::Refused { source, .. } => Self::executing(*source, refused),
            TransactionError::Execute(source) => Self::executing(source, refused),
            error => Self::internal(&error),
        }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
    code: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body {
            error: &self.message,
            message: &self.message,
            code: self.code,
        };
        (self.status, axum::Json(body)).into_response()
    }
}

impl<R: Rejection + 'static> From<ExecuteError<R>> for ApiError {
    fn from(error: ExecuteError<R>) -> Self {
        Self::executing(error, |reason| {
            Self::new(reason.status(), reason.code(), reason.to_string())
        })
    }
}

impl From<EmitError> for ApiError {
    fn from(error: EmitError) -> Self {
        match error {
            EmitError::StreamId(error) => error.into(),
            EmitError::CommandIdReused(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "command_id_reused",
                error.to_string(),
            ),
            EmitError::Name(_)
            | EmitError::NotAnObject { .. }
            | EmitError::CommandId(_)
            | EmitError::Metadata(_) => Self::invalid(error.to_string()),
            EmitError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::StreamId(error) => error.into(),
            LoadError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Store(error) => error.into(),
            // Another program has taken over: one of its processes can answer.
            QueryError::OtherShape { .. }
            | QueryError::Deleted { .. }
            | QueryError::Rebuilding { .. } => Self::unavailable(&error),
            error => Self::internal(&error),
        }
    }
}

impl From<WaitError> for ApiError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Timeout { .. } => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "deadline_exceeded",
                error.to_string(),
            ),
            WaitError::Store(error) => error.into(),
            error => Self::unavailable(&error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Unavailable | StoreErrorKind::Closed => Self::unavailable(&error),
            StoreErrorKind::InDoubt => Self::in_doubt(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<InvalidStreamId> for ApiError {
    fn from(error: InvalidStreamId) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<InvalidCommandId> for ApiError {
    fn from(error: InvalidCommandId) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<UndecodableEvent> for ApiError {
    fn from(error: UndecodableEvent) -> Self {
        Self::internal(&error)
    }
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        match &error {
            ClaimError::CommandId(error) => Self::invalid(error.to_string()),
            // Nothing was begun, whatever the store knows.
            ClaimError::Store { source, .. } if passes(source) => Self::unavailable(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<FinalizeError> for ApiError {
    /// The side effect has happened by then: whoever sends the command again gets to know the result.
    fn from(error: FinalizeError) -> Self {
        match &error {
            FinalizeError::Lost(_) => Self::in_doubt(&error),
            FinalizeError::Store { source, .. } if passes(source) => Self::in_doubt(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<ReleaseError> for ApiError {
    fn from(error: ReleaseError) -> Self {
        match &error {
            // Whoever has it now may have done it.
            ReleaseError::Lost(_) => Self::in_doubt(&error),
            ReleaseError::Store { source, .. } if passes(source) => Self::unavailable(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<UnreadableClaim> for ApiError {
    fn from(error: UnreadableClaim) -> Self {
        Self::internal(&error)
    }
}

/// Whether another try may find the store in a better state.
fn passes(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::Unavailable | StoreErrorKind::Closed | StoreErrorKind::InDoubt
    )
}
