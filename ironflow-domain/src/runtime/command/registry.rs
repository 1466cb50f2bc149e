//! Commands by their names.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
#[cfg(feature = "schema")]
use std::sync::Arc;

use serde::de::DeserializeOwned;
#[cfg(feature = "schema")]
use serde_json::Value;

use super::said::{Said, say, say_policy};
use crate::model::json;
use crate::store::ExpectedVersion;
use crate::{
    Aggregate, Command, CommandKind, Enrich, ExecuteError, Execution, Ironflow, JsonError, Reason,
    Receipt, StreamId,
};

/// The commands that can be executed by their names.
pub(crate) struct Registry<X> {
    commands: BTreeMap<&'static str, Registered<X>>,
}

struct Registered<X> {
    about: RegisteredCommand,
    /// Which of the command's kinds it is.
    kind: usize,
    execute: Execute<X>,
}

type Execute<X> = for<'a> fn(&'a Ironflow<X>, Asked<'a>) -> Executing<'a>;
type Executing<'a> = Pin<Box<dyn Future<Output = Result<Receipt, DispatchError>> + Send + 'a>>;

/// What is asked of a command that is known by its name.
struct Asked<'a> {
    kind: usize,
    json: &'a str,
    id: Option<String>,
    said: Said,
}

/// A command that can be executed by its name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RegisteredCommand {
    /// Its name, such as `place-order`.
    pub name: &'static str,
    /// What it is called in the program, such as `PlaceOrder`.
    pub ident: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The category of the streams it is executed on, such as `order`.
    pub category: &'static str,
    /// What its JSON looks like, where it derives `schemars::JsonSchema`; of a variant of an enum
    /// only where that has the same name in JSON.
    #[cfg(feature = "schema")]
    pub schema: Option<Arc<Value>>,
}

impl<X> Registry<X> {
    pub(crate) fn new() -> Self {
        Self {
            commands: BTreeMap::new(),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.commands.keys().copied()
    }

    pub(crate) fn commands(&self) -> impl Iterator<Item = &RegisteredCommand> {
        self.commands.values().map(|registered| &registered.about)
    }

    /// Adds a command; the error is the name of one that was added before.
    pub(crate) fn add<C>(&mut self) -> Result<(), &'static str>
    where
        C: Command + DeserializeOwned,
        X: Enrich<C>,
    {
        #[cfg(feature = "schema")]
        let mut schemas = C::schemas().into_iter();
        for (index, kind) in C::KINDS.iter().enumerate() {
            let CommandKind { name, ident, doc } = *kind;
            let registered = Registered {
                about: RegisteredCommand {
                    name,
                    ident,
                    doc,
                    category: C::Aggregate::CATEGORY,
                    #[cfg(feature = "schema")]
                    schema: schemas.next().flatten().map(Value::from).map(Arc::new),
                },
                kind: index,
                execute: |ironflow, asked| Box::pin(execute::<X, C>(ironflow, asked)),
            };
            if self.commands.insert(name, registered).is_some() {
                return Err(name);
            }
        }
        Ok(())
    }
}

async fn execute<X: Enrich<C>, C: Command + DeserializeOwned>(
    ironflow: &Ironflow<X>,
    asked: Asked<'_>,
) -> Result<Receipt, DispatchError> {
    let Asked {
        kind,
        json,
        id,
        said,
    } = asked;
    let name = C::KINDS[kind].name;
    let unreadable = |source| DispatchError::Unreadable {
        command: name,
        source,
    };
    let command: C = if C::IS_ENUM {
        json::read_content(u32::try_from(kind).unwrap_or(u32::MAX), json).map_err(unreadable)?
    } else {
        json::read(json).map_err(unreadable)?
    };
    if command.name() != name {
        return Err(DispatchError::Misnamed {
            command: name,
            other: command.name(),
        });
    }
    let stream = match id {
        Some(id) => StreamId::new(C::Aggregate::CATEGORY, id),
        None => match command.own_stream() {
            Some(stream) => stream,
            None => return Err(DispatchError::NotAddressed { command: name }),
        },
    };
    let execution = Execution::saying(ironflow, stream, command, said);
    let outcome = execution.await;
    outcome.map_err(|error| DispatchError::Execute(error.boxed()))
}

impl<X> Ironflow<X> {
    /// The commands that can be executed by their names, in the order of these:
    /// [`Builder::command`](crate::Builder::command).
    pub fn commands(&self) -> impl Iterator<Item = &RegisteredCommand> {
        self.registry().commands()
    }

    /// Executes a command that is known by its name, from JSON: for what comes in over HTTP or from a
    /// queue. Everything else is as with [`execute`](Self::execute).
    ///
    /// The JSON is that of the command; of a command that is a variant of an enum, that of its
    /// content.
    ///
    /// ```
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events, store::MemoryStore};
    /// # #[event("note")] pub enum NoteEvent { Written { text: String } }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = NoteEvent, error = std::fmt::Error)] pub struct Note;
    /// # impl Fold for Note { fn fold(&mut self, _: &NoteEvent) {} }
    /// # impl Decide<WriteNote> for Note {
    /// #     fn decide(&self, c: WriteNote) -> Decision<Self> { Ok(events![NoteEvent::Written { text: c.text }]) }
    /// # }
    /// #[command(Note)]
    /// #[derive(serde::Deserialize)]
    /// pub struct WriteNote {
    ///     #[id]
    ///     pub note: u32,
    ///     pub text: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ironflow = Ironflow::new(MemoryStore::new()).command::<WriteNote>().start().await?;
    /// let receipt = ironflow
    ///     .dispatch("write-note", r#"{ "note": 7, "text": "milk" }"#)
    ///     .command_id("once")
    ///     .await?;
    /// assert_eq!(receipt.stream.as_str(), "note-7");
    ///
    /// let unknown = ironflow.dispatch("write-nothing", "{}").await.unwrap_err();
    /// assert_eq!(unknown.to_string(), "there is no command write-nothing: there are write-note");
    /// # Ok(())
    /// # }
    /// ```
    pub fn dispatch<'a>(&'a self, name: impl Into<String>, json: &'a str) -> Dispatch<'a, X> {
        Dispatch {
            ironflow: self,
            name: name.into(),
            json,
            id: None,
            said: Said::nothing(),
        }
    }
}

/// A command about to be executed by its name: say more about it, then await it.
#[must_use = "a command is executed when awaited"]
pub struct Dispatch<'a, X> {
    ironflow: &'a Ironflow<X>,
    name: String,
    json: &'a str,
    id: Option<String>,
    said: Said,
}

impl<X> fmt::Debug for Dispatch<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch")
            .field("name", &self.name)
            .field("said", &self.said)
            .finish_non_exhaustive()
    }
}

impl<X> Dispatch<'_, X> {
    /// Which aggregate it is for, where the command does not say so itself.
    pub fn of(mut self, id: impl fmt::Display) -> Self {
        self.id = Some(id.to_string());
        self
    }

    say!();

    say_policy!();

    /// Only if the stream is where the caller last saw it; see
    /// [`Execution::expected_version`].
    pub fn expected_version(mut self, expected: impl Into<ExpectedVersion>) -> Self {
        self.said.expected = expected.into();
        self
    }
}

impl<'a, X: Send + Sync + 'static> IntoFuture for Dispatch<'a, X> {
    type Output = Result<Receipt, DispatchError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            ironflow,
            name,
            json,
            id,
            said,
        } = self;
        let registry = ironflow.registry();
        let Some(registered) = registry.commands.get(&*name) else {
            let known = registry.names().collect();
            return Box::pin(async { Err(DispatchError::UnknownCommand { name, known }) });
        };
        let asked = Asked {
            kind: registered.kind,
            json,
            id,
            said,
        };
        (registered.execute)(ironflow, asked)
    }
}

/// A command that was known by its name was not executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// No command has that name.
    #[error("there is no command {name}: {}", instead(known))]
    #[non_exhaustive]
    UnknownCommand {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// The JSON is not that of the command.
    #[error("the JSON of {command} cannot be read")]
    #[non_exhaustive]
    Unreadable {
        /// The name of the command.
        command: &'static str,
        /// What does not fit.
        source: JsonError,
    },
    /// The JSON says itself which command it is, and that is another one.
    #[error("the JSON that was given for {command} is that of {other}")]
    #[non_exhaustive]
    Misnamed {
        /// The name that was given.
        command: &'static str,
        /// The one the JSON stands for.
        other: &'static str,
    },
    /// Nobody says which aggregate the command is for.
    #[error(
        "{command} does not say which aggregate it is for: say it with `.of(…)`, or mark a field with `#[id]`"
    )]
    #[non_exhaustive]
    NotAddressed {
        /// The name of the command.
        command: &'static str,
    },
    /// It was read, and not executed.
    #[error(transparent)]
    Execute(#[from] ExecuteError<Reason>),
}

fn instead(known: &[&'static str]) -> String {
    if known.is_empty() {
        "none is registered, which `Builder::command` does".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    }
}
