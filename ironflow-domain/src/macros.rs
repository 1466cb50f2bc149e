//! The macros, with examples that are compiled and run. What each attribute takes is written beside
//! its grammar, in `ironflow-derive`; rustdoc shows both on one page.

/// Declares the events of an aggregate: an enum with one variant per fact.
///
/// ```
/// # use ironflow_domain::{Decoded, Event, EventRef, SchemaVersion, event};
/// #[event("account")]
/// pub enum AccountEvent {
///     /// Stored as `account.opened`, version 1.
///     Opened { owner: String },
///     /// A payload struct has serde's derives.
///     #[event(name = "account.paid_in")]
///     Deposited(Deposit),
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
///
/// let stored = EventRef::unrecorded("account.closed", SchemaVersion::new(1), "{}");
/// assert_eq!(AccountEvent::decode(&stored)?, Decoded::One(AccountEvent::Closed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It implements [`Event`](crate::Event) and derives `Debug`, `Clone` and `PartialEq`, except those
/// you derive yourself below it, and those you name in `by_hand(…)`:
///
/// ```
/// # use ironflow_domain::event;
/// #[event("card", by_hand(Debug))]
/// #[derive(Eq, Hash)] // below: the macro sees what is derived there
/// pub enum CardEvent {
///     PinSet { pin: String },
/// }
///
/// impl std::fmt::Debug for CardEvent {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("PinSet { pin: … }")
///     }
/// }
/// # assert_eq!(format!("{:?}", CardEvent::PinSet { pin: "1".into() }), "PinSet { pin: … }");
/// ```
///
/// What is derived *above* `#[event]`, or implemented by hand without `by_hand(…)`, it cannot see.
/// The compiler then reports conflicting implementations (E0119), one of them at `#[event]`: move
/// the derive below, or name the trait in `by_hand(…)`.
///
/// Serde's attributes on fields, and those on a variant about its fields, shape the stored
/// form; the enum itself needs no serde derive. If it has one, for a purpose of its own,
/// serde's attributes that name or tag variants are about that alone.
///
/// # Beside `tracing::event!`
///
/// A module can import one macro called `event`. Call one of the two by its path; the attribute on
/// variants stays `#[event(…)]`:
///
/// ```
/// # mod tracing { macro_rules! event { ($($text:tt)*) => {}; } pub(crate) use event; }
/// use ironflow_domain as flow;
/// use tracing::event;
///
/// #[flow::event("lamp")]
/// pub enum LampEvent {
///     #[event(name = "lamp.toggled")]
///     Switched,
/// }
///
/// event!(Level::INFO, "switched");
/// ```
pub use ironflow_derive::event;

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
/// It implements [`Command`](crate::Command) and, where a field is marked `#[id]`,
/// [`Addressed`](crate::Addressed); it derives `Debug`, `Clone` and `PartialEq`, except
/// those you derive yourself below it, and those you name in `by_hand(…)`; see
/// [`#[event]`](macro@crate::event). The aggregate implements [`Decide`](crate::Decide), or
/// [`DecideWith`](crate::DecideWith) where the command has a context.
///
/// # Beside clap's `#[command(…)]`
///
/// Where clap's derives read `#[command(…)]`, an imported attribute of that name is ambiguous: the
/// compiler says so (E0659). Call ours by its path, above the derive; what follows is clap's:
///
/// ```
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, event, events};
/// # #[event("account")] pub enum AccountEvent { Opened }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # impl Decide<OpenAccount> for Account {
/// #     fn decide(&self, _: OpenAccount) -> Decision<Self> { Ok(events![AccountEvent::Opened]) }
/// # }
/// use ironflow_domain as flow;
///
/// #[flow::command(Account, creates)]
/// // #[derive(clap::Args)]
/// // #[command(about = "Opens an account")]
/// pub struct OpenAccount {
///     #[id]
///     // #[arg(long)]
///     pub account: String,
/// }
/// ```
pub use ironflow_derive::command;

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
///
/// assert!(Account::replay(&[AccountEvent::Opened { owner: "Ann".into() }]).open);
/// ```
///
/// The state may be a struct or an enum; it starts as its `Default` and says in
/// [`Fold`](crate::Fold) how events change it.
pub use ironflow_derive::Aggregate;

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
///
/// assert_eq!(Balance::NAME, "balance");
/// assert_eq!(Balance::CATEGORIES, ["account"]);
/// ```
///
/// Each set of events in `of(...)` needs an implementation of [`Project`](crate::Project).
///
/// Where it reads few of a set's events, `only(…)` says which: stores read no others.
///
/// ```
/// # use ironflow_domain::{Projection, Project, Partition, Recorded, Unpartitioned, event};
/// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String }, Deposited { cents: u64 }, Closed }
/// #[derive(Projection, Default, Serialize, Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// #[projection("accounts", of(AccountEvent), only(AccountEvent::Opened, AccountEvent::Closed))]
/// pub struct Accounts {
///     open: i64,
/// }
/// # impl Project<AccountEvent> for Accounts {
/// #     fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> { Partition::Key(Unpartitioned) }
/// #     fn project(&mut self, event: &Recorded<AccountEvent>) {
/// #         self.open += if event.data == AccountEvent::Closed { -1 } else { 1 };
/// #     }
/// # }
/// ```
pub use ironflow_derive::Projection;

/// Makes a type a read model in tables of your own, in the database that has the events.
///
/// ```
/// # use ironflow_domain::{Projection, ProjectSql, Recorded, SqlProjection, Statements, event};
/// # #[event("order")] pub enum OrderEvent { Placed { customer: String, cents: i64 }, Cancelled }
/// /// A row per order, for reports.
/// #[derive(SqlProjection)]
/// #[projection("order-report", of(OrderEvent))]
/// #[table(
///     "order_report",
///     columns = "id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents BIGINT NOT NULL",
///     index = "customer"
/// )]
/// pub struct OrderReport;
///
/// impl ProjectSql<OrderEvent> for OrderReport {
///     fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
///         let id = event.stream.id();
///         match &event.data {
///             OrderEvent::Placed { customer, cents } => sql.execute(
///                 "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3)",
///                 (id, customer, cents),
///             ),
///             OrderEvent::Cancelled => sql.execute("DELETE FROM {order_report} WHERE id = $1", (id,)),
///         }
///     }
/// }
///
/// assert_eq!(OrderReport::NAME, "order-report");
/// ```
///
/// The statements are executed in the very transaction that moves the projection's checkpoint, on a
/// store that has [SQL](crate::store::Capabilities::sql). `{order_report}` stands for the table that
/// is being filled: every rebuild fills one of its own. Whoever asks writes `order_report`, which is a
/// view of the database that shows the rows that serve.
///
/// Each set of events in `of(...)` needs an implementation of
/// [`ProjectSql`](crate::ProjectSql).
pub use ironflow_derive::SqlProjection;

/// Makes a type a reactor: what acts on the world because of events.
///
/// ```
/// # use ironflow_domain::{React, Reactor, Recorded, event};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String }, Closed }
/// #[derive(Reactor)]
/// #[reactor("welcome-letters", of(AccountEvent), retries = 10)]
/// pub struct WelcomeLetters;
///
/// impl React<AccountEvent> for WelcomeLetters {
///     type Error = std::io::Error;
///
///     async fn react(&self, event: &Recorded<AccountEvent>) -> Result<(), Self::Error> {
///         if let AccountEvent::Opened { owner } = &event.data {
///             println!("Welcome, {owner}! ({})", event.id);
///         }
///         Ok(())
///     }
/// }
///
/// assert_eq!(WelcomeLetters::NAME, "welcome-letters");
/// assert!(!WelcomeLetters::FROM_START && !WelcomeLetters::REPEATABLE);
/// ```
///
/// Each set of events in `of(...)` needs an implementation of [`React`](crate::React). With
/// `only(AccountEvent::Opened)` it gets only those events of the set, and stores read no others.
pub use ironflow_derive::Reactor;
