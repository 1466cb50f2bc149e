//! All routes that are the same for every application.

use std::time::SystemTime;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::get;
use ironflow_domain::{Ironflow, Timestamp};
use serde::Serialize;

use crate::{ApiError, projections, streams};

/// The routes that are the same for every application:
///
/// | route | what it answers |
/// |---|---|
/// | `GET /health` | that the process serves |
/// | `GET /api/v1/projections` | the projections of this process, and how they are doing |
/// | `GET /api/v1/projections/{name}?partition=…` | one view, and how its projection is doing |
/// | `GET /api/v1/streams?category=…&after=…&limit=…` | streams in the order of their ids |
/// | `GET /api/v1/streams/{id}/events?from_version=…&limit=…&direction=…` | the events of one stream |
///
/// Merge it with your own, and set [`no_such_route`] and [`no_such_method`] as fallbacks.
pub fn router<X: Send + Sync + 'static>(ironflow: Ironflow<X>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/api/v1/projections", get(projections::list::<X>))
        .route("/api/v1/projections/{name}", get(projections::get::<X>))
        .route("/api/v1/streams", get(streams::list::<X>))
        .route("/api/v1/streams/{id}/events", get(streams::events::<X>))
        .with_state(ironflow)
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    timestamp: Timestamp,
    version: &'static str,
}

async fn health() -> axum::Json<Health> {
    let timestamp = SystemTime::now().into();
    axum::Json(Health {
        status: "ok",
        timestamp,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Answers a path that nothing is served at.
pub async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::not_found(format!("nothing is served at {}", uri.path()))
}

/// Answers a method that a path does not serve.
pub async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{method} is not served at {}", uri.path());
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    )
}
