//! Extractors whose refusals name the field.

use std::error::Error;

use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError};
use serde::de::DeserializeOwned;

use crate::ApiError;

/// A JSON body, or in an `Option`, one that may be left out. What does not fit is refused with
/// status 400 and the path of the field, whatever the request says its content type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = read(request).await?;
        if is_blank(&body) {
            return Err(ApiError::invalid("the body is empty: expected JSON"));
        }
        parse(&body).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, ApiError> {
        let body = read(request).await?;
        if is_blank(&body) {
            Ok(None)
        } else {
            parse(&body).map(Self).map(Some)
        }
    }
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    let mut body = request.with_limited_body().into_body();
    match (&mut body).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if is_too_large(&error) => {
            throw_away(body).await;
            Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "the body is too large",
            ))
        }
        Err(error) => Err(ApiError::invalid(format!(
            "the body cannot be read: {error}"
        ))),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    matches!(error.source(), Some(source) if source.is::<LengthLimitError>())
}

/// Reads on without keeping anything: many clients look for an answer only when they have sent
/// everything. Not without an end.
async fn throw_away(mut body: Body) {
    for _ in 0..10_000 {
        match body.frame().await {
            Some(Err(error)) if !is_too_large(&error) => return,
            Some(_) => {}
            None => return,
        }
    }
}

fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        match error.into_inner() {
            inner if inner.is_data() && path != "." => {
                ApiError::invalid(format!("{path}: {inner}"))
            }
            inner if inner.is_data() => ApiError::invalid(inner.to_string()),
            inner => ApiError::invalid(format!("the body is not JSON: {inner}")),
        }
    })?;
    json.end()
        .map_err(|error| ApiError::invalid(format!("the body goes on after its end: {error}")))?;
    Ok(value)
}

/// The parameters of the URL. What does not fit is refused with status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| ApiError::invalid(rejection.body_text()))
    }
}

/// The parameters in the path. What does not fit, such as one that is not UTF-8, is refused with
/// status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => {
                Err(ApiError::invalid(rejection.body_text()))
            }
            // The route has other parameters than the handler asks for.
            Err(rejection) => Err(ApiError::internal(&rejection)),
        }
    }
}
