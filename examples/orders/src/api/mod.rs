//! The service over HTTP.

mod orders;
mod rejection;

use axum::Router;

use crate::Orders;

/// Everything the service answers.
pub fn router(orders: Orders) -> Router {
    orders::routes()
        .with_state(orders.clone())
        .merge(ironflow_http::router(orders))
        .fallback(ironflow_http::no_such_route)
        .method_not_allowed_fallback(ironflow_http::no_such_method)
}
