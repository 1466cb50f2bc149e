//! Sentences that were begun and not ended.

use ironflow_domain::events;
use ironflow_testing::given;

use crate::account::{Account, AccountEvent, Crash, Say, Withdraw};
use crate::failure::{fails_late, failure};

#[test]
fn a_given_without_a_when() {
    fails_late(
        || {
            let given = given::<Account>(events![]);
            drop(given);
        },
        "
            given(..) without a when: nothing was checked; go on with .when(command)
              --> HERE+2
        ",
    );
}

#[test]
fn a_context_is_no_when() {
    fails_late(
        || {
            let given = given::<Account>(events![]).context(());
            drop(given);
        },
        "
            given(..) without a when: nothing was checked; go on with .when(command)
              --> HERE+2
        ",
    );
}

#[test]
fn a_when_without_a_then() {
    fails_late(
        || {
            let when = given::<Account>(events![]).when(Withdraw { cents: 1 });
            drop(when);
        },
        "
            when(..) without a then: nothing was checked; end with .then(events), .then_error(error) or .then_nothing()
              --> HERE+2
        ",
    );
}

#[test]
fn another_panic_goes_first() {
    let reason = failure(|| {
        let _unfinished = given::<Account>(events![]).when(Say(vec![AccountEvent::Closed]));
        let _given = given::<Account>(events![]);
        panic!("{}", "the reason");
    });
    assert_eq!(reason.text, "the reason");
    let crash = failure(|| {
        let _when = given::<Account>(events![]).when(Crash);
    });
    assert!(
        crash.text.starts_with("the decision panicked\n"),
        "{}",
        crash.text
    );
}
