//! What rides beside the events of a command.

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Aggregate, CommandIdReused, Decide, Decision, ExecuteError, Fold, Ironflow, command, event,
    events,
};
use serde::Serialize;

use crate::execute::stream;

#[event("note")]
pub(crate) enum NoteEvent {
    Written { text: String },
}

#[derive(Aggregate, Default)]
#[aggregate(event = NoteEvent, error = std::fmt::Error)]
pub(crate) struct Note;

impl Fold for Note {
    fn fold(&mut self, _: &NoteEvent) {}
}

/// Tells what it says.
#[command(Note)]
#[derive(Serialize)]
pub(crate) struct Write {
    #[id]
    note: u32,
    text: String,
}

/// Does not.
#[command(Note)]
pub(crate) struct Scribble {
    #[id]
    note: u32,
    text: String,
}

impl Decide<Write> for Note {
    fn decide(&self, Write { text, .. }: Write) -> Decision<Self> {
        Ok(events![NoteEvent::Written { text }])
    }
}

impl Decide<Scribble> for Note {
    fn decide(&self, Scribble { text, .. }: Scribble) -> Decision<Self> {
        Ok(events![NoteEvent::Written { text }])
    }
}

fn write(text: &str) -> Write {
    Write {
        note: 1,
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn what_the_application_adds_rides_along() {
    let store = MemoryStore::new();
    let notes = Ironflow::new(store.clone()).start().await.unwrap();
    notes
        .execute(write("milk"))
        .trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .trace_state("congo=t61rcWkgMzE")
        .metadata("device", "kitchen")
        .metadata("app version", "")
        .await
        .unwrap();
    let events = stream(&store, "note-1").await;
    let metadata = &events[0].metadata;
    assert_eq!(metadata.trace_state.as_deref(), Some("congo=t61rcWkgMzE"));
    let extra: Vec<_> = metadata.extra.iter().collect();
    assert_eq!(
        extra,
        [
            (&"app version".to_owned(), &String::new()),
            (&"device".to_owned(), &"kitchen".to_owned())
        ]
    );
    assert_eq!(events[0].data, r#"{"text":"milk"}"#);
}

#[tokio::test]
async fn what_cannot_ride_along_is_refused_before_anything_happens() {
    let store = MemoryStore::new();
    let notes = Ironflow::new(store.clone()).start().await.unwrap();
    let execute = || notes.execute(write("milk"));
    let long = "x".repeat(4_100);
    let cases = [
        (execute().issued_by(""), "issued by: it is empty"),
        (
            execute().tenant_id("a\nb"),
            "tenant id: it has a control character",
        ),
        (
            execute().trace_id("abc"),
            "trace id: it is not `version-trace-parent-flags`",
        ),
        (execute().source(""), "source: it is empty"),
        (execute().metadata("", "x"), "the key \"\": it is empty"),
        (
            execute().metadata("device", "a\0"),
            "device: it has a control character",
        ),
        (
            execute().correlation_id(&long),
            "all of it together: more than 4096 bytes; what the domain is about belongs in the payload",
        ),
        (
            execute().metadata("device", &long),
            "all of it together: more than 4096 bytes; what the domain is about belongs in the payload",
        ),
    ];
    for (execution, problem) in cases {
        let error = execution.await.unwrap_err();
        assert!(matches!(error, ExecuteError::Metadata(_)), "{error}");
        assert_eq!(
            error.to_string(),
            format!("the metadata of the command cannot be recorded: {problem}")
        );
    }
    assert!(stream(&store, "note-1").await.is_empty());
}

#[tokio::test]
async fn an_id_stands_for_one_intent() {
    let store = MemoryStore::new();
    let notes = Ironflow::new(store.clone()).start().await.unwrap();
    notes.execute(write("milk")).command_id("a").await.unwrap();
    let again = notes.execute(write("milk")).command_id("a").await.unwrap();
    assert!(again.duplicate);
    let other = notes.execute(write("beer")).command_id("a").await;
    let error = other.unwrap_err();
    assert!(matches!(
        error,
        ExecuteError::CommandIdReused(CommandIdReused {
            says_otherwise: true,
            ..
        })
    ));
    assert_eq!(
        error.to_string(),
        "command id a has been used before, for the command write on stream note-1, which said something else: \
         a new intent needs a new id"
    );
    let hash = |index: usize| {
        let store = store.clone();
        async move {
            stream(&store, "note-1").await[index]
                .metadata
                .command_hash
                .clone()
        }
    };
    assert!(hash(0).await.is_some());

    // What does not tell what it says cannot be told from another one.
    let scribble = |text: &str| Scribble {
        note: 1,
        text: text.to_owned(),
    };
    notes
        .execute(scribble("milk"))
        .command_id("b")
        .await
        .unwrap();
    let other = notes.execute(scribble("beer")).command_id("b").await;
    assert!(other.unwrap().duplicate);
    assert_eq!(hash(1).await, None);
    // What nobody can repeat need not be told from anything.
    notes.execute(write("milk")).await.unwrap();
    assert_eq!(hash(2).await, None);
}
