//! The macros of Ironflow. Use them through `ironflow-domain`, which re-exports each one beside the trait it implements.
//!
//! Every macro goes the same way: `parse` reads the item into a model and reports what is wrong with it, all of it at
//! once; `expand` turns the model into code and cannot fail.

mod aggregate;
mod attributes;
mod command;
mod diagnostics;
mod event;
mod item;
mod paths;
mod projection;

use proc_macro::TokenStream;

/// Declares the events of an aggregate: an enum with one variant per fact.
///
/// ```
/// # use ironflow_domain::{Event, event};
/// #[event("account")]
/// pub enum AccountEvent {
///     Opened { owner: String },   // stored as account.opened, version 1
///     #[event(name = "account.paid_in", version = 2)]
///     Deposited(Deposit),         // a payload struct with serde's derives
///     Closed,
/// }
/// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// # pub struct Deposit { cents: u64 }
///
/// let event = AccountEvent::Opened { owner: "Ann".into() };
/// assert_eq!(event.kind().name, "account.opened");
/// assert_eq!(event.encode()?, r#"{"owner":"Ann"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It implements `Event` and derives `Debug`, `Clone` and `PartialEq`, except those you derive yourself below it. Serde's
/// attributes on variants and fields shape the stored form; the enum itself needs no serde derive.
///
/// On the enum: the category in quotes, which is the first part of every stored name and the category of the streams;
/// `crate = path` where `ironflow-domain` goes by another name. On a variant, `#[event(...)]` takes `name = "..."`, the whole
/// stored name, and `version = N`, the version of the payload's shape (1 unless given).
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    event::expand(arguments.into(), item.into()).into()
}

/// Declares a command, or an enum of commands, and the aggregate that decides it.
///
/// ```
/// # use ironflow_domain::{Aggregate, Command, Decide, Decision, Fold, Addressed, command, event, events};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String } }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # impl Decide<OpenAccount> for Account {
/// #     fn decide(&self, c: OpenAccount) -> Decision<Self> { Ok(events![AccountEvent::Opened { owner: c.owner }]) }
/// # }
/// #[command(Account, creates)]
/// pub struct OpenAccount {
///     #[id]
///     pub account: String,
///     pub owner: String,
/// }
///
/// let open = OpenAccount { account: "7".into(), owner: "Ann".into() };
/// assert_eq!(open.name(), "open-account");
/// assert_eq!(open.stream_id()?.as_str(), "account-7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It implements `Command` and, where a field is marked `#[id]`, `Addressed`; it derives `Debug`, `Clone` and `PartialEq`,
/// except those you derive yourself below it.
///
/// First comes the aggregate; then, in any order, `context = Type` for what enrichment fetches before the decision, which makes
/// the aggregate implement `DecideWith` instead of `Decide`; `creates` where the stream must not exist yet; and `crate = path`
/// where `ironflow-domain` goes by another name. `#[id]` marks the field that names the aggregate; it needs `Display`.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(arguments.into(), item.into()).into()
}

/// Makes a state an aggregate: says which events it folds and how it refuses a command.
///
/// ```
/// # use ironflow_domain::{Aggregate, Fold, event};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String } }
/// # #[derive(Debug)] pub enum Refused {}
/// # impl std::fmt::Display for Refused { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
/// # impl std::error::Error for Refused {}
/// #[derive(Aggregate, Default)]
/// #[aggregate(event = AccountEvent, error = Refused)]
/// pub struct Account {
///     open: bool,
/// }
///
/// impl Fold for Account {
///     fn fold(&mut self, event: &AccountEvent) {
///         match event {
///             AccountEvent::Opened { .. } => self.open = true,
///         }
///     }
/// }
/// ```
///
/// The state may be a struct or an enum and starts as its `Default`. `#[aggregate(...)]` takes `event = Type` and
/// `error = Type`, both needed; `category = "..."` where the streams should not be named after the events' category; and
/// `crate = path` where `ironflow-domain` goes by another name.
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn derive_aggregate(item: TokenStream) -> TokenStream {
    aggregate::expand(item.into()).into()
}

/// Makes a type the state of a projection: a read model that follows the log.
///
/// ```
/// # use ironflow_domain::{Projection, Project, Partition, Recorded, event};
/// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String }, Deposited { cents: u64 } }
/// #[derive(Projection, Default, Serialize, Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// #[projection("balance", partition = String, of(AccountEvent))]
/// pub struct Balance {
///     cents: u64,
/// }
///
/// impl Project<AccountEvent> for Balance {
///     fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
///         Partition::Key(event.stream.id().to_owned())
///     }
///     fn project(&mut self, event: &Recorded<AccountEvent>) {
///         if let AccountEvent::Deposited { cents } = &event.data {
///             self.cents += cents;
///         }
///     }
/// }
/// ```
///
/// `#[projection(...)]` takes the projection's stored name in quotes; `of(Events, ...)`, the event sets it reads, each of which
/// needs an implementation of `Project`; `partition = Type`, the key of one view (a single view under the key `Whole`
/// unless given); and `crate = path` where `ironflow-domain` goes by another name.
#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(item: TokenStream) -> TokenStream {
    projection::expand(item.into()).into()
}
