//! The list of the rules, and how one is held.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Fixture;

/// One rule, for those who want to go through all of them. Others write
/// [`store_contract!`](crate::store_contract).
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, such as `append::a_conflict_says_where_the_stream_is`.
    pub name: &'static str,
    hold: fn(Fixture) -> Holding,
}

type Holding = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Rule {
    /// Holds a fresh store to it.
    ///
    /// # Panics
    ///
    /// When the store does not keep it.
    pub fn check<O: Future<Output = Fixture>>(&self, open: impl FnOnce() -> O) {
        check(open, self.hold);
    }
}

/// Holds a fresh store to one rule.
///
/// # Panics
///
/// When the store does not keep it.
pub fn check<O, R>(open: impl FnOnce() -> O, rule: impl FnOnce(Fixture) -> R)
where
    O: Future<Output = Fixture>,
    R: Future<Output = ()>,
{
    /// Longer than any rule takes on any machine.
    const LONGEST: Duration = Duration::from_mins(2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime can be started");
    runtime.block_on(async {
        let fixture = open().await;
        let _kept = fixture.kept();
        let held = tokio::time::timeout(LONGEST, rule(fixture)).await;
        assert!(held.is_ok(), "the store has not answered for {LONGEST:?}");
    });
}

/// All the rules but those about several processes: see [`shared_rules`].
#[must_use]
pub fn rules() -> Vec<Rule> {
    crate::__for_every_rule!(__list_of_rules)
}

/// The rules about several processes that share a store. They want to know where it is, from
/// [`Fixture::shared_at`], and what the processes run, from [`Fixture::worked_by`].
#[must_use]
pub fn shared_rules() -> Vec<Rule> {
    crate::__for_every_shared_rule!(__list_of_rules())
}

/// Makes a test of every rule for a store.
///
/// `open` is a closure whose future is a [`Fixture`](crate::contract::Fixture) with a fresh, empty
/// store. `reopens` adds the rules about closing a store and opening it again. `shared` adds those
/// about several processes: its function opens, in another process, what a fixture has, given the
/// place that [`Fixture::shared_at`](crate::contract::Fixture::shared_at) says.
///
/// The tests come into a module `contract`, so a second store goes into a module of its own.
///
/// ```
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_testing::contract::Fixture;
///
/// ironflow_testing::store_contract!(open = || async { Fixture::new(MemoryStore::new()) });
/// # fn main() {}
/// ```
///
/// And where there is something to reopen, and something to keep:
///
/// ```
/// # use std::sync::Arc;
/// # use ironflow_domain::store::MemoryStore;
/// use ironflow_testing::contract::Fixture;
/// # struct Directory(MemoryStore);
/// # async fn open(directory: &Directory) -> MemoryStore { directory.0.clone() }
///
/// async fn fixture() -> Fixture {
///     let directory = Arc::new(Directory(MemoryStore::new()));
///     let again = Arc::clone(&directory);
///     let store = open(&directory).await;
///     Fixture::new(store)
///         .reopened_by(move || {
///             let directory = Arc::clone(&again);
///             async move { open(&directory).await }
///         })
///         .keeping(directory)
/// }
///
/// ironflow_testing::store_contract!(open = fixture, reopens);
/// # fn main() {}
/// ```
///
/// And where several processes may share what there is:
///
/// ```
/// # use ironflow_domain::store::MemoryStore;
/// use ironflow_testing::contract::Fixture;
/// # struct Database;
/// # impl Database {
/// #     async fn create() -> Self { Self }
/// #     fn url(&self) -> String { String::new() }
/// # }
/// # struct MyStore;
/// # impl MyStore {
/// #     async fn connect(_: String) -> MemoryStore { MemoryStore::new() }
/// # }
///
/// async fn fixture() -> Fixture {
///     let database = Database::create().await;
///     let url = database.url();
///     open_at(url.clone()).await.shared_at(url).keeping(database)
/// }
///
/// /// Called in the processes that the rules start, and by `fixture`.
/// async fn open_at(url: String) -> Fixture {
///     Fixture::new(MyStore::connect(url).await)
/// }
///
/// ironflow_testing::store_contract!(open = fixture, shared = open_at);
/// # fn main() {}
/// ```
///
/// What `open_at` returns is a fixture or a store. The rules start the test program again, several
/// times, to run the test `contract::processes::worker` and no other; where nobody has started it
/// for that, it has nothing to do. A process that fails, or gives up waiting for others that write
/// all the time, fails the rule that started it, with everything it wrote; none outlives its rule.
#[macro_export]
macro_rules! store_contract {
    (open = $open:expr $(, shared = $open_at:expr)? $(,)?) => {
        $crate::__for_every_rule!(__tests_of_rules, ($open $(, $open_at)?));
    };
    (open = $open:expr, reopens $(, shared = $open_at:expr)? $(,)?) => {
        $crate::__for_every_rule!(__tests_of_rules, ($open $(, $open_at)?), reopens);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests_of_rules {
    (($open:expr $(, $open_at:expr)?); $($group:ident { $($rule:ident)* })*) => {
        async fn store_of_contract() -> $crate::contract::Fixture {
            ($open)().await
        }

        $(async fn store_of_contract_at(place: ::std::string::String) -> $crate::contract::Fixture {
            ::core::convert::Into::into(($open_at)(place).await)
        })?

        mod contract {
            $(mod $group {
                $(#[test]
                fn $rule() {
                    $crate::contract::check(super::super::store_of_contract, $crate::contract::$group::$rule);
                })*
            })*
            $($crate::__for_every_shared_rule!(__tests_of_shared_rules ($open_at));)?
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests_of_shared_rules {
    // That there is something to open says that the store is shared; it is opened further out.
    ($open_at:expr; $($group:ident { $($rule:ident)* })*) => {
        $(mod $group {
            /// What the processes that the rules start have to do; in any other, nothing.
            #[test]
            fn worker() {
                $crate::contract::work(super::super::store_of_contract_at);
            }

            $(#[test]
            fn $rule() {
                let open = || async {
                    let store = super::super::store_of_contract().await;
                    store.worked_by(::core::concat!(::core::module_path!(), "::worker"))
                };
                $crate::contract::check(open, $crate::contract::$group::$rule);
            })*
        })*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __list_of_rules {
    (; $($group:ident { $($rule:ident)* })*) => {
        vec![$($(Rule {
            name: concat!(stringify!($group), "::", stringify!($rule)),
            hold: |fixture| Box::pin(super::$group::$rule(fixture)),
        }),*),*]
    };
}

/// Hands all the rules to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_every_rule {
    (__list_of_rules) => {
        $crate::__for_every_rule!(@all __list_of_rules ())
    };
    (__tests_of_rules, $open:tt) => {
        $crate::__for_every_rule!(@lasting __tests_of_rules ($open));
    };
    (__tests_of_rules, $open:tt, reopens) => {
        $crate::__for_every_rule!(@all __tests_of_rules ($open));
    };
    (@all $then:ident ($($given:tt)*)) => {
        $crate::__for_every_rule! { @lasting $then ($($given)*)
        reopening {
            a_reopened_store_has_its_events
            a_reopened_store_goes_on_where_it_was
            a_reopened_store_still_knows_a_repeat
            a_wait_in_a_reopened_store_is_over_for_old_events
            a_reopened_store_has_its_keys
            a_reopened_store_gives_no_revision_again
            what_expires_does_so_while_the_store_is_closed
        }
        }
    };
    (@lasting $then:ident ($($given:tt)*) $($more:tt)*) => {
        $crate::$then! { $($given)*;
        append {
            the_first_append_makes_the_stream
            any_version_appends_wherever_the_stream_is
            no_stream_conflicts_with_an_existing_stream
            stream_exists_conflicts_with_a_new_stream
            an_exact_version_appends_where_the_stream_is
            an_exact_version_that_is_stale_conflicts
            an_exact_version_that_is_ahead_conflicts
            a_conflict_says_where_the_stream_is
            an_append_that_conflicts_writes_nothing
            an_append_that_was_refused_can_be_made_later
            several_events_follow_each_other
            an_append_without_events_is_refused
            an_event_id_twice_in_one_append_is_refused
            an_event_id_of_an_earlier_append_is_refused
            an_event_id_of_another_stream_is_refused
            a_repeat_is_told_from_a_conflict
            an_event_has_all_its_fields_back
            an_event_has_the_time_at_which_it_was_recorded
            a_payload_comes_back_byte_for_byte
            a_payload_may_be_a_mebibyte
            texts_may_be_odd_or_empty
            streams_with_odd_names_are_kept_apart
            ten_thousand_events_are_one_append
            an_append_leaves_the_keys_alone
        }
        streams {
            a_stream_is_read_from_its_beginning
            a_stream_is_read_from_any_version
            a_stream_is_read_backward_from_its_end
            nothing_lies_beyond_the_ends_of_a_stream
            a_page_says_where_to_go_on
            pages_of_any_size_make_up_the_stream
            a_page_of_a_stream_has_at_least_one_event
            a_page_of_payloads_has_what_it_takes_to_decode_them
            a_stream_is_resumed_where_a_key_says
            a_stream_is_resumed_where_it_is_asked_unless_a_key_says
            a_limit_may_be_as_large_as_it_likes
            a_stream_that_does_not_exist_has_no_events
            an_event_is_found_by_its_id
            what_is_known_about_a_stream_is_right
            streams_are_listed_in_the_order_of_their_ids
            a_listed_stream_is_what_is_known_about_it
            only_streams_of_a_category_are_listed
            a_list_of_streams_goes_on_after_the_last_one
            a_list_of_no_streams_is_empty
        }
        log {
            an_empty_log_is_at_its_end
            the_log_has_every_append_in_order
            the_log_goes_on_after_any_append
            nothing_lies_beyond_the_end_of_the_log
            a_page_ends_with_a_whole_append
            a_page_ends_when_it_has_enough_bytes
            pages_of_any_size_make_up_the_log
            a_page_of_the_log_s_payloads_has_what_it_takes_to_decode_them
            only_events_with_wanted_names_are_read
            a_name_is_wanted_to_the_letter
            only_events_of_wanted_categories_are_read
            an_event_is_wanted_by_its_category_and_its_name
            only_events_of_wanted_streams_are_read
            an_event_is_wanted_by_its_stream_its_category_and_its_name
            a_read_gets_past_events_that_are_not_wanted
            a_full_page_is_read_to_the_end_of_its_append
            filtered_pages_make_up_the_filtered_log
            the_log_has_what_the_streams_have
            a_wait_is_over_at_once_where_the_log_has_grown_already
            an_append_ends_a_wait_for_the_log
            an_append_ends_every_wait_for_the_log
        }
        together {
            every_append_is_recorded
            the_answers_come_in_the_order_of_the_appends
            an_append_sees_the_ones_before_it
            a_conflict_says_where_the_ones_before_it_have_left_the_stream
            a_conflict_of_one_leaves_nothing_of_the_others
            an_event_id_that_is_taken_leaves_nothing_of_the_others
            a_repeat_among_several_is_told_from_a_conflict
            an_event_id_twice_among_several_is_refused
            what_was_refused_can_be_appended_later
            a_guard_is_answered_with_where_its_stream_is
            a_guard_that_does_not_hold_leaves_nothing
            a_guard_makes_no_stream
            guards_alone_are_refused
            no_appends_at_all_are_nothing_to_do
            one_append_alone_is_an_append
            readers_get_all_appends_as_one
            a_page_ends_with_all_of_the_appends
            a_thousand_appends_are_one
            several_appends_end_a_wait_for_the_log
        }
        conditions {
            an_append_is_made_where_its_condition_holds
            a_condition_fails_for_an_event_of_its_category
            a_condition_fails_for_an_event_with_its_name
            a_condition_fails_for_an_event_in_its_stream
            an_event_has_to_meet_all_that_a_condition_says
            an_event_at_the_position_is_not_after_it
            a_condition_that_means_every_event_fails_for_any
            a_condition_is_about_the_stream_itself_as_well
            a_condition_after_the_end_of_the_log_holds
            a_conflict_says_which_condition_has_failed
            an_append_whose_condition_fails_writes_nothing
            a_repeat_is_told_from_a_condition_that_fails
            a_condition_and_a_version_have_to_hold_both
            a_condition_sees_the_appends_before_it
            a_condition_is_not_about_the_appends_after_it
        }
        concurrency {
            one_writer_wins_every_version
            one_writer_wins_every_version_through_several_handles
            one_of_many_writers_makes_a_stream
            one_of_many_repeats_is_recorded
            no_append_of_many_is_lost
            a_reader_sees_every_event_once_and_in_order
            a_reader_sees_every_event_once_through_several_handles
            a_stream_that_others_append_to_is_read_without_gaps
            an_append_that_returned_is_seen_by_everyone
            an_append_that_is_dropped_is_whole_or_not_there
            several_appends_that_are_dropped_are_whole_or_not_there
            one_writer_wins_every_condition
            one_writer_wins_every_condition_through_several_handles
            no_transfer_of_many_is_lost
            no_transfer_of_many_is_lost_through_several_handles
            one_of_many_creates_a_key
            counting_by_compare_and_set_loses_nothing
            of_many_batches_with_a_key_in_common_one_is_written
            events_and_keys_are_written_side_by_side
        }
        key_value {
            a_value_is_read_back
            a_key_that_was_never_written_is_absent
            a_value_may_be_any_bytes
            keys_with_odd_names_are_kept_apart
            several_keys_are_looked_up_as_each_of_them_is
            many_keys_are_looked_up_at_once
            every_change_has_a_later_revision
            a_key_is_created_once
            a_value_is_replaced_at_its_revision_only
            a_refusal_says_what_was_expected
            a_deleted_key_is_absent
            a_key_is_deleted_at_its_revision_only
            a_key_that_is_made_again_has_a_new_revision
            a_batch_is_written_as_a_whole
            a_batch_that_is_refused_writes_nothing
            a_batch_may_change_one_key_twice
            a_batch_of_nothing_is_written
            a_batch_may_be_large
            a_bucket_is_listed_in_the_order_of_its_names
            only_names_with_a_prefix_are_listed
            a_list_of_keys_goes_on_after_the_last_one
            a_value_says_when_it_expires
            a_value_that_has_expired_is_absent
            a_key_that_has_expired_can_be_created
            a_key_that_has_expired_has_no_revision
            a_value_that_is_renewed_lives_on
            a_value_that_is_put_anew_does_not_expire
            what_has_expired_does_not_count_for_a_limit
        }
        sql {
            statements_and_writes_are_made_together
            a_guard_that_is_lost_executes_no_statement
            a_statement_that_is_refused_is_told_and_nothing_is_written
            a_statement_that_would_end_the_transaction_is_refused
            what_a_constraint_refuses_in_the_end_is_refused_alone
            a_parameter_is_the_value_it_is
            of_many_with_the_same_guard_one_executes_its_statements
        }
            $($more)*
        }
    };
}

/// Hands the rules about several processes to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_every_shared_rule {
    ($then:ident ($($given:tt)*)) => {
        $crate::$then! { $($given)*;
        processes {
            no_append_of_many_processes_is_lost
            one_process_wins_every_version
            one_process_wins_every_condition
            no_transfer_of_many_processes_is_lost
            a_reader_sees_every_event_of_other_processes_once_and_in_order
            a_repeat_in_another_process_is_a_duplicate
            counting_across_processes_loses_nothing
            what_one_process_has_appended_another_sees_at_once
        }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule that is written and not listed would hold nobody.
    #[test]
    fn every_rule_is_listed() {
        let groups = [
            ("append", include_str!("append.rs")),
            ("streams", include_str!("streams.rs")),
            ("log", include_str!("log.rs")),
            ("together", include_str!("together.rs")),
            ("conditions", include_str!("conditions.rs")),
            ("concurrency", include_str!("concurrency.rs")),
            ("key_value", include_str!("key_value.rs")),
            ("sql", include_str!("sql.rs")),
            ("reopening", include_str!("reopening.rs")),
            ("processes", include_str!("processes.rs")),
        ];
        let mut listed = rules();
        listed.extend(shared_rules());
        let listed: Vec<_> = listed.iter().map(|rule| rule.name.to_owned()).collect();
        let mut written = Vec::new();
        for (group, source) in groups {
            let names = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('));
            written.extend(names.map(|(name, _)| format!("{group}::{name}")));
        }
        assert_eq!(listed, written);
    }
}
