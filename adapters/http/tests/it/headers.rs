//! What the headers of a request say about the command in it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

use crate::counter::{Flaky, app, get, send};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn count(app: &Router, headers: &[(&str, &[u8])]) -> (StatusCode, Value) {
    let mut request = Request::post("/api/counters/1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(app, request.body(Body::from(r#"{"by": 1}"#)).unwrap()).await
}

async fn metadata_of_last(app: &Router) -> Value {
    let (_, body) = get(
        app,
        "/api/v1/streams/counter-1/events?direction=backward&limit=1",
    )
    .await;
    body["events"][0]["metadata"].clone()
}

#[tokio::test]
async fn the_headers_become_the_metadata_of_the_events() {
    let app = app(Flaky::default()).await;
    let headers: [(&str, &[u8]); 4] = [
        ("Idempotency-Key", b"cmd-1"),
        ("X-Request-Id", b"req-1"),
        ("traceparent", TRACE.as_bytes()),
        ("tracestate", b"congo=t61"),
    ];
    assert_eq!(count(&app, &headers).await.0, StatusCode::ACCEPTED);
    assert_eq!(count(&app, &headers).await.0, StatusCode::ACCEPTED);
    let metadata = metadata_of_last(&app).await;
    assert_eq!(metadata["causationId"], "cmd-1");
    assert_eq!(metadata["correlationId"], "req-1");
    assert_eq!(metadata["traceId"], TRACE);
    assert_eq!(metadata["traceState"], "congo=t61");
    assert_eq!(metadata["command"], "count");
    let (_, stream) = get(&app, "/api/v1/streams/counter-1/events").await;
    assert_eq!(stream["totalCount"], 1, "the same command has one effect");
}

#[tokio::test]
async fn a_trace_that_is_not_well_formed_is_left_out() {
    let app = app(Flaky::default()).await;
    for trace in ["", "nonsense", "00-XYZ-00f067aa0ba902b7-01", &TRACE[1..]] {
        let headers: [(&str, &[u8]); 2] = [
            ("traceparent", trace.as_bytes()),
            ("tracestate", b"congo=t61"),
        ];
        assert_eq!(count(&app, &headers).await.0, StatusCode::ACCEPTED);
        let metadata = metadata_of_last(&app).await;
        assert_eq!(metadata["traceId"], Value::Null);
        assert_eq!(metadata["traceState"], Value::Null);
    }
}

#[tokio::test]
async fn a_key_that_is_given_twice_is_refused() {
    let app = app(Flaky::default()).await;
    let headers: [(&str, &[u8]); 2] = [("Idempotency-Key", b"one"), ("Idempotency-Key", b"two")];
    let (status, body) = count(&app, &headers).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["message"],
        "header Idempotency-Key is given more than once"
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_a_command_id_is_refused() {
    let app = app(Flaky::default()).await;
    let long = vec![b'x'; 300];
    for key in [&b""[..], &long, "schlüssel".as_bytes()] {
        let (status, body) = count(&app, &[("Idempotency-Key", key)]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let message = body["message"].as_str().unwrap().to_lowercase();
        assert!(message.contains("header idempotency-key"), "{message}");
    }
}
