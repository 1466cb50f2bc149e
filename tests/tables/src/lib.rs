//! Projections in tables of the user's own, on a database that has them.
//!
//! | file         | what is in it                                     |
//! |--------------|---------------------------------------------------|
//! | `domain.rs`  | orders, and what is done to record and follow them |
//! | `reports.rs` | projections in tables                             |
//! | `rules.rs`   | what must hold on every database                  |

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "these are tests, though other crates run them"
)]

mod domain;
mod reports;
pub mod rules;

use ironflow_domain::store::Store;

pub use domain::{OrderEvent, SOON, are_parked, follow, paid, place, placed, record, until, wait};
pub use reports::{OrderReport, set_hook};

/// A database.
pub trait Site {
    type Store: Store + Clone;

    /// Opens it, as a process of its own does.
    fn open(&self) -> impl Future<Output = Self::Store>;

    /// The only number that a query gives, asked by somebody who has nothing to do with the store.
    fn number(&self, sql: &str) -> impl Future<Output = i64>;
}

/// A test for each of the [`rules`]. `$new_site` is a function that gives what has to be kept until the
/// test is over, and a [`Site`].
#[macro_export]
macro_rules! tests {
    ($new_site:path: $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (_kept, site) = $new_site().await;
                $crate::rules::$rule(&site).await;
            }
        )*
    };
    ($new_site:path) => {
        $crate::tests! {
            $new_site:
            rows_are_there_when_they_were_waited_for
            an_owner_that_was_thought_to_be_gone_writes_nothing
            a_statement_that_is_refused_parks_the_tables_until_it_is_skipped
            a_constraint_that_is_deferred_parks_the_tables_at_its_event
            an_append_whose_first_event_breaks_a_deferred_constraint_parks_the_tables
            events_that_are_not_read_lead_to_no_statement
            a_projection_that_is_deleted_leaves_no_table
        }
    };
}
