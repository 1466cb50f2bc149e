//! The laws: what holds for every domain, and what is declared of one, in all that commands made up
//! lead to.
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
//! | `run.rs`       | commands, decided one after the other, and the laws after each   |
//! | `search.rs`    | many runs, and the way to the simplest one that breaks a law     |
//! | `quiet.rs`     | the user's panics, without a word                                |
//! | `report.rs`    | the text of a failure                                            |
//! | `paste.rs`     | the counter-example as a test                                    |
//! | `rust.rs`      | from what `Debug` prints to Rust                                 |

mod choices;
mod command;
mod declared;
mod generator;
mod knowledge;
mod law;
mod learn;
mod made_up;
mod pair;
mod paste;
mod quiet;
mod refusal;
mod report;
mod run;
mod rust;
mod search;
mod values;

pub use command::{Commands, Draw, DrawnFrom, MakesUp, commands};
pub use declared::Laws;
pub use made_up::{Learned, MadeUp, MadeUpTree, MakeUp, made_up};
pub use report::Failure;
pub use search::Statistics;

/// Checks that the laws of an aggregate hold, as a test.
#[macro_export]
macro_rules! laws {
    ($aggregate:ty { $($declared:tt)* }) => {
        // Inside a function the test would never be run; there this name is not found.
        #[allow(dead_code, non_camel_case_types, reason = "its name is the message")]
        struct the_laws_stand_in_a_module_and_not_in_a_function;
        mod the_laws {
            #[allow(unused_imports, reason = "it only has to be found")]
            use super::the_laws_stand_in_a_module_and_not_in_a_function;
        }

        #[test]
        fn the_laws_hold() {
            let laws = $crate::laws::Laws::<$aggregate>::new();
            $crate::__laws!(laws, $($declared)*).hold();
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
