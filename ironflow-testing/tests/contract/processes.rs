//! What is said about several processes, on a store that they share and on some that only say so.

use std::any::Any;
use std::fs::File;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ironflow_domain::store::MemoryStore;
use ironflow_testing::contract::{Fixture, Rule, shared_rules};
use tempfile::TempDir;

use crate::journal::{Fault, Journal};

/// A fresh journal in that directory.
fn shared(directory: &Path, fault: Fault) -> Fixture {
    let path = directory.join("journal");
    File::create_new(&path).unwrap();
    let place = serde_json::to_string(&(fault, &path)).unwrap();
    Fixture::new(Journal::open(&path, fault))
        .shared_at(place)
        .worked_by(concat!(module_path!(), "::worker"))
}

/// The journal in the processes that the rules start. They can be seen to be there: until they end,
/// they hold a lock.
async fn open_at(place: String) -> Fixture {
    let (fault, path): (Fault, PathBuf) = serde_json::from_str(&place).unwrap();
    assert_ne!(fault, Fault::CannotBeOpenedAgain, "the journal is torn");
    let alive = File::create(path.with_extension("alive")).unwrap();
    alive.lock_shared().unwrap();
    Fixture::new(Journal::open(&path, fault)).keeping(alive)
}

#[test]
fn worker() {
    ironflow_testing::contract::work(open_at);
}

fn rule(name: &str) -> Rule {
    let mut rules = shared_rules().into_iter();
    let rule = rules.find(|rule| rule.name == name);
    rule.unwrap_or_else(|| panic!("there is no rule {name}"))
}

/// What a rule says about a store with this fault.
fn verdict(fault: Fault, name: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    verdict_in(&directory, fault, name)
}

fn verdict_in(directory: &TempDir, fault: Fault, name: &str) -> Result<(), String> {
    verdict_on(name, || async move { shared(directory.path(), fault) })
}

fn verdict_on<O: Future<Output = Fixture>>(
    name: &str,
    open: impl FnOnce() -> O + std::panic::UnwindSafe,
) -> Result<(), String> {
    let rule = rule(name);
    let text = |panic: Box<dyn Any + Send>| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    };
    catch_unwind(|| rule.check(open)).map_err(text)
}

macro_rules! every_fault_is_found {
    ($($fault:ident: $($rule:literal says $text:literal),+;)*) => {
        $(#[test]
        #[allow(non_snake_case, reason = "the fault's own name finds it")]
        fn $fault() {
            $(
                let said = verdict(Fault::$fault, concat!("processes::", $rule));
                let text = said.expect_err($rule);
                assert!(text.contains($text), "{} says {text}", $rule);
            )+
        })*
    };
}

every_fault_is_found! {
    KeepsEverythingToItself:
        "no_append_of_many_processes_is_lost" says "was given twice",
        "one_process_wins_every_version" says "was given twice",
        "one_process_wins_every_condition" says "every turn is taken once",
        "no_transfer_of_many_processes_is_lost" says "transfers of account",
        "a_reader_sees_every_event_of_other_processes_once_and_in_order" says "was given twice",
        "a_repeat_in_another_process_is_a_duplicate" says "all but one are told",
        "counting_across_processes_loses_nothing" says "key bucket/count should be there",
        "what_one_process_has_appended_another_sees_at_once" says "key bucket/last should be there";
    ChecksThenWrites:
        "no_append_of_many_processes_is_lost" says "was given twice",
        "one_process_wins_every_version" says "was given twice",
        "one_process_wins_every_condition" says "every turn is taken once",
        "no_transfer_of_many_processes_is_lost" says "seen in part, or lost";
    AppendsOneByOne:
        "no_transfer_of_many_processes_is_lost" says "seen in part, or lost",
        "no_append_of_many_processes_is_lost" says "what is left of it",
        "a_reader_sees_every_event_of_other_processes_once_and_in_order" says "what is left of it";
    KnowsOnlyItsOwnIds:
        "a_repeat_in_another_process_is_a_duplicate" says "all but one are told";
    ReadsWhatItHas:
        "a_reader_sees_every_event_of_other_processes_once_and_in_order"
            says "has what processes were told",
        "what_one_process_has_appended_another_sees_at_once" says "key bucket/last should be there";
    ShowsWhatOthersAppendLate:
        "a_reader_sees_every_event_of_other_processes_once_and_in_order"
            says "that followed the log saw something else";
    DoublesWhatOthersAppend:
        "no_append_of_many_processes_is_lost" says "events in the log",
        "a_reader_sees_every_event_of_other_processes_once_and_in_order" says "events in the log",
        "what_one_process_has_appended_another_sees_at_once" says "sees in the log";
    ComparesAndSetsInTwoSteps:
        "counting_across_processes_loses_nothing" says "what 4 processes have counted to";
    CannotBeOpenedAgain:
        "no_append_of_many_processes_is_lost" says "the journal is torn",
        "what_one_process_has_appended_another_sees_at_once" says "the journal is torn";
}

#[test]
fn a_journal_without_a_fault_keeps_every_rule() {
    for rule in shared_rules() {
        assert_eq!(verdict(Fault::None, rule.name), Ok(()), "{}", rule.name);
    }
}

#[test]
fn no_process_outlives_a_rule_that_fails() {
    let directory = tempfile::tempdir().unwrap();
    let name = "processes::no_append_of_many_processes_is_lost";
    let verdict = verdict_in(&directory, Fault::FailsOnceAndThenHangs, name);
    let text = verdict.expect_err("one of the processes has failed");
    assert!(text.contains("the journal is full"), "{text}");
    let alive = File::open(directory.path().join("journal.alive")).unwrap();
    alive.try_lock().expect("the other processes have ended");
}

#[test]
fn a_store_that_is_not_shared_is_told_what_is_missing() {
    let name = "processes::no_append_of_many_processes_is_lost";
    let text = verdict_on(name, || async { Fixture::new(MemoryStore::new()) });
    assert!(text.unwrap_err().contains("`Fixture::shared_at`"));
}

#[test]
fn a_test_that_is_not_there_is_asked_for() {
    let name = "processes::no_append_of_many_processes_is_lost";
    let text = verdict_on(name, || async {
        let fixture = Fixture::new(MemoryStore::new()).shared_at("memory");
        fixture.worked_by("contract::processes::nobody")
    });
    let text = text.unwrap_err();
    assert!(
        text.contains("there has to be a test processes::nobody"),
        "{text}"
    );
}
