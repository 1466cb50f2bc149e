//! Commands in, receipts out.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ironflow_domain::{Addressed, CommandId, Enrich, EventId, Execution, StreamVersion};
use ironflow_http::{ApiError, CommandHeaders, Json, Path};
use serde::{Deserialize, Serialize};

use crate::Orders;
use crate::commands::{CancelOrder, ConfirmOrder, PayOrder, PlaceOrder, ShipOrder};
use crate::domain::{Order, OrderId, PaymentId};
use crate::shop::Shop;

pub(crate) fn routes() -> Router<Orders> {
    Router::new()
        .route("/api/orders", post(place))
        .route("/api/orders/{id}/confirm", post(confirm))
        .route("/api/orders/{id}/pay", post(pay))
        .route("/api/orders/{id}/ship", post(ship))
        .route("/api/orders/{id}/cancel", post(cancel))
}

/// What a client gets for a command that was accepted: the read models follow shortly.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    order_id: OrderId,
    command_id: CommandId,
    event_id: Option<EventId>,
    entity_version: StreamVersion,
}

/// Executes a command. One that had been executed before gets the same answer, with a header that
/// says so.
async fn answer<C>(
    order_id: OrderId,
    headers: CommandHeaders,
    command: Execution<'_, Shop, C>,
) -> Result<Response, ApiError>
where
    C: Addressed<Aggregate = Order>,
    Shop: Enrich<C>,
{
    let receipt = headers.stamp(command).await?;
    let accepted = Accepted {
        order_id,
        command_id: receipt.command_id,
        event_id: receipt.event_ids.last().copied(),
        entity_version: receipt.version,
    };
    let mut response = (StatusCode::ACCEPTED, axum::Json(accepted)).into_response();
    if receipt.duplicate {
        response
            .headers_mut()
            .insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn place(
    State(orders): State<Orders>,
    headers: CommandHeaders,
    Json(command): Json<PlaceOrder>,
) -> Result<Response, ApiError> {
    let (order_id, customer) = (command.order_id.clone(), command.customer_id.to_string());
    answer(
        order_id,
        headers,
        orders.execute(command).issued_by(customer),
    )
    .await
}

async fn confirm(
    State(orders): State<Orders>,
    Path(order_id): Path<OrderId>,
    headers: CommandHeaders,
) -> Result<Response, ApiError> {
    let command = ConfirmOrder {
        order_id: order_id.clone(),
    };
    answer(order_id, headers, orders.execute(command)).await
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: Option<PaymentId>,
}

async fn pay(
    State(orders): State<Orders>,
    Path(order_id): Path<OrderId>,
    headers: CommandHeaders,
    body: Option<Json<Payment>>,
) -> Result<Response, ApiError> {
    let Json(Payment { payment_id }) = body.unwrap_or_default();
    let command = PayOrder {
        order_id: order_id.clone(),
        payment_id,
    };
    answer(order_id, headers, orders.execute(command)).await
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Shipment {
    tracking_number: Option<String>,
}

async fn ship(
    State(orders): State<Orders>,
    Path(order_id): Path<OrderId>,
    headers: CommandHeaders,
    body: Option<Json<Shipment>>,
) -> Result<Response, ApiError> {
    let Json(Shipment { tracking_number }) = body.unwrap_or_default();
    let command = ShipOrder {
        order_id: order_id.clone(),
        tracking_number,
    };
    answer(order_id, headers, orders.execute(command)).await
}

#[derive(Deserialize, Default)]
struct Cancellation {
    reason: Option<String>,
}

async fn cancel(
    State(orders): State<Orders>,
    Path(order_id): Path<OrderId>,
    headers: CommandHeaders,
    body: Option<Json<Cancellation>>,
) -> Result<Response, ApiError> {
    let Json(Cancellation { reason }) = body.unwrap_or_default();
    let command = CancelOrder {
        order_id: order_id.clone(),
        reason,
    };
    answer(order_id, headers, orders.execute(command)).await
}
