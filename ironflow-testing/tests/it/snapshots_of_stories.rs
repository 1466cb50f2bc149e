//! Stories kept in files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use ironflow_domain::events;
use ironflow_testing::given;

use crate::account::AccountEvent::*;
use crate::account::*;

fn noted(text: &str) -> AccountEvent {
    Noted { text: text.into() }
}

#[test]
fn a_story_is_what_its_snapshots_say() {
    given::<Account>(events![noted("0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f")])
        .at("2026-04-17T14:22:01Z")
        .when(Say(vec![
            noted("2026-04-17T14:22:01Z for 0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f"),
            Closed,
        ]))
        .then_snapshot()
        .and_when(Visit)
        .then_snapshot();
    given::<Account>(events![])
        .when(Say(vec![Closed]))
        .then(events![Closed])
        .and_snapshot();
}

/// The file of the next story is changed by one test while another may read it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What another test runs in a process of its own.
#[test]
fn a_story_that_differs_where_it_is_told_to() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::env::var("STORY").unwrap_or_else(|_| "as ever".to_owned());
    given::<Account>(events![noted(&text)])
        .when(Say(vec![]))
        .then_snapshot();
}

/// What another test runs in a process of its own.
#[test]
fn a_story_that_nobody_kept() {
    if std::env::var_os("STORY").is_some() {
        given::<Account>(events![]).when(Visit).then_snapshot();
    }
}

const KEPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/snapshots/snapshots_of_stories__a_story_that_differs_where_it_is_told_to.snap"
);

/// Runs a test in a process of its own, and returns what the test says, if it fails.
fn told(test: &str, story: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    let binary = std::env::current_exe().expect("the tests are a program");
    let mut command = Command::new(binary);
    for variable in ["CI", "TF_BUILD", "INSTA_UPDATE", "INSTA_FORCE_PASS"] {
        command.env_remove(variable);
    }
    let output = command
        .args(["--test-threads=2", "--exact"])
        .arg(format!("snapshots_of_stories::{test}"))
        .env("STORY", story)
        .envs(variables.iter().copied())
        .output()
        .expect("the tests can be run again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("running 1 test"), "{said}");
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}

fn differing(text: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    told("a_story_that_differs_where_it_is_told_to", text, variables)
}

fn proposal() -> PathBuf {
    Path::new(KEPT).with_extension("snap.new")
}

/// One test, since all of this is about one file.
#[test]
fn a_story_that_has_changed_is_proposed_accepted_or_refused() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = fs::read_to_string(KEPT).expect("the snapshot is there");

    let said = differing("another", &[("CI", "true")]).unwrap_err();
    for part in [
        "the story is not what its snapshot says: ",
        "nothing is written where `CI` is set",
        "- Given   1  Noted { text: \"as ever\" }",
        "+ Given   1  Noted { text: \"another\" }",
        "  When    Say([])",
        "--> ironflow-testing/tests/it/snapshots_of_stories.rs:",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!proposal().exists(), "nothing is written where `CI` is set");
    assert!(differing("another", &[("INSTA_UPDATE", "no")]).is_err());
    assert!(!proposal().exists());

    let said = differing("another", &[]).unwrap_err();
    assert!(
        said.contains("review it with `cargo insta review`"),
        "{said}"
    );
    let proposed = fs::read_to_string(proposal()).expect("it was proposed");
    assert!(
        proposed.starts_with(
            "---\nsource: ironflow-testing/tests/it/snapshots_of_stories.rs\nassertion_line: "
        ),
        "{proposed}"
    );
    assert!(
        proposed.ends_with(
            "\n---\nGiven   1  Noted { text: \"another\" }\nWhen    Say([])\nThen    no events\n"
        ),
        "{proposed}"
    );
    assert_eq!(differing("another", &[("INSTA_FORCE_PASS", "1")]), Ok(()));

    // What is as it was needs no review any more.
    assert_eq!(differing("as ever", &[]), Ok(()));
    assert!(!proposal().exists());
    assert_eq!(fs::read_to_string(KEPT).ok(), Some(kept.clone()));

    assert_eq!(differing("another", &[("INSTA_UPDATE", "always")]), Ok(()));
    let accepted = fs::read_to_string(KEPT).expect("it was accepted");
    fs::write(KEPT, kept).expect("the snapshot can be written");
    assert!(accepted.contains("another"), "{accepted}");
    assert!(!accepted.contains("assertion_line"), "{accepted}");
}

#[test]
fn a_story_without_a_snapshot_fails_and_proposes_one() {
    let folder = Path::new(KEPT).parent().expect("it is in a folder");
    let kept = folder.join("snapshots_of_stories__a_story_that_nobody_kept.snap");
    let proposal = kept.with_extension("snap.new");
    let said = told("a_story_that_nobody_kept", "", &[("CI", "1")]).unwrap_err();
    assert!(said.contains("the story has no snapshot yet: "), "{said}");
    assert!(!proposal.exists());

    let said = told("a_story_that_nobody_kept", "", &[]).unwrap_err();
    assert!(said.contains("the story has no snapshot yet: "), "{said}");
    fs::remove_file(&proposal).expect("it was proposed");

    let unseen = [("INSTA_UPDATE", "unseen")];
    assert_eq!(told("a_story_that_nobody_kept", "", &unseen), Ok(()));
    fs::remove_file(&kept).expect("it was accepted");
}
