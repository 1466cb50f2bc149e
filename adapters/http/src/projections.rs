//! Projections and their views.

use axum::extract::State;
use ironflow_domain::{
    EventId, Ironflow, Position, ProjectionState, ProjectionStatus, Timestamp, Unpartitioned, View,
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{ApiError, Path, Query};

/// A position as clients of the wire know it: a number, where the store counts its log with one.
#[derive(Clone, Copy)]
struct Sequence(Position);

impl Serialize for Sequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.major() {
            0 => serializer.serialize_u64(self.0.minor()),
            _ => self.0.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Summary {
    name: &'static str,
    status: &'static str,
    mode: &'static str,
    last_event_seq: Sequence,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

impl From<ProjectionStatus> for Summary {
    fn from(status: ProjectionStatus) -> Self {
        let (word, error_message) = match status.state {
            ProjectionState::Stopped | ProjectionState::Paused => ("paused", None),
            ProjectionState::Rebuilding => ("rebuilding", None),
            ProjectionState::Retrying { error } | ProjectionState::Failed { error } => {
                ("error", Some(error))
            }
            _ => ("active", None),
        };
        Self {
            name: status.name,
            status: word,
            mode: "managed",
            last_event_seq: Sequence(status.position),
            updated_at: status.updated_at,
            error_message,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct List {
    projections: Vec<Summary>,
}

pub(crate) async fn list<X: Send + Sync + 'static>(
    State(ironflow): State<Ironflow<X>>,
) -> axum::Json<List> {
    let projections = ironflow
        .projection_statuses()
        .into_iter()
        .map(Summary::from)
        .collect();
    axum::Json(List { projections })
}

#[derive(Deserialize)]
pub(crate) struct Which {
    partition: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Envelope {
    version: u32,
    #[serde(flatten)]
    summary: Summary,
    /// Left out where no event has reached the view.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StoredView>,
}

#[derive(Serialize)]
struct StoredView {
    projection_name: &'static str,
    environment_id: &'static str,
    partition_key: String,
    state: Box<RawValue>,
    last_event_id: EventId,
    last_event_name: String,
    last_event_seq: Sequence,
    last_event_time: Timestamp,
    version: u32,
    updated_at: Timestamp,
}

pub(crate) async fn get<X: Send + Sync + 'static>(
    State(ironflow): State<Ironflow<X>>,
    Path(name): Path<String>,
    Query(Which { partition }): Query<Which>,
) -> Result<axum::Json<Envelope>, ApiError> {
    let status = ironflow
        .projection_statuses()
        .into_iter()
        .find(|status| status.name == name);
    let Some(status) = status else {
        return Err(ApiError::not_found("projection not found"));
    };
    let projection_name = status.name;
    let partition_key = partition.unwrap_or_else(|| Unpartitioned.to_string());
    let view = ironflow.view_json(projection_name, &partition_key).await?;
    let state = view.map(
        |View {
             state,
             last_event_id,
             last_event_name,
             last_event_position,
             last_event_time,
             ..
         }| StoredView {
            projection_name,
            environment_id: "default",
            partition_key,
            state,
            last_event_id,
            last_event_name,
            last_event_seq: Sequence(last_event_position),
            last_event_time,
            version: 1,
            updated_at: last_event_time,
        },
    );
    Ok(axum::Json(Envelope {
        version: 1,
        summary: status.into(),
        state,
    }))
}
