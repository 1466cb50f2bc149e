//! What there is in a domain, listed at run time.

use serde::Serialize;

use crate::{Aggregate, Command, Event, Projection};

/// What there is in a domain: commands, the aggregates that decide them, their events, and the
/// projections that read those. It is data, made from what the macros know: names, versions and doc
/// comments.
///
/// ```
/// use ironflow_domain::Catalogue;
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Partition, Project, Projection, Recorded, command, event, events};
/// # use ironflow_domain::__private::serde::{Deserialize, Serialize};
/// # #[event("account")] pub enum AccountEvent {
/// #     /// Somebody opened it.
/// #     #[event(also_named("account.created"))] Opened { owner: String } }
/// # /// Opens an account.
/// # #[command(Account, creates)] pub struct OpenAccount { pub owner: String }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # impl Decide<OpenAccount> for Account {
/// #     fn decide(&self, c: OpenAccount) -> Decision<Self> { Ok(events![AccountEvent::Opened { owner: c.owner }]) }
/// # }
/// # #[derive(Projection, Default, Serialize, Deserialize)] #[serde(crate = "ironflow_domain::__private::serde")]
/// # #[projection("owners", of(AccountEvent))] pub struct Owners;
/// # impl Project<AccountEvent> for Owners {
/// #     fn partition(_: &Recorded<AccountEvent>) -> Partition<Self::Key> { Partition::Nowhere }
/// #     fn project(&mut self, _: &Recorded<AccountEvent>) {}
/// # }
///
/// let catalogue = Catalogue::new()
///     .command::<OpenAccount>()
///     .projection::<Owners>();
///
/// let account = &catalogue.aggregates[0];
/// assert_eq!((account.name, account.category), ("Account", "account"));
/// assert_eq!((account.commands[0].name, account.commands[0].doc), ("open-account", "Opens an account."));
/// let opened = &account.events[0];
/// assert_eq!((opened.name, opened.version, opened.also_named), ("account.opened", 1, &["account.created"][..]));
/// assert_eq!(catalogue.readers_of(account).next().map(|reader| reader.name), Some("owners"));
/// ```
///
/// It can be serialised, to be compared with what it was, or to draw from.
#[doc(alias = "model")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Catalogue {
    /// The aggregates, in the order in which they were first named.
    pub aggregates: Vec<AggregateEntry>,
    /// The projections, in the order in which they were first named.
    pub projections: Vec<ProjectionEntry>,
}

/// An aggregate, with its commands and its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AggregateEntry {
    /// What it is called in the program.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// What its streams are called.
    pub category: &'static str,
    /// The commands it decides, as far as they were named.
    pub commands: Vec<CommandEntry>,
    /// Its events, in the order of declaration.
    pub events: Vec<EventEntry>,
    /// Names of events that are not recorded any more, and are still read or known.
    pub past_events: Vec<&'static str>,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CommandEntry {
    /// Its name in metadata, logs and receipts.
    pub name: &'static str,
    /// What it is called in the program.
    pub ident: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Whether its stream must not exist yet.
    pub creates: bool,
    /// The type of the context it is decided with; nothing where it has none.
    pub context: Option<&'static str>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventEntry {
    /// Its stored name.
    pub name: &'static str,
    /// What it is called in the program.
    pub ident: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The version of its payload's shape.
    pub version: u32,
    /// Names it was stored under before.
    pub also_named: &'static [&'static str],
}

/// A projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProjectionEntry {
    /// What its views and its checkpoint are stored under.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The version of what its views mean.
    pub version: u32,
    /// The categories of the events it reads.
    pub reads: &'static [&'static str],
    /// The type of its views' key.
    pub partition: &'static str,
}

impl Catalogue {
    /// A catalogue of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command, or all commands of an enum, with its aggregate and its events.
    #[must_use]
    pub fn command<C: Command>(mut self) -> Self {
        let context = std::any::type_name::<C::Context>();
        let commands = C::KINDS.iter().map(|kind| CommandEntry {
            name: kind.name,
            ident: kind.ident,
            doc: kind.doc,
            creates: C::CREATES,
            context: (context != "()").then_some(context),
        });
        let aggregate = self.entry::<C::Aggregate>();
        for command in commands {
            if !aggregate.commands.contains(&command) {
                aggregate.commands.push(command);
            }
        }
        self
    }

    /// Adds an aggregate with its events.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        self.entry::<A>();
        self
    }

    /// Adds a projection.
    #[must_use]
    pub fn projection<P: Projection>(mut self) -> Self {
        let entry = ProjectionEntry {
            name: P::NAME,
            doc: P::DOC,
            version: P::VERSION,
            reads: P::CATEGORIES,
            partition: std::any::type_name::<P::Key>(),
        };
        if !self.projections.contains(&entry) {
            self.projections.push(entry);
        }
        self
    }

    /// The projections that read an aggregate's events.
    pub fn readers_of(&self, aggregate: &AggregateEntry) -> impl Iterator<Item = &ProjectionEntry> {
        let category = aggregate.category;
        self.projections
            .iter()
            .filter(move |projection| projection.reads.contains(&category))
    }

    fn entry<A: Aggregate>(&mut self) -> &mut AggregateEntry {
        let known = self
            .aggregates
            .iter()
            .position(|entry| (entry.name, entry.category) == (A::NAME, A::CATEGORY));
        let index = known.unwrap_or_else(|| {
            self.aggregates.push(AggregateEntry::of::<A>());
            self.aggregates.len() - 1
        });
        &mut self.aggregates[index]
    }
}

impl AggregateEntry {
    fn of<A: Aggregate>() -> Self {
        let events = <A::Event as Event>::KINDS.iter().map(|kind| EventEntry {
            name: kind.name,
            ident: kind.ident,
            doc: kind.doc,
            version: kind.version.get(),
            also_named: kind.also_named,
        });
        let past = <A::Event as Event>::PAST.iter().map(|kind| kind.name);
        Self {
            name: A::NAME,
            doc: A::DOC,
            category: A::CATEGORY,
            commands: Vec::new(),
            events: events.collect(),
            past_events: past.collect(),
        }
    }
}
