//! Commands by their names, from JSON.

use std::error::Error;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Aggregate, BoxError, CommandMetadata, Decide, DecideWith, Decision, DispatchError, Enrich,
    ExecuteError, Fold, Ironflow, StartError, command, event, events,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[event("shelf")]
pub(crate) enum ShelfEvent {
    Put { what: String },
    Taken { what: String },
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("there is no {0}")]
pub(crate) struct Missing(String);

#[derive(Aggregate, Default)]
#[aggregate(event = ShelfEvent, error = Missing)]
pub(crate) struct Shelf(Vec<String>);

impl Fold for Shelf {
    fn fold(&mut self, event: &ShelfEvent) {
        match event {
            ShelfEvent::Put { what } => self.0.push(what.clone()),
            ShelfEvent::Taken { what } => self.0.retain(|other| other != what),
        }
    }
}

/// Someone fills the shelf.
#[command(Shelf, context = Stock)]
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FillShelf {
    #[id]
    shelf_name: String,
}

pub(crate) struct Stock(String);

impl DecideWith<FillShelf> for Shelf {
    fn decide(&self, _: FillShelf, stock: &Stock) -> Decision<Self> {
        Ok(events![ShelfEvent::Put {
            what: stock.0.clone()
        }])
    }
}

/// Does not say which shelf.
#[command(Shelf)]
#[derive(Deserialize, JsonSchema)]
pub(crate) enum Handle {
    /// Someone takes something.
    Take { what: String },
    /// Someone takes everything.
    Empty,
}

impl Decide<Handle> for Shelf {
    fn decide(&self, command: Handle) -> Decision<Self> {
        let taken = |what: &String| ShelfEvent::Taken { what: what.clone() };
        match command {
            Handle::Take { what } if !self.0.contains(&what) => Err(Missing(what)),
            Handle::Take { what } => Ok(events![taken(&what)]),
            Handle::Empty => Ok(self.0.iter().map(taken).collect()),
        }
    }
}

pub(crate) struct Supplier;

impl Enrich<FillShelf> for Supplier {
    async fn enrich(&self, _: &FillShelf, _: &CommandMetadata) -> Result<Stock, BoxError> {
        Ok(Stock("beans".into()))
    }
}

async fn shop() -> Ironflow<Supplier> {
    let builder = Ironflow::new(MemoryStore::new()).enrich(Supplier);
    let builder = builder.command::<Handle>().command::<FillShelf>();
    builder.start().await.unwrap()
}

#[tokio::test]
async fn commands_are_executed_by_their_names() {
    let shop = shop().await;
    let filled = shop
        .dispatch("fill-shelf", r#"{ "shelfName": "a" }"#)
        .command_id("fill")
        .await
        .unwrap();
    assert_eq!(filled.stream.as_str(), "shelf-a");
    let again = shop
        .dispatch("fill-shelf", r#"{ "shelfName": "a" }"#)
        .command_id("fill")
        .await
        .unwrap();
    assert!(again.duplicate);

    let take = || shop.dispatch("take", r#"{ "what": "beans" }"#).of("a");
    take().await.unwrap();
    let missing = take().await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no beans");
    let DispatchError::Execute(ExecuteError::Rejected(reason)) = missing else {
        panic!("{missing}")
    };
    assert_eq!(reason.downcast_ref(), Some(&Missing("beans".into())));
    let emptied = shop.dispatch("empty", "null").of("a").await.unwrap();
    assert_eq!(emptied.version.get(), 2, "nothing was left");
}

#[tokio::test]
async fn what_cannot_be_executed_is_told() {
    let shop = shop().await;
    let unknown = shop.dispatch("fill-shelves", "{}").await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no command fill-shelves: there are empty, fill-shelf, take"
    );
    for (name, json, why) in [
        (
            "fill-shelf",
            "{}",
            "missing field `shelfName` at line 1 column 2",
        ),
        (
            "fill-shelf",
            r#"{"shelfName":"a","x":1}"#,
            "unknown field `x`, expected `shelfName` at line 1 column 20",
        ),
        (
            "take",
            r#"{"Take":{"what":"beans"}}"#,
            "missing field `what` at line 1 column 25",
        ),
        (
            "take",
            "{",
            "EOF while parsing an object at line 1 column 1",
        ),
        (
            "empty",
            "null null",
            "trailing characters at line 1 column 6",
        ),
    ] {
        let error = shop.dispatch(name, json).of("a").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the JSON of {name} cannot be read")
        );
        assert_eq!(error.source().unwrap().to_string(), why, "{name} {json}");
    }
    let nowhere = shop.dispatch("take", r#"{ "what": "beans" }"#).await;
    assert_eq!(
        nowhere.unwrap_err().to_string(),
        "take does not say which aggregate it is for: say it with `.of(…)`, or mark a field with `#[id]`"
    );
    let elsewhere = shop
        .dispatch("fill-shelf", r#"{ "shelfName": "a" }"#)
        .of("b");
    assert_eq!(
        elsewhere.await.unwrap_err().to_string(),
        "the command is for stream shelf-a, and was to be executed on stream shelf-b"
    );
    let none = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    assert_eq!(
        none.dispatch("take", "{}").await.unwrap_err().to_string(),
        "there is no command take: none is registered, which `Builder::command` does"
    );
}

#[tokio::test]
async fn what_can_be_executed_is_known() {
    let shop = shop().await;
    let known: Vec<_> = shop
        .commands()
        .map(|command| (command.name, command.ident, command.category, command.doc))
        .collect();
    assert_eq!(
        known,
        [
            ("empty", "Empty", "shelf", "Someone takes everything."),
            (
                "fill-shelf",
                "FillShelf",
                "shelf",
                "Someone fills the shelf."
            ),
            ("take", "Take", "shelf", "Someone takes something."),
        ]
    );
}

#[cfg(feature = "schema")]
#[tokio::test]
async fn what_their_json_looks_like_is_known() {
    let shop = shop().await;
    let schema = |name: &str| {
        let mut commands = shop.commands();
        let command = commands.find(|command| command.name == name).unwrap();
        command.schema.clone().unwrap()
    };
    assert_eq!(
        schema("fill-shelf")["properties"]["shelfName"]["type"],
        "string"
    );
    assert_eq!(schema("fill-shelf")["required"][0], "shelfName");
    assert_eq!(schema("take")["properties"]["what"]["type"], "string");
    assert_eq!(schema("empty")["type"], "object");
}

#[tokio::test]
async fn an_application_does_not_start_with_what_could_not_be_told_apart() {
    let twice = Ironflow::new(MemoryStore::new()).command::<Handle>();
    let error = twice.command::<Handle>().start().await.unwrap_err();
    assert!(
        matches!(error, StartError::DuplicateCommand("take")),
        "{error}"
    );
    let early = Ironflow::new(MemoryStore::new()).command::<Handle>();
    let error = early.enrich(Supplier).start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "empty was registered too early: call `.enrich(…)` before `.command::<…>()`"
    );
}
