//! The laws: what holds for every domain, and what is declared of one, in all that commands made up
//! lead to. [`laws!`](crate::laws!) is the way in.
//!
//! | file           | what is in it                                                    |
//! |----------------|------------------------------------------------------------------|
//! | `declared.rs`  | what a test declares: commands, invariants, snapshots            |
//! | `command.rs`   | commands of one type, and where they are taken from              |
//! | `pair.rs`      | a command and its context, on their way to simpler ones          |
//! | `made_up.rs`   | values of any type that can be deserialized, as a strategy       |
//! | `choices.rs`   | sequences of choices, and how one is made simpler                |
//! | `values.rs`    | from a choice to a number or a text                              |
//! | `generator.rs` | from choices to a value: a deserializer that has no data         |
//! | `knowledge.rs` | what a type does not ask for, and has to be known                |
//! | `learn.rs`     | finds that out, by trying                                        |
//! | `refusal.rs`   | what a type says that did not take what was made up              |
//! | `law.rs`       | the laws, and what breaks one                                    |
//! | `old_shapes.rs` | what events were stored in before, and payloads of that           |
//! | `recorded.rs`  | the JSON that a value could have been read from                  |
//! | `upcasts.rs`   | the laws about what is stored in old shapes                      |
//! | `run.rs`       | commands, decided one after the other, and the laws after each   |
//! | `search.rs`    | many runs, and the way to the simplest one that breaks a law     |
//! | `quiet.rs`     | the user's panics, without a word                                |
//! | `report.rs`    | the text of a failure                                            |
//! | `paste.rs`     | the counter-example as a test                                    |
//! | `rust.rs`      | from what `Debug` prints to Rust                                 |
//! | `json.rs`      | a JSON value as it is written in `json!`                         |

mod choices;
mod command;
mod declared;
mod generator;
mod json;
mod knowledge;
mod law;
mod learn;
mod made_up;
mod old_shapes;
mod pair;
mod paste;
mod quiet;
mod recorded;
mod refusal;
mod report;
mod run;
mod rust;
mod search;
mod upcasts;
mod values;

pub use command::{Commands, Draw, DrawnFrom, MakesUp, commands};
pub use declared::Laws;
pub use made_up::{Learned, MadeUp, MadeUpTree, MakeUp, made_up};
pub use report::Failure;
pub use search::Statistics;

/// Checks that the laws of an aggregate hold, as a test.
///
/// ```
/// use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// use proptest::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[event("account")]
/// pub enum AccountEvent {
///     Deposited { cents: u64 },
///     Withdrawn { cents: u64 },
///     Closed,
/// }
///
/// #[command(Account)]
/// #[derive(Deserialize)]
/// pub struct Deposit {
///     pub cents: u64,
/// }
///
/// #[command(Account)]
/// #[derive(Deserialize)]
/// pub struct Withdraw {
///     pub cents: u64,
/// }
///
/// #[command(Account)]
/// #[derive(Deserialize)]
/// pub struct Close;
///
/// #[derive(Debug)]
/// pub enum Refused {
///     Closed,
///     TooMuch,
/// }
/// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("refused") } }
/// # impl std::error::Error for Refused {}
///
/// #[derive(Aggregate, Default, Debug, PartialEq, Serialize, Deserialize)]
/// #[aggregate(event = AccountEvent, error = Refused)]
/// pub struct Account {
///     balance: u64,
///     closed: bool,
/// }
///
/// impl Fold for Account {
///     fn fold(&mut self, event: &AccountEvent) {
///         match event {
///             AccountEvent::Deposited { cents } => self.balance += cents,
///             AccountEvent::Withdrawn { cents } => self.balance -= cents,
///             AccountEvent::Closed => self.closed = true,
///         }
///     }
/// }
///
/// impl Decide<Deposit> for Account {
///     fn decide(&self, Deposit { cents }: Deposit) -> Decision<Self> {
///         if self.closed {
///             return Err(Refused::Closed);
///         }
///         // Without this line the fold overflows, and the laws say so.
///         self.balance.checked_add(cents).ok_or(Refused::TooMuch)?;
///         Ok(events![AccountEvent::Deposited { cents }])
///     }
/// }
///
/// impl Decide<Withdraw> for Account {
///     fn decide(&self, Withdraw { cents }: Withdraw) -> Decision<Self> {
///         if cents > self.balance || self.closed {
///             return Err(Refused::TooMuch);
///         }
///         Ok(events![AccountEvent::Withdrawn { cents }])
///     }
/// }
///
/// impl Decide<Close> for Account {
///     fn decide(&self, _: Close) -> Decision<Self> {
///         if self.closed || self.balance > 0 {
///             return Err(Refused::Closed);
///         }
///         Ok(events![AccountEvent::Closed])
///     }
/// }
///
/// ironflow_testing::laws!(Account {
///     Deposit,
///     Withdraw: drawn_from((1_u64..100).prop_map(|cents| Withdraw { cents })),
///     Close: idempotent,
///     invariant("a closed account is empty", |account| !account.closed || account.balance == 0),
///     invariant("no more is taken than was given", |_, history| {
///         let (mut given, mut taken) = (0_u128, 0_u128);
///         for event in history {
///             match event {
///                 AccountEvent::Deposited { cents } => given += u128::from(*cents),
///                 AccountEvent::Withdrawn { cents } => taken += u128::from(*cents),
///                 AccountEvent::Closed => {}
///             }
///         }
///         taken <= given
///     }),
///     snapshots,
/// });
/// # fn main() { the_laws().hold() }
/// ```
///
/// # What is checked
///
/// Commands are made up and decided one after the other, from the initial state on, so that only
/// states are visited that can be reached. All along
///
/// - decisions and folds do not panic; an overflow is a panic in a test,
/// - a command is decided alike when it is decided again, in the same state folded anew,
/// - every event is read as it was written, also under its other names, and is folded,
/// - a command that is marked `creates` is refused once there is something,
/// - each `invariant` holds; its closure sees the state, or the state and all that has happened,
/// - with `snapshots`, the state is written as JSON and read at every point, and folds on to the
///   same; for that it is `Serialize`, `Deserialize`, `PartialEq` and `Debug`. Of an aggregate with
///   `#[aggregate(…, snapshot(…))]` that is checked without being declared, by the JSON alone,
/// - a command that is `idempotent`, decided again right after it was accepted, records nothing or
///   is refused.
///
/// A command that is never accepted fails the test, too: the laws would prove nothing about it.
///
/// # What is stored in old shapes
///
/// Where events have old shapes, by `upcast(…)`, `replaced(…)`, `split(…)` or `merged(…)`, payloads
/// of them are made up as well, one for four runs:
///
/// - an upcaster takes or refuses one, and does not panic,
/// - it is read alike each time,
/// - what it is upcast to is read as it was written, as any event,
/// - and can be folded in a state in which such an event happened in the runs. Many a fold relies on
///   what decisions promise, as that nothing is taken that is not there: then not even the events of
///   the runs can be folded where another of them happened, and nothing is asked. Where these are
///   few or alike, it is enough that some payload can be folded.
///
/// They are stored without metadata; where that is refused, with some, and at last with all. An
/// upcaster that refuses everything fails the test. If it takes few values only, say which there
/// are, and none are made up:
///
/// ```
/// use serde_json::{Value, json};
/// # use ironflow_domain::{Aggregate, Decide, Decision, EventRef, Fold, Upcast, UpcastResult, command, event, events};
/// # use serde::{Deserialize, Serialize};
///
/// #[event("parcel")]
/// pub enum ParcelEvent {
///     #[event(version = 2, upcast(Value))]
///     Weighed(Weighed),
/// }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)] pub struct Weighed { pub grams: u64 }
/// # #[command(Parcel)] #[derive(Deserialize)] pub struct Weigh { pub grams: u64 }
/// # #[derive(Aggregate, Default)] #[aggregate(event = ParcelEvent, error = std::fmt::Error)] pub struct Parcel;
/// # impl Fold for Parcel { fn fold(&mut self, _: &ParcelEvent) {} }
/// # impl Decide<Weigh> for Parcel {
/// #     fn decide(&self, Weigh { grams }: Weigh) -> Decision<Self> { Ok(events![ParcelEvent::Weighed(Weighed { grams })]) }
/// # }
///
/// impl Upcast<Value> for Weighed {
///     fn upcast(old: Value, _: &EventRef<'_>) -> UpcastResult<Self> {
///         let grams = old["wieght"].as_u64().ok_or("it has no weight")?;
///         Ok(Self { grams })
///     }
/// }
///
/// ironflow_testing::laws!(Parcel {
///     Weigh,
///     stored("parcel.weighed", 1, [json!({ "wieght": 20 }), json!({ "wieght": 0 })]),
/// });
/// # fn main() { the_laws().hold() }
/// ```
///
/// # What is said of a command
///
/// Nothing, and it is made up, with its context: both are `Deserialize`. See
/// [`made_up`](crate::laws::made_up()) for what comes of that. All commands of a run name the same
/// aggregate, where that takes no more than the fields marked `#[id]`. What is drawn from strategies
/// names one aggregate in a run, too: a command that names another one is left out of it.
///
/// - `drawn_from(…)`: a strategy of proptest with values of the command.
/// - `in_context(…)`: a strategy of proptest with values of its context.
/// - `idempotent`: see above.
///
/// Several are joined by `and`: `PlaceOrder: drawn_from(orders()) and in_context(shops())`.
///
/// # What a failure says
///
/// The law, and the shortest story that breaks it, in the words of [`given`](crate::given()) and
/// `when`; then the same as a test to paste. The code comes from what `Debug` prints: it compiles
/// for types that derive it and whose fields can be named where it is pasted.
///
/// ```text
/// a law of `Account` is broken: an event that has happened can be folded
///   --> tests/account.rs:12:1
///
///   Given   1  Deposited { cents: 18446744073709551615 }
///   When    Deposit { cents: 1 }
///   Then    1  Deposited { cents: 1 }
///   Panic   attempt to add with overflow
///           at src/account.rs:40:9
///
/// found in run 4; PROPTEST_RNG_SEED=1 makes the same runs again
/// ```
///
/// The environment variables of proptest say how many runs there are (`PROPTEST_CASES`, 256 unless
/// given) and from which seed (`PROPTEST_RNG_SEED`, 1 unless given: the runs are the same each time,
/// until the code is changed). `PROPTEST_RNG_SEED=$RANDOM PROPTEST_CASES=10000 cargo test` looks
/// elsewhere.
///
/// # What does not compile
///
/// It stands in a module, since a test inside a function is never run:
///
/// ```compile_fail,E0432
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened }
/// # #[command(Door)] #[derive(serde::Deserialize)] pub struct Open;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door;
/// # impl Fold for Door { fn fold(&mut self, _: &DoorEvent) {} }
/// # impl Decide<Open> for Door { fn decide(&self, _: Open) -> Decision<Self> { Ok(events![DoorEvent::Opened]) } }
/// fn doors() {
///     ironflow_testing::laws!(Door { Open });
/// }
/// # fn main() {}
/// ```
///
/// A command that cannot be made up is drawn from something:
///
/// ```compile_fail,E0277
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened }
/// # #[command(Door)] pub struct Open;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door;
/// # impl Fold for Door { fn fold(&mut self, _: &DoorEvent) {} }
/// # impl Decide<Open> for Door { fn decide(&self, _: Open) -> Decision<Self> { Ok(events![DoorEvent::Opened]) } }
/// use ironflow_testing::laws::{Laws, commands};
///
/// // `Open` does not implement `Deserialize`.
/// let laws = Laws::<Door>::new().of(commands::<Open>());
/// ```
#[macro_export]
macro_rules! laws {
    ($aggregate:ty { $($declared:tt)* }) => {
        // Inside a function the test would never be run; there this name is not found, or it is that
        // of other laws outside.
        #[allow(dead_code, non_upper_case_globals, reason = "its name is the message")]
        const the_laws_stand_in_a_module_and_not_in_a_function: (
            ::core::primitive::u32,
            ::core::primitive::u32,
        ) = (::core::line!(), ::core::column!());
        mod the_laws {
            const _: () = {
                let (line, column) = super::the_laws_stand_in_a_module_and_not_in_a_function;
                ::core::assert!(
                    line == ::core::line!() && column == ::core::column!(),
                    "these stand in a function, and the test in it would never be run: put them in the module"
                );
            };
        }

        #[allow(dead_code, reason = "only a test calls it")]
        fn the_laws() -> $crate::laws::Laws<$aggregate> {
            $crate::__laws!($crate::laws::Laws::<$aggregate>::new(), $($declared)*)
        }

        #[test]
        fn the_laws_hold() {
            the_laws().hold();
        }
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "the laws are those of an aggregate\n\nhelp: write `laws!(Order { PlaceOrder, PayOrder: idempotent, … });`"
        );
    };
}

/// One declaration after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __laws {
    ($laws:expr $(,)?) => { $laws };
    ($laws:expr, snapshots $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.snapshots(), $($($rest)*)?)
    };
    ($laws:expr, invariant($name:literal, |$state:pat_param| $holds:expr $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__laws!(
            $laws.written($name, ::core::concat!("|", ::core::stringify!($state), "| ", ::core::stringify!($holds)), |$state| $holds),
            $($($rest)*)?
        )
    };
    (
        $laws:expr,
        invariant($name:literal, |$state:pat_param, $history:pat_param| $holds:expr $(,)?)
        $(, $($rest:tt)*)?
    ) => {
        $crate::__laws!(
            $laws.written_of_history(
                $name,
                ::core::concat!(
                    "|",
                    ::core::stringify!($state),
                    ", ",
                    ::core::stringify!($history),
                    "| ",
                    ::core::stringify!($holds)
                ),
                |$state, $history| $holds,
            ),
            $($($rest)*)?
        )
    };
    ($laws:expr, invariant($name:literal, $holds:expr $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__laws!(
            $laws.written($name, ::core::stringify!($holds), $holds),
            $($($rest)*)?
        )
    };
    ($laws:expr, invariant $($other:tt)*) => {
        ::core::compile_error!(
            "an invariant has a name, and a closure that sees the state, or the state and what has happened\n\n\
             help: write `invariant(\"a shipped order was paid\", |order| …)` or `invariant(\"…\", |order, history| …)`"
        )
    };
    ($laws:expr, stored($name:expr, $version:expr, $payloads:expr $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.stored($name, $version, $payloads), $($($rest)*)?)
    };
    ($laws:expr, stored($($other:tt)*) $($rest:tt)*) => {
        ::core::compile_error!(
            "what is stored in an old shape has a name, a version, and payloads\n\n\
             help: write `stored(\"order.placed\", 1, [json!({ … })])`"
        )
    };
    ($laws:expr, $command:ty $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.of($crate::laws::commands::<$command>()), $($($rest)*)?)
    };
    ($laws:expr, $command:ty: $($rest:tt)*) => {
        $crate::__laws_of!($laws, $crate::laws::commands::<$command>(), $($rest)*)
    };
}

/// What is said of a command.
#[doc(hidden)]
#[macro_export]
macro_rules! __laws_of {
    ($laws:expr, $commands:expr, idempotent and $($rest:tt)*) => {
        $crate::__laws_of!($laws, $commands.idempotent(), $($rest)*)
    };
    ($laws:expr, $commands:expr, drawn_from($drawn:expr $(,)?) and $($rest:tt)*) => {
        $crate::__laws_of!($laws, $commands.drawn_from($drawn), $($rest)*)
    };
    ($laws:expr, $commands:expr, in_context($context:expr $(,)?) and $($rest:tt)*) => {
        $crate::__laws_of!($laws, $commands.in_context($context), $($rest)*)
    };
    ($laws:expr, $commands:expr, idempotent $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.of($commands.idempotent()), $($($rest)*)?)
    };
    ($laws:expr, $commands:expr, drawn_from($drawn:expr $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.of($commands.drawn_from($drawn)), $($($rest)*)?)
    };
    ($laws:expr, $commands:expr, in_context($context:expr $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__laws!($laws.of($commands.in_context($context)), $($($rest)*)?)
    };
    ($laws:expr, $commands:expr, $($other:tt)*) => {
        ::core::compile_error!(
            "after a command and a colon stands what is said of it\n\n\
             help: write `drawn_from(…)`, `in_context(…)` or `idempotent`; several are joined by `and`: \
             `PayOrder: drawn_from(payments()) and idempotent`"
        )
    };
}
