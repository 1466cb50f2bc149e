//! Every error has a status, a code and a sentence, and tells nobody what is none of their
//! business.

use std::time::Duration;

use axum::http::StatusCode;
use ironflow_domain::store::{
    Append, ExpectedVersion, Key, KeyValueStore, MemoryStore, NewEvent, StoreErrorKind,
    StreamStore, Write,
};
use ironflow_domain::{
    Claim, Claimed, Claims, CommandId, Emission, EventId, Ironflow, Metadata, SchemaVersion,
    Transaction,
};
use ironflow_http::ApiError;
use serde_json::json;

use crate::counter::{Count, Flaky, app, get, post_json};

#[tokio::test]
async fn a_rule_that_refuses_is_the_clients_to_read() {
    let app = app(Flaky::default()).await;
    let (status, body) = post_json(&app, "/api/counters/1", r#"{"by": 11}"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        body,
        json!({"error": "11 is too much", "message": "11 is too much", "code": "too_much"})
    );
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_at_the_field() {
    let app = app(Flaky::default()).await;
    for (body, says) in [
        (r#"{"by": "many"}"#, "by: invalid type: string"),
        (r#"{"by": -1}"#, "by: invalid value: integer `-1`"),
        ("{}", "missing field `by`"),
        ("[", "the body is not JSON"),
        (r#"{"by": 1} and more"#, "the body goes on after its end"),
        ("", "the body is empty"),
        (" \n", "the body is empty"),
    ] {
        let (status, answer) = post_json(&app, "/api/counters/1", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer["code"], "invalid_argument");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with(says), "{body} → {message}");
    }
}

#[tokio::test]
async fn a_store_that_may_recover_is_503_and_one_that_is_broken_500_without_details() {
    for (kind, status, code) in [
        (
            StoreErrorKind::Unavailable,
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
        ),
        (
            StoreErrorKind::Closed,
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
        ),
        (
            StoreErrorKind::InDoubt,
            StatusCode::SERVICE_UNAVAILABLE,
            "in_doubt",
        ),
        (
            StoreErrorKind::Damaged,
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
        ),
        (
            StoreErrorKind::Other,
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
        ),
    ] {
        let store = Flaky::default();
        let app = app(store.clone()).await;
        let (accepted, _) = post_json(&app, "/api/counters/1", r#"{"by": 1}"#).await;
        assert_eq!(accepted, StatusCode::ACCEPTED);
        store.fail_with(kind);
        for answer in [
            post_json(&app, "/api/counters/1", r#"{"by": 1}"#).await,
            get(&app, "/api/v1/projections/sum").await,
            get(&app, "/api/v1/streams").await,
            get(&app, "/api/v1/streams/counter-1/events").await,
        ] {
            assert_eq!((answer.0, answer.1["code"].as_str()), (status, Some(code)));
            assert!(!answer.1.to_string().contains("room 17"), "{}", answer.1);
        }
    }
}

#[tokio::test]
async fn a_stream_that_exists_is_a_conflict_and_another_aggregate_a_bad_request() {
    let app = app(Flaky::default()).await;
    let (status, _) = post_json(&app, "/api/counters/1/open/1", "").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, body) = post_json(&app, "/api/counters/1/open/1", "").await;
    assert_eq!(
        (status, body["code"].as_str(), body["message"].as_str()),
        (
            StatusCode::CONFLICT,
            Some("already_exists"),
            Some("stream counter-1 exists already, and open creates it")
        )
    );
    let (status, body) = post_json(&app, "/api/counters/2/open/1", "").await;
    assert_eq!(
        (status, body["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_argument"))
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_our_fault() {
    let store = Flaky::default();
    let app = app(store.clone()).await;
    let event = NewEvent {
        id: EventId::from_bytes([7; 16]),
        name: "counter.reset".into(),
        schema_version: SchemaVersion::new(1),
        source: "api".into(),
        data: "{}".into(),
        metadata: Metadata::default(),
    };
    let append = Append {
        stream: "counter-1".parse().unwrap(),
        expected: ExpectedVersion::NoStream,
        events: vec![event],
    };
    store.append(append).await.unwrap();
    let (status, body) = post_json(&app, "/api/counters/1", r#"{"by": 1}"#).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body.to_string().contains("counter.reset"), "{body}");
}

#[tokio::test]
async fn what_is_not_there_says_so_in_the_same_form() {
    let app = app(Flaky::default()).await;
    for (path, message) in [
        ("/nowhere", "nothing is served at /nowhere"),
        ("/api/v1/projections/none", "projection not found"),
        ("/api/v1/streams/counter-9/events", "stream not found"),
    ] {
        let (status, body) = get(&app, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            body,
            json!({"error": message, "message": message, "code": "not_found"})
        );
    }
    let (status, body) = get(&app, "/api/counters/1").await;
    assert_eq!(
        (status, body["code"].as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("method_not_allowed"))
    );
    let (status, body) = get(&app, "/api/v1/streams/nonsense/events").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("no hyphen between category and id")
    );
    for path in [
        "/api/v1/streams?limit=many",
        "/api/v1/streams/counter-1/events?from_version=-1",
        "/api/v1/streams/counter-1/events?direction=up",
    ] {
        let (status, body) = get(&app, path).await;
        assert_eq!(
            (status, body["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_argument")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_command_that_is_known_by_its_name_is_answered_like_any_other() {
    let app = app(Flaky::default()).await;
    let accepted = post_json(&app, "/api/dispatch/count/1", r#"{"by": 1}"#).await;
    assert_eq!(accepted.0, StatusCode::ACCEPTED);
    for (path, body, status, code, says) in [
        (
            "count-down/1",
            "{}",
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no command count-down",
        ),
        (
            "count/1",
            r#"{"by": "many"}"#,
            StatusCode::BAD_REQUEST,
            "invalid_argument",
            "invalid type: string \"many\", expected u32 at line 1 column 13",
        ),
        (
            "count/1",
            "",
            StatusCode::BAD_REQUEST,
            "invalid_argument",
            "EOF while parsing a value at line 1 column 0",
        ),
        (
            "count/nowhere",
            r#"{"by": 1}"#,
            StatusCode::BAD_REQUEST,
            "invalid_argument",
            "count does not say which aggregate it is for",
        ),
        (
            "count/1",
            r#"{"by": 11}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_much",
            "11 is too much",
        ),
        (
            "open/1",
            r#"{"id": "1"}"#,
            StatusCode::CONFLICT,
            "already_exists",
            "stream counter-1 exists already, and open creates it",
        ),
        (
            "open/2",
            r#"{"id": "1"}"#,
            StatusCode::BAD_REQUEST,
            "invalid_argument",
            "the command is for stream counter-1, and was to be executed on stream counter-2",
        ),
    ] {
        let answer = post_json(&app, &format!("/api/dispatch/{path}"), body).await;
        let (code, says) = (json!(code), json!(says));
        assert_eq!(
            (answer.0, &answer.1["code"], &answer.1["message"]),
            (status, &code, &says),
            "{path} {body}"
        );
    }
}

/// Claims an id of a store that does not live long without being renewed.
async fn won(store: &Flaky) -> Claim {
    let claims = Claims::new(store.clone()).lease(Duration::from_millis(100));
    match claims.try_claim("cmd-1", &()).await.unwrap() {
        Claimed::Won(claim) => claim,
        other => panic!("{other:?}"),
    }
}

fn answer(error: impl Into<ApiError>) -> (u16, &'static str) {
    let error = error.into();
    assert!(!error.message().contains("room 17"), "{error:?}");
    (error.status().as_u16(), error.code())
}

#[tokio::test]
async fn an_id_or_a_claim_that_fails_says_what_the_client_can_do() {
    let id_of = |customer: &str, key: &str| CommandId::new(format!("{customer}/{key}"));
    assert_eq!(
        answer(id_of("jo", &"k".repeat(254)).unwrap_err()),
        (400, "invalid_argument")
    );
    let claims = Claims::new(Flaky::default());
    let nameless = claims.try_claim("", &()).await.unwrap_err();
    assert_eq!(answer(nameless), (400, "invalid_argument"));
    let no_json = std::collections::BTreeMap::from([(vec![1], "the key is a list")]);
    let unwritable = claims.try_claim("cmd-1", &no_json).await.unwrap_err();
    assert_eq!(answer(unwritable), (500, "internal"));

    for (kind, claiming, finalizing, releasing) in [
        (
            StoreErrorKind::Unavailable,
            (503, "unavailable"),
            (503, "in_doubt"),
            (503, "unavailable"),
        ),
        (
            StoreErrorKind::InDoubt,
            (503, "unavailable"),
            (503, "in_doubt"),
            (503, "unavailable"),
        ),
        (
            StoreErrorKind::Damaged,
            (500, "internal"),
            (500, "internal"),
            (500, "internal"),
        ),
    ] {
        let store = Flaky::default();
        let claim = won(&store).await;
        store.fail_with(kind);
        let failed = claim.finalize("payment-7").await.unwrap_err();
        assert_eq!(answer(failed), finalizing, "{kind:?}");
        let claims = Claims::new(store).lease(Duration::from_millis(100));
        let failed = claims.try_claim("cmd-2", &()).await.unwrap_err();
        assert_eq!(answer(failed), claiming, "{kind:?}");

        let store = Flaky::default();
        let claim = won(&store).await;
        store.fail_with(kind);
        let failed = claim.release().await.unwrap_err();
        assert_eq!(answer(failed), releasing, "{kind:?}");
    }
}

#[tokio::test]
async fn a_claim_that_was_lost_may_have_been_used_by_its_next_owner() {
    let store = Flaky::default();
    let lose = || async {
        let claim = won(&store).await;
        let taken = vec![Write::delete(Key::new("claims", "cmd-1"))];
        store.write(taken).await.unwrap();
        claim
    };
    let finalized = lose().await.finalize("payment-7").await;
    assert_eq!(answer(finalized.unwrap_err()), (503, "in_doubt"));
    let released = lose().await.release().await;
    assert_eq!(answer(released.unwrap_err()), (503, "in_doubt"));

    won(&store).await.finalize("payment-7").await.unwrap();
    let claims = Claims::new(store.clone());
    let Claimed::Finalized(done) = claims.try_claim("cmd-1", &()).await.unwrap() else {
        panic!("it was finalized");
    };
    let unreadable = done.result::<u32>().unwrap_err();
    assert_eq!(answer(unreadable), (500, "internal"));
}

#[tokio::test]
async fn what_becomes_of_facts_and_of_commands_together_is_told_alike() {
    let ironflow = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    let emit = |name: &'static str| ironflow.emit_named(name, &json!({ "by": 1 }));
    let error = async |emission: Emission<'_>| {
        let error = ApiError::from(emission.await.unwrap_err());
        (error.status(), error.code())
    };
    let invalid = (StatusCode::BAD_REQUEST, "invalid_argument");
    assert_eq!(error(emit("nameless")).await, invalid);
    assert_eq!(error(emit("a.b").issued_by("")).await, invalid);
    let list = ironflow.emit_named("a.b", &[1]);
    assert_eq!(error(list).await, invalid);
    emit("a.b").command_id("once").await.unwrap();
    let reused = (StatusCode::UNPROCESSABLE_ENTITY, "command_id_reused");
    assert_eq!(error(emit("c.d").command_id("once")).await, reused);

    let transactions = ironflow.transactions().unwrap();
    let together = |by| {
        transactions
            .execute_on("1", Count { by: 1 })
            .execute_on("2", Count { by })
    };
    let told = async |transaction: Transaction<'_, _>| {
        let error = transaction.await.unwrap_err();
        let error = ApiError::transacting(error, |reason| {
            ApiError::new(StatusCode::IM_A_TEAPOT, "teapot", reason.to_string())
        });
        (error.status(), error.code())
    };
    assert_eq!(
        told(together(11)).await,
        (StatusCode::IM_A_TEAPOT, "teapot")
    );
    assert_eq!(told(together(1).command_id("once")).await, reused);
}
