//! Projections and streams as the wire has them.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use ironflow_domain::store::{Key, KeyValueStore, Write};
use serde_json::{Value, json};

use crate::counter::{Flaky, app, get, post_json};

#[tokio::test]
async fn a_view_comes_in_an_envelope_that_is_empty_before_the_first_event() {
    let app = app(Flaky::default()).await;
    let (status, empty) = get(&app, "/api/v1/projections/sum").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (
            empty["name"].as_str(),
            empty["mode"].as_str(),
            &empty["version"]
        ),
        (Some("sum"), Some("managed"), &json!(1))
    );
    assert_eq!(empty["last_event_seq"], 0);
    assert!(empty.get("state").is_none(), "{empty}");

    for by in [3, 4] {
        post_json(&app, "/api/counters/1", &format!(r#"{{"by": {by}}}"#)).await;
    }
    let (_, full) = get(&app, "/api/v1/projections/sum").await;
    assert_eq!(
        (full["status"].as_str(), &full["last_event_seq"]),
        (Some("active"), &json!(2))
    );
    let view = &full["state"];
    assert_eq!(view["state"], json!({"sum": 7}));
    assert_eq!(view["projection_name"], "sum");
    assert_eq!(view["partition_key"], "__global__");
    assert_eq!(view["last_event_seq"], 2);

    let (_, other) = get(&app, "/api/v1/projections/sum?partition=other").await;
    assert!(other.get("state").is_none(), "{other}");
    let (_, list) = get(&app, "/api/v1/projections").await;
    assert_eq!(list["projections"][0]["name"], "sum");
    assert_eq!(list["projections"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_projection_that_fills_new_views_says_so_and_shows_the_old_ones() {
    let store = Flaky::default();
    let before = app(store.clone()).await;
    post_json(&before, "/api/counters/1", r#"{"by": 3}"#).await;
    while get(&before, "/api/v1/projections/sum").await.1["last_event_seq"] != 1 {
        tokio::task::yield_now().await;
    }
    drop(before);
    // As if that had been a program that read something else, too.
    let key = Key::new("projections", "sum");
    let entry = store.get(&key).await.unwrap().unwrap();
    let mut head: Value = serde_json::from_slice(&entry.value).unwrap();
    head["generations"][0]["definition"]["categories"] = json!(["counter", "meter"]);
    let write = Write::put(key, head.to_string());
    store.write(vec![write]).await.unwrap();

    store.is_stuck.store(true, Ordering::SeqCst);
    let after = app(store).await;
    let (status, view) = get(&after, "/api/v1/projections/sum").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (view["status"].as_str(), &view["last_event_seq"]),
        (Some("rebuilding"), &json!(0))
    );
    assert_eq!(view["state"]["state"], json!({"sum": 3}));
}

#[tokio::test]
async fn a_stream_can_be_paged_both_ways() {
    let app = app(Flaky::default()).await;
    for by in 1..=5 {
        post_json(&app, "/api/counters/1", &format!(r#"{{"by": {by}}}"#)).await;
    }
    let versions = async |query: &str| {
        let (_, body) = get(&app, &format!("/api/v1/streams/counter-1/events{query}")).await;
        assert_eq!(body["totalCount"], 5);
        let events = body["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["entityVersion"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(versions("").await, "12345");
    assert_eq!(versions("?limit=2").await, "12");
    assert_eq!(versions("?from_version=3&limit=2").await, "34");
    assert_eq!(versions("?limit=0").await, "12345");
    assert_eq!(versions("?direction=backward").await, "54321");
    assert_eq!(
        versions("?direction=backward&from_version=3&limit=2").await,
        "32"
    );
    assert_eq!(versions("?from_version=9").await, "");

    let (_, body) = get(&app, "/api/v1/streams/counter-1/events?limit=1").await;
    let event = &body["events"][0];
    assert_eq!(
        (event["name"].as_str(), &event["data"]),
        (Some("counter.counted"), &json!({"by": 1}))
    );
    assert_eq!(
        (&event["version"], event["source"].as_str()),
        (&json!(1), Some("api"))
    );
    assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn streams_are_listed_page_by_page() {
    let app = app(Flaky::default()).await;
    for id in ["a", "b", "c"] {
        post_json(&app, &format!("/api/counters/{id}"), r#"{"by": 1}"#).await;
    }
    let ids = async |query: &str| {
        let (_, body) = get(&app, &format!("/api/v1/streams{query}")).await;
        let streams = body["streams"].as_array().unwrap().clone();
        streams
            .iter()
            .map(|stream| stream["entityId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("?limit=2").await, ["counter-a", "counter-b"]);
    assert_eq!(ids("?after=counter-b").await, ["counter-c"]);
    assert_eq!(ids("?category=counter").await.len(), 3);
    assert!(ids("?category=count").await.is_empty());
    let (status, health) = get(&app, "/health").await;
    assert_eq!(
        (status, health["status"].as_str()),
        (StatusCode::OK, Some("ok"))
    );
}
