//! Facts that belong to no aggregate.

use ironflow_domain::store::{MemoryStore, ReadLog, StreamStore};
use ironflow_domain::{
    EmitError, Ironflow, Partition, Position, Project, Projection, Recorded, RecordedEvent,
    SchemaVersion, event,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[event("sensor")]
pub(crate) enum SensorEvent {
    #[event(version = 2, upcast(MeasuredV1))]
    Measured(Measured),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    celsius: f64,
}

#[derive(Deserialize)]
pub(crate) struct MeasuredV1 {
    kelvin: f64,
}

impl From<MeasuredV1> for Measured {
    fn from(old: MeasuredV1) -> Self {
        Self {
            celsius: old.kelvin - 273.0,
        }
    }
}

/// The last temperature.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("temperature", partition = String, of(SensorEvent))]
pub(crate) struct Temperature {
    celsius: Vec<f64>,
}

impl Project<SensorEvent> for Temperature {
    fn partition(event: &Recorded<SensorEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, event: &Recorded<SensorEvent>) {
        let SensorEvent::Measured(measured) = &event.data;
        self.celsius.push(measured.celsius);
    }
}

fn measured(celsius: f64) -> SensorEvent {
    SensorEvent::Measured(Measured { celsius })
}

async fn log(store: &MemoryStore) -> Vec<RecordedEvent> {
    let page = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    page.events
        .iter()
        .map(|event| event.untyped().unwrap())
        .collect()
}

#[tokio::test]
async fn a_fact_lies_in_the_log_with_its_metadata() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let receipt = ironflow
        .emit(measured(20.5))
        .command_id("reading-1")
        .issued_by("sensor-7")
        .correlation_id("day-1")
        .source("mqtt")
        .metadata("floor", "3")
        .await
        .unwrap();
    let named = ironflow
        .emit_named("stripe.charge_succeeded", &json!({ "charge": "ch_1" }))
        .version(SchemaVersion::new(3))
        .await
        .unwrap();
    let events = log(&store).await;
    let [first, second] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&*first.name, first.stream.as_str()),
        ("sensor.measured", "sensor-emitted")
    );
    assert_eq!(
        (&*first.data, &*first.source),
        (r#"{"celsius":20.5}"#, "mqtt")
    );
    assert_eq!(first.schema_version.get(), 2);
    assert_eq!(first.metadata.causation_id.as_deref(), Some("reading-1"));
    assert_eq!(first.metadata.correlation_id.as_deref(), Some("day-1"));
    assert_eq!(first.metadata.issued_by.as_deref(), Some("sensor-7"));
    assert_eq!(first.metadata.extra["floor"], "3");
    assert_eq!(
        (receipt.event_ids, receipt.version.get()),
        (vec![first.id], 1)
    );
    assert_eq!(receipt.position, Some(first.position));

    assert_eq!(
        (&*second.name, second.stream.as_str()),
        ("stripe.charge_succeeded", "stripe-emitted")
    );
    assert_eq!(
        (&*second.data, second.schema_version.get()),
        (r#"{"charge":"ch_1"}"#, 3)
    );
    assert_eq!(second.metadata.correlation_id, second.metadata.causation_id);
    assert_eq!(named.position, Some(second.position));
}

#[tokio::test]
async fn projections_see_facts_through_their_upcasters() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store)
        .projection::<Temperature>()
        .start()
        .await
        .unwrap();
    ironflow.emit(measured(20.5)).await.unwrap();
    let old = ironflow.emit_named("sensor.measured", &json!({ "kelvin": 293.0 }));
    let receipt = old.await.unwrap();
    let patience = std::time::Duration::from_secs(10);
    ironflow
        .wait_for::<Temperature>(&receipt, patience)
        .await
        .unwrap();
    let view = ironflow
        .query::<Temperature>(&"emitted".to_owned())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.celsius, [20.5, 20.0]);
}

#[tokio::test]
async fn a_fact_is_recorded_once_for_each_id() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let emit = |celsius| ironflow.emit(measured(celsius)).command_id("reading-1");
    ironflow.emit(measured(1.0)).await.unwrap();
    let first = emit(20.5).await.unwrap();
    ironflow.emit(measured(1.0)).await.unwrap();
    let again = emit(20.5).await.unwrap();
    assert!(again.duplicate && !first.duplicate);
    assert_eq!(
        (again.version, again.position),
        (first.version, first.position)
    );
    assert_eq!(again.event_ids, first.event_ids);
    let other = emit(20.6).await.unwrap_err();
    assert!(
        matches!(&other, EmitError::CommandIdReused(reused) if reused.says_otherwise),
        "{other}"
    );
    let elsewhere = ironflow
        .emit_named("stripe.paid", &json!({}))
        .command_id("reading-1");
    let elsewhere = elsewhere.await.unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        "command id reading-1 has been used before, for the command emit on stream sensor-emitted"
    );
    assert_eq!(log(&store).await.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_a_fact_is_refused() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let nothing = json!({});
    for (name, problem) in [
        (
            "",
            "there is no category before a point, as in `stripe.charge_succeeded`",
        ),
        (
            ".paid",
            "there is no category before a point, as in `stripe.charge_succeeded`",
        ),
        (
            "stripe.",
            "there is no category before a point, as in `stripe.charge_succeeded`",
        ),
        (
            "stripe.charge paid",
            "it has a space or a control character",
        ),
    ] {
        let error = ironflow.emit_named(name, &nothing).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{name:?} cannot name a fact: {problem}")
        );
    }
    let error = ironflow
        .emit_named("my-stripe.paid", &nothing)
        .await
        .unwrap_err();
    assert!(matches!(error, EmitError::StreamId(_)), "{error}");
    let long = format!("stripe.{}", "x".repeat(300));
    assert!(ironflow.emit_named(long, &nothing).await.is_err());
    let error = ironflow
        .emit_named("stripe.paid", &[1, 2])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data of stripe.paid is not an object: put it into a field of one"
    );
    let error = ironflow.emit(measured(f64::NAN)).await.unwrap_err();
    assert!(matches!(error, EmitError::Unreadable { .. }), "{error}");
    let error = ironflow
        .emit(measured(1.0))
        .issued_by("")
        .await
        .unwrap_err();
    assert!(matches!(error, EmitError::Metadata(_)), "{error}");
    assert!(log(&store).await.is_empty());
}
