//! What can be watched of commands.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{CommandPolicy, Ironflow};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::bank::{Account, Branch, Move, Open};

/// The fields of every span that is called `command`, when it is closed.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        if span.name() == "command" {
            let fields = span.extensions_mut().remove::<Fields>().unwrap();
            self.0.lock().unwrap().push(fields.0);
        }
    }
}

async fn open_bank() -> Ironflow<Branch> {
    let builder = Ironflow::new(MemoryStore::new()).enrich(Branch);
    builder.start().await.unwrap()
}

async fn open(bank: &Ironflow<Branch>, owner: &str) -> bool {
    let account = "1".to_owned();
    let owner = owner.to_owned();
    bank.execute(Open { account, owner }).await.is_ok()
}

#[tokio::test]
async fn every_command_has_a_span_with_its_outcome() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(spans.clone()));
    let bank = open_bank().await;
    let account = || bank.of::<Account>("1");
    assert!(!open(&bank, "nobody").await);
    assert!(open(&bank, "ann").await);
    let deposit = || {
        account()
            .execute(Move::DepositEach { cents: vec![1, 2] })
            .command_id("deposit")
            .correlation_id("day-1")
            .tenant_id("acme")
    };
    deposit().await.unwrap();
    deposit().await.unwrap();
    account()
        .execute(Move::Withdraw { cents: 9 })
        .await
        .unwrap_err();
    let nothing = Move::DepositEach { cents: vec![] };
    account().execute(nothing).await.unwrap();
    account()
        .execute(Move::Deposit { cents: 1 })
        .issued_by("")
        .await
        .unwrap_err();
    let transactions = bank.transactions().unwrap();
    transactions
        .execute_on("1", Move::Deposit { cents: 1 })
        .await
        .unwrap();
    drop(account().execute(Move::Deposit { cents: 1 }).into_future());

    let spans = spans.0.lock().unwrap().clone();
    let told: Vec<_> = spans
        .iter()
        .map(|span| {
            let field = |name: &str| span.get(name).map_or("", String::as_str);
            (
                field("command"),
                field("outcome"),
                field("attempts"),
                field("events"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("open", "failed", "0", "0"),
            ("open", "recorded", "1", "1"),
            ("deposit-each", "recorded", "1", "2"),
            ("deposit-each", "duplicate", "0", "2"),
            ("withdraw", "rejected", "1", "0"),
            ("deposit-each", "nothing", "1", "0"),
            ("transaction", "recorded", "1", "1"),
        ]
    );
    assert_eq!(spans[0]["error"], "failed to fetch the context of open");
    assert_eq!(spans[2]["stream"], "account-1");
    assert_eq!(spans[2]["command_id"], "deposit");
    assert_eq!(spans[2]["correlation_id"], "day-1");
    assert_eq!(spans[2]["tenant_id"], "acme");
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn commands_are_counted() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use crate::watched::Watched;

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let builder = Ironflow::new(store.clone()).enrich(Branch);
    let bank = builder.start().await.unwrap();
    assert!(open(&bank, "ann").await);
    let once = CommandPolicy::new().queued(false).attempts(1);
    let account = bank.of::<Account>("1");
    account
        .execute(Move::Withdraw { cents: 9 })
        .await
        .unwrap_err();
    store.close_gate();
    let deposit = || bank.of::<Account>("1").execute(Move::Deposit { cents: 1 });
    let (first, second, ()) = tokio::join!(deposit().policy(once), deposit().policy(once), async {
        store.arrived(3).await;
        store.open_gate();
    });
    assert!(first.is_ok() != second.is_ok());
    {
        let dropped = deposit();
        store.close_gate();
        let mut dropped = dropped.into_future();
        tokio::select! {
            biased;
            _ = &mut dropped => panic!("it waits"),
            () = store.arrived(4) => {}
        }
    }
    let mut counts = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<_> = key
            .key()
            .labels()
            .map(|label| label.value().to_owned())
            .collect();
        let name = format!("{} {}", key.key().name(), labels.join(" "));
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => panic!("there is none"),
        };
        counts.insert(name, count);
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, count)| (&**name, *count))
        .collect();
    assert_eq!(
        counts,
        [
            ("ironflow_command_attempts deposit", 2),
            ("ironflow_command_attempts open", 1),
            ("ironflow_command_attempts withdraw", 1),
            ("ironflow_command_conflicts_total deposit", 1),
            ("ironflow_command_duration_seconds deposit conflict", 1),
            ("ironflow_command_duration_seconds deposit dropped", 1),
            ("ironflow_command_duration_seconds deposit recorded", 1),
            ("ironflow_command_duration_seconds open recorded", 1),
            ("ironflow_command_duration_seconds withdraw rejected", 1),
            ("ironflow_commands_per_commit ", 2),
            ("ironflow_commands_total deposit conflict", 1),
            ("ironflow_commands_total deposit dropped", 1),
            ("ironflow_commands_total deposit recorded", 1),
            ("ironflow_commands_total open recorded", 1),
            ("ironflow_commands_total withdraw rejected", 1),
        ]
    );
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn commands_belong_to_the_trace_they_are_executed_in() {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing::Instrument;

    use crate::execute::stream;

    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // The first of all spans of a kind finds out who listens: no other test may be at that now.
    let silent = Ironflow::new(MemoryStore::new()).enrich(Branch);
    open(&silent.start().await.unwrap(), "ann").await;
    let guard = tracing::subscriber::set_default(Registry::default().with(layer));
    let store = MemoryStore::new();
    let bank = Ironflow::new(store.clone())
        .enrich(Branch)
        .start()
        .await
        .unwrap();
    let trace_of = async |index: usize| {
        let events = stream(&store, "account-1").await;
        let trace = events[index].metadata.trace_id.clone().unwrap();
        ironflow_domain::TraceParent::new(trace).unwrap()
    };

    // The one it is executed in.
    open(&bank, "ann")
        .instrument(tracing::info_span!("request"))
        .await;
    // The one the caller gives.
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    bank.of::<Account>("1")
        .execute(Move::Deposit { cents: 1 })
        .trace_id(given)
        .trace_state("congo=t61")
        .await
        .unwrap();
    let carried = trace_of(1).await;
    assert_eq!(carried.trace(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_ne!(
        carried.parent(),
        "00f067aa0ba902b7",
        "it is that of the command"
    );
    let events = stream(&store, "account-1").await;
    assert_eq!(events[1].metadata.trace_state.as_deref(), Some("congo=t61"));

    let spans = exporter.get_finished_spans().unwrap();
    let span = |name: &str, index: usize| {
        let mut named = spans.iter().filter(|span| span.name == name);
        named.nth(index).unwrap().clone()
    };
    let (request, command) = (span("request", 0), span("command", 0));
    assert_eq!(command.parent_span_id, request.span_context.span_id());
    let first = trace_of(0).await;
    assert_eq!(first.trace(), request.span_context.trace_id().to_string());
    assert_eq!(first.parent(), command.span_context.span_id().to_string());
    let joined = span("command", 1);
    assert_eq!(joined.parent_span_id.to_string(), "00f067aa0ba902b7");
    drop(guard);

    // Nobody takes part in traces any more: what was given stays.
    let deposit = bank.of::<Account>("1").execute(Move::Deposit { cents: 1 });
    deposit.trace_id(given).await.unwrap();
    assert_eq!(trace_of(2).await.as_str(), given);
    let deposit = bank.of::<Account>("1").execute(Move::Deposit { cents: 1 });
    deposit.await.unwrap();
    let events = stream(&store, "account-1").await;
    assert_eq!(events[3].metadata.trace_id, None);
}
