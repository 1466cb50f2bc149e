//! A small application, and a client for it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use axum::{Router, response::Response};
use http_body_util::BodyExt;
use ironflow_domain::store::{
    Append, AppendError, Appended, Entry, Key, KeyRange, KeyValueStore, ListStreams, LogPage,
    MemoryStore, ReadLog, ReadStream, Revision, StoreError, StoreErrorKind, StreamInfo, StreamPage,
    StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{
    Aggregate, Decide, Decision, EventId, Fold, Ironflow, Partition, Position, Project, Projection,
    Recorded, RecordedEvent, StreamId, command, event, events,
};
use ironflow_http::{ApiError, CommandHeaders, Json, Rejection, no_such_method, no_such_route};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;

#[event("counter")]
pub(crate) enum CounterEvent {
    Counted { by: u32 },
}

#[command(Counter)]
#[derive(Deserialize)]
pub(crate) struct Count {
    pub(crate) by: u32,
}

/// Opens a counter: forgets that it may be open.
#[command(Counter, creates)]
#[derive(Deserialize)]
pub(crate) struct Open {
    #[id]
    id: String,
}

impl Decide<Open> for Counter {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![CounterEvent::Counted { by: 0 }])
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is too much")]
pub(crate) struct TooMuch(u32);

impl Rejection for TooMuch {
    fn code(&self) -> &'static str {
        "too_much"
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = CounterEvent, error = TooMuch)]
pub(crate) struct Counter;

impl Fold for Counter {
    fn fold(&mut self, _: &CounterEvent) {}
}

impl Decide<Count> for Counter {
    fn decide(&self, Count { by }: Count) -> Decision<Self> {
        if by > 10 {
            return Err(TooMuch(by));
        }
        Ok(events![CounterEvent::Counted { by }])
    }
}

/// The sum of all counters.
#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("sum", of(CounterEvent))]
pub(crate) struct Sum {
    sum: u32,
}

impl Project<CounterEvent> for Sum {
    fn partition(_: &Recorded<CounterEvent>) -> Partition<ironflow_domain::Unpartitioned> {
        Partition::Key(ironflow_domain::Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<CounterEvent>) {
        let CounterEvent::Counted { by } = event.data;
        self.sum += by;
    }
}

async fn count(
    State(ironflow): State<Ironflow>,
    Path(id): Path<String>,
    headers: CommandHeaders,
    Json(count): Json<Count>,
) -> Result<StatusCode, ApiError> {
    let receipt = headers
        .stamp(ironflow.of::<Counter>(id).execute(count))
        .await?;
    ironflow
        .wait_for::<Sum>(&receipt, std::time::Duration::from_secs(10))
        .await?;
    Ok(StatusCode::ACCEPTED)
}

async fn open(
    State(ironflow): State<Ironflow>,
    Path((id, named)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let opened = ironflow.of::<Counter>(id).execute(Open { id: named }).await;
    opened.map_err(|error| ApiError::executing(error, |_| ApiError::invalid("never refused")))?;
    Ok(StatusCode::ACCEPTED)
}

async fn dispatch(
    State(ironflow): State<Ironflow>,
    Path((name, id)): Path<(String, String)>,
    body: String,
) -> Result<StatusCode, ApiError> {
    let mut command = ironflow.dispatch(name, &body);
    if id != "nowhere" {
        command = command.of(id);
    }
    let executed = command.await;
    executed.map_err(|error| {
        ApiError::dispatching(error, |reason| match reason.downcast_ref::<TooMuch>() {
            Some(refused) => ApiError::new(refused.status(), refused.code(), refused.to_string()),
            None => ApiError::invalid("never refused"),
        })
    })?;
    Ok(StatusCode::ACCEPTED)
}

/// The whole application on a store.
pub(crate) async fn app(store: Flaky) -> Router {
    let ironflow = Ironflow::new(store)
        .projection::<Sum>()
        .command::<Count>()
        .command::<Open>()
        .start()
        .await
        .unwrap();
    Router::new()
        .route("/api/counters/{id}", post(count))
        .route("/api/counters/{id}/open/{named}", post(open))
        .route("/api/dispatch/{name}/{id}", post(dispatch))
        .with_state(ironflow.clone())
        .merge(ironflow_http::router(ironflow))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(app: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response: Response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let json = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    (status, json)
}

pub(crate) async fn get(app: &Router, path: &str) -> (StatusCode, Value) {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

pub(crate) async fn post_json(app: &Router, path: &str, body: &str) -> (StatusCode, Value) {
    send(
        app,
        Request::post(path)
            .body(Body::from(body.to_owned()))
            .unwrap(),
    )
    .await
}

/// A store that can be made to fail.
#[derive(Clone, Default)]
pub(crate) struct Flaky {
    pub(crate) store: MemoryStore,
    pub(crate) failing: std::sync::Arc<std::sync::Mutex<Option<StoreErrorKind>>>,
    /// Whether reading the log takes for ever.
    pub(crate) is_stuck: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Flaky {
    pub(crate) fn fail_with(&self, kind: StoreErrorKind) {
        *self.failing.lock().unwrap() = Some(kind);
    }

    fn check(&self) -> Result<(), StoreError> {
        match *self.failing.lock().unwrap() {
            None => Ok(()),
            Some(kind) => Err(StoreError::new(kind, "the disk in room 17 is on fire")),
        }
    }
}

#[async_trait]
impl StreamStore for Flaky {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.check()?;
        self.store.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.check()?;
        self.store.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.check()?;
        if self.is_stuck.load(std::sync::atomic::Ordering::SeqCst) {
            return std::future::pending().await;
        }
        self.store.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.check()?;
        self.store.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.check()?;
        self.store.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.check()?;
        self.store.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Flaky {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.check()?;
        self.store.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.check()?;
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.check()?;
        self.store.write(batch).await
    }
}
