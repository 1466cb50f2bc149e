//! Streams and their events.

use std::borrow::Cow;

use axum::extract::State;
use ironflow_domain::store::{Direction, ListStreams, ReadStream, StreamInfo};
use ironflow_domain::{
    EventId, Ironflow, Metadata, SchemaVersion, StreamId, StreamVersion, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ApiError, Path, Query};

/// As many streams or events as one response has at most.
const MOST: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    entity_id: StreamId,
    entity_type: String,
    version: StreamVersion,
    event_count: StreamVersion,
    last_event_at: Timestamp,
}

impl From<StreamInfo> for Summary {
    fn from(info: StreamInfo) -> Self {
        Self {
            entity_type: info.stream.category().to_owned(),
            entity_id: info.stream,
            version: info.version,
            event_count: info.version,
            last_event_at: info.updated_at,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Streams {
    streams: Vec<Summary>,
}

#[derive(Deserialize)]
pub(crate) struct WhichStreams {
    category: Option<String>,
    after: Option<StreamId>,
    limit: Option<usize>,
}

pub(crate) async fn list<X: Send + Sync + 'static>(
    State(ironflow): State<Ironflow<X>>,
    Query(WhichStreams {
        category,
        after,
        limit,
    }): Query<WhichStreams>,
) -> Result<axum::Json<Streams>, ApiError> {
    let list = ListStreams {
        category,
        after,
        limit: limit.unwrap_or(MOST).min(MOST),
    };
    let streams = ironflow
        .store()
        .list_streams(list)
        .await?
        .into_iter()
        .map(Summary::from)
        .collect();
    Ok(axum::Json(Streams { streams }))
}

/// An event; its version in the stream is a text, as the wire has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: EventId,
    name: Cow<'static, str>,
    data: Box<RawValue>,
    entity_version: String,
    version: SchemaVersion,
    timestamp: Timestamp,
    source: String,
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Events {
    events: Vec<Event>,
    total_count: u64,
}

#[derive(Deserialize)]
pub(crate) struct WhichEvents {
    from_version: Option<u64>,
    limit: Option<usize>,
    direction: Option<Way>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Forward,
    Backward,
}

pub(crate) async fn events<X: Send + Sync + 'static>(
    State(ironflow): State<Ironflow<X>>,
    Path(id): Path<String>,
    Query(WhichEvents {
        from_version,
        limit,
        direction,
    }): Query<WhichEvents>,
) -> Result<axum::Json<Events>, ApiError> {
    let stream: StreamId = id.parse()?;
    let Some(info) = ironflow.store().stream_info(&stream).await? else {
        return Err(ApiError::not_found("stream not found"));
    };
    let direction = match direction {
        None | Some(Way::Forward) => Direction::Forward,
        Some(Way::Backward) => Direction::Backward,
    };
    // As on the wire, no version is written as zero.
    let from = match (from_version.unwrap_or_default(), direction) {
        (0, Direction::Backward) => ReadStream::LAST,
        (version, _) => StreamVersion::new(version),
    };
    // And no limit.
    let limit = limit.filter(|&limit| limit > 0).unwrap_or(MOST).min(MOST);
    let page = ironflow
        .store()
        .read_stream(
            &stream,
            ReadStream {
                from,
                direction,
                limit,
                payload_only: false,
            },
        )
        .await?;
    let mut events = Vec::with_capacity(page.events.len());
    for event in page.events.iter() {
        let event = event.untyped()?;
        events.push(Event {
            id: event.id,
            name: event.name,
            data: RawValue::from_string(event.data).map_err(|error| ApiError::internal(&error))?,
            entity_version: event.version.to_string(),
            version: event.schema_version,
            timestamp: event.time,
            source: event.source,
            metadata: event.metadata.into(),
        });
    }
    Ok(axum::Json(Events {
        events,
        total_count: info.version.get(),
    }))
}
