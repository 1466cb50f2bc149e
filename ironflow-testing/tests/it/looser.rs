//! Sentences that say less than everything, under a name that says so.

use ironflow_domain::events;
use ironflow_testing::given;

use crate::account::AccountEvent::*;
use crate::account::*;
use crate::failure::fails;

#[test]
fn scenarios_that_hold() {
    let say = || {
        given::<Account>(events![]).when(Say(vec![
            Deposited { cents: 1 },
            Deposited { cents: 2 },
            Closed,
        ]))
    };
    say().then_in_any_order(events![
        Closed,
        Deposited { cents: 2 },
        Deposited { cents: 1 }
    ]);
    say().then_among_others(events![Deposited { cents: 1 }, Closed]);
    say().then_among_others(events![Deposited { cents: 2 }]);
    say().then_matching(|events| matches!(events, [.., Closed]));
    given::<Account>(events![])
        .when(Visit)
        .then_error_matching(|error| matches!(error, Refused::BankClosed(_)));
}

#[test]
fn in_any_order_is_still_all_of_them_and_no_others() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![
                    Closed,
                    Deposited { cents: 1 },
                    Deposited { cents: 1 },
                ]))
                .then_in_any_order(events![
                    Deposited { cents: 1 },
                    Deposited { cents: 2 },
                    Closed
                ])
        },
        r"
        not the events that were expected, in any order: 1 with other content
          --> HERE+8

          Given   no events
          When    Say([Closed, Deposited { cents: 1 }, Deposited { cents: 1 }])
          Then    1  Closed
                  2  Deposited { cents: 1 }
                  3  Deposited { cents: 1 }
          But        expected  produced
                  ~         1         1  Deposited { cents: 1 }
                                           cents  2 → 1
        ",
    );
}

#[test]
fn among_others_is_still_all_of_them_in_this_order() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![Closed, Deposited { cents: 1 }]))
                .then_among_others(events![Deposited { cents: 1 }, Closed])
        },
        r"
        not all of the events that were expected are among those that happened, in this order
          --> HERE+4

          Given   no events
          When    Say([Closed, Deposited { cents: 1 }])
          Then       expected  produced
                  =         2         1  Closed
                  ↕         1         2  Deposited { cents: 1 }   ← out of order
        ",
    );
}

#[test]
fn nothing_among_others_is_no_expectation() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![Closed]))
                .then_among_others(events![])
        },
        r"
        no event among others is no expectation: it holds of everything
          --> HERE+4

          Given   no events
          When    Say([Closed])
          Then    1  Closed
        ",
    );
}

#[test]
fn events_that_do_not_match() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![Closed]))
                .then_matching(<[AccountEvent]>::is_empty)
        },
        r"
        the events do not match
          --> HERE+4

          Given   no events
          When    Say([Closed])
          Then    1  Closed
        ",
    );
}

#[test]
fn an_error_that_does_not_match() {
    fails(
        || {
            given::<Account>(events![])
                .when(Withdraw { cents: 1 })
                .then_error_matching(|error| matches!(error, Refused::Overdraft(_)))
        },
        r"
        the error does not match
          --> HERE+4

          Given   no events
          When    Withdraw { cents: 1 }
          Then    error NotOpen
                        the account is not open
        ",
    );
}

#[test]
fn whatever_matches_was_accepted_or_refused_first() {
    fails(
        || {
            given::<Account>(events![])
                .when(Visit)
                .then_matching(|_| true)
        },
        r#"
        the command was refused, and should have been accepted
          --> HERE+4

          Given   no events
          When    Visit
          Then    expected  events that match
                  produced  error BankClosed(Holiday("Sunday"))
                                  the bank is closed
                                  caused by: today is Sunday
        "#,
    );
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![]))
                .then_error_matching(|_| true)
        },
        r"
        the command was accepted, and should have been refused
          --> HERE+4

          Given   no events
          When    Say([])
          Then    expected  an error that matches
                  produced  no events
        ",
    );
}
