//! Living documentation: the stories that the tests of a crate have told, as a document.
//!
//! | file          | what is in it                                    |
//! |---------------|--------------------------------------------------|
//! | `recorder.rs` | writes down stories while tests run              |
//! | `story.rs`    | stories that were written down, read back        |
//! | `coverage.rs` | what they cover of what there is                 |
//! | `markdown.rs` | the document, for people                         |
//! | `json.rs`     | the same, for programs                           |
//! | `binding.rs`  | runs the tests, and compares what they have told |

mod binding;
mod coverage;
mod json;
mod markdown;
mod recorder;
mod story;

#[doc(hidden)]
pub use binding::{BookMode, bind};
pub(crate) use recorder::{Entry, record};

/// Writes down the stories that the tests of this crate tell, as a test.
///
/// ```
/// # mod domain {
/// # use ironflow_domain::{Aggregate, Catalogue, Fold, event};
/// # #[event("account")] pub enum AccountEvent { Opened { owner: String } }
/// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
/// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
/// # pub fn catalogue() -> Catalogue { Catalogue::new().aggregate::<Account>() }
/// # }
/// ironflow_testing::story_book!("stories.md", domain::catalogue());
/// # fn main() {}
/// ```
///
/// The test runs the other tests of its binary once more, and collects what they say with
/// [`given`](crate::given()) and its kin. From that it writes `stories.md`, beside the crate's
/// `Cargo.toml`: every story under the name of its test, and what the stories cover of the
/// catalogue, outcome by outcome and event by event. Beside it is written `stories.json`, for
/// programs. Commit both: a review of them is a review of behaviour.
///
/// Where the environment variable `CI` is set, nothing is written, and the test fails where what is
/// committed is not what the tests say. `IRONFLOW_STORIES` may say `write` or `check` instead.
///
/// After the catalogue there may be a part of the names of the tests to run, as for `cargo test`:
/// `story_book!("stories.md", catalogue(), "commands::")`.
#[macro_export]
macro_rules! story_book {
    ($file:literal, $catalogue:expr $(, $only:literal)? $(,)?) => {
        // Inside a function the test would never be run; there this name is not found, or it is that
        // of another one outside.
        #[allow(dead_code, non_upper_case_globals, reason = "its name is the message")]
        const a_story_book_stands_in_a_module_and_not_in_a_function: (
            ::core::primitive::u32,
            ::core::primitive::u32,
        ) = (::core::line!(), ::core::column!());
        mod story_book {
            const _: () = {
                let (line, column) = super::a_story_book_stands_in_a_module_and_not_in_a_function;
                ::core::assert!(
                    line == ::core::line!() && column == ::core::column!(),
                    "this stands in a function, and the test in it would never be run: put it in the module"
                );
            };
        }

        #[test]
        fn the_stories_are_written_down() {
            $crate::__private::bind(
                $crate::__private::BookMode::from_env(),
                ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", $file),
                &$catalogue,
                &[$($only)?],
            );
        }
    };
}
