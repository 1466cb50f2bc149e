//! The schema guard: what is stored stays readable, and a test says so.

mod compare;
mod example;
mod gone;
mod guard;
mod normal;
mod payload;
mod records;
mod reference;
mod skeleton;
mod written;

pub use compare::Verdict;
pub use guard::{Mode, SchemaGuard};

/// Guards the stored forms of the events of one or more aggregates, as a test.
///
/// ```
/// # mod domain {
/// # use ironflow_domain::{Aggregate, Fold, event};
/// # use schemars::JsonSchema;
/// # #[event("account")] #[derive(JsonSchema)] pub enum AccountEvent { Opened { owner: String } }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # }
/// # use domain::Account;
/// ironflow_testing::schema_guard!(Account);
/// # fn main() {}
/// ```
///
/// The first time the test sees a version of an event, it writes a file into `schema`, beside the
/// crate's `Cargo.toml`: the shape of the payload, and a few example payloads. Commit it. From
/// then on the test fails
///
/// - when the shape changes under the same version, unless programs of before and after can read
///   each other's events; it shows the fields that differ and the ways out, with the code of an
///   upcaster to paste,
/// - when a payload that was ever recorded cannot be read or folded any more,
/// - when what was recorded of the current version is written in another form,
/// - when a file is gone, or an event is not declared any more, unless the declaration says what
///   became of the stored ones.
///
/// Where the environment variable `CI` is set, nothing is written: what is not committed fails.
/// `IRONFLOW_SCHEMA` says otherwise: see [`Mode`](crate::Mode).
///
/// The enum derives `schemars::JsonSchema` below `#[event(…)]`, and so do its payloads. Examples are
/// read with all metadata there is; and since many a fold relies on what its decisions promise, an
/// example must be folded into the initial state, or into what comes of the events declared before.
/// Where neither can be done when it is recorded, it is only read.
///
/// It stands in a module, since a test inside a function is never run:
///
/// ```compile_fail,E0432
/// # mod domain {
/// # use ironflow_domain::{Aggregate, Fold, event};
/// # use schemars::JsonSchema;
/// # #[event("account")] #[derive(JsonSchema)] pub enum AccountEvent { Opened { owner: String } }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # }
/// # use domain::Account;
/// fn the_schema() {
///     ironflow_testing::schema_guard!(Account);
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! schema_guard {
    ($($aggregate:ty),+ $(,)?) => {
        // Inside a function the test would never be run; there this name is not found, or it is that
        // of another one outside.
        #[allow(dead_code, non_upper_case_globals, reason = "its name is the message")]
        const a_schema_guard_stands_in_a_module_and_not_in_a_function: (
            ::core::primitive::u32,
            ::core::primitive::u32,
        ) = (::core::line!(), ::core::column!());
        mod schema_guard {
            const _: () = {
                let (line, column) = super::a_schema_guard_stands_in_a_module_and_not_in_a_function;
                ::core::assert!(
                    line == ::core::line!() && column == ::core::column!(),
                    "this stands in a function, and the test in it would never be run: put it in the module"
                );
            };
        }

        #[test]
        fn what_is_stored_stays_readable() {
            let guard = $crate::SchemaGuard::new(
                ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/schema"),
                $crate::Mode::from_env(),
            );
            let problems = [$(guard.check::<$aggregate>()),+]
                .into_iter()
                .filter_map(|checked| checked.err())
                .collect::<::std::vec::Vec<_>>()
                .join("\n\n");
            if !problems.is_empty() {
                ::core::panic!("{problems}");
            }
        }
    };
}
