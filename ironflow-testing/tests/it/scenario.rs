//! What passes, and what differs.

use ironflow_domain::events;
use ironflow_testing::given;

use crate::account::AccountEvent::*;
use crate::account::*;
use crate::failure::fails;

fn ann() -> AccountEvent {
    Opened {
        owner: "Ann".into(),
    }
}

#[test]
fn scenarios_that_hold() {
    given::<Account>(events![ann(), Deposited { cents: 100 }])
        .when(Withdraw { cents: 40 })
        .then(events![Withdrawn { cents: 40 }]);
    given::<Account>(events![ann(), Deposited { cents: 100 }])
        .when(Withdraw { cents: 101 })
        .then_error(Refused::Overdraft(100));
    given::<Account>(events![ann()])
        .when(Withdraw { cents: 0 })
        .then_nothing();
    given::<Account>(events![ann()])
        .when(Withdraw { cents: 0 })
        .then(events![]);
    given::<Account>(events![])
        .when(Withdraw { cents: 0 })
        .then_error(Refused::NotOpen);
    given::<Account>(events![])
        .context(Conditions { rate: 0.5 })
        .when(SetRate)
        .then(events![Rated { rate: 0.5 }]);
    given::<Account>(events![])
        .when(Visit)
        .then_error(Refused::BankClosed(Holiday("Sunday")));
}

#[tokio::test]
async fn scenarios_hold_inside_a_runtime() {
    given::<Account>(events![ann()])
        .when(Withdraw { cents: 0 })
        .then_nothing();
}

#[test]
fn a_missing_event() {
    fails(
        || {
            given::<Account>(events![ann()])
                .when(Say(vec![Deposited { cents: 1 }, Closed]))
                .then(events![
                    Deposited { cents: 1 },
                    Deposited { cents: 2 },
                    Closed
                ]);
        },
        r#"
            not the events that were expected: 1 missing
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
              When    Say([Deposited { cents: 1 }, Closed])
              Then       expected  produced
                      =         1         1  Deposited { cents: 1 }
                      -         2         –  Deposited { cents: 2 }   ← missing
                      =         3         2  Closed
        "#,
    );
}

#[test]
fn one_event_too_many() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![
                    ann(),
                    Deposited { cents: 7 },
                    Deposited { cents: 1 },
                    Closed,
                ]))
                .then(events![ann(), Deposited { cents: 1 }, Closed]);
        },
        r#"
            not the events that were expected: 1 not expected
              --> HERE+9

              Given   no events
              When    Say([Opened { owner: "Ann" }, Deposited { cents: 7 }, Deposited { cents: 1 }, Closed])
              Then       expected  produced
                      =         1         1  Opened { owner: "Ann" }
                      +         –         2  Deposited { cents: 7 }   ← not expected
                      =         2         3  Deposited { cents: 1 }
                      =         3         4  Closed
        "#,
    );
}

#[test]
fn other_fields() {
    fails(
        || {
            given::<Account>(events![ann()])
                .when(Say(vec![bill(&[("pen", 3), ("ink", 1)], Some("Ann"))]))
                .then(events![bill(&[("pen", 2)], None)]);
        },
        r#"
            not the events that were expected: 1 with other content
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
              When    Say([Billed(Bill {
                          items: [Item { sku: "pen", qty: 3 }, Item { sku: "ink", qty: 1 }],
                          paid_by: Some("Ann"),
                      })])
              Then       expected  produced
                      ~         1         1  Billed(Bill {
                                                 items: [Item { sku: "pen", qty: 3 }, Item { sku: "ink", qty: 1 }],
                                                 paid_by: Some("Ann"),
                                             })
                                               items[0].qty  2 → 3
                                               items[1]      absent → {"qty":1,"sku":"ink"}
                                               paid_by       null → "Ann"
        "#,
    );
}

#[test]
fn a_long_event() {
    let items = [
        ("a fountain pen", 1),
        ("an inkwell", 1),
        ("a sheet of paper", 100),
    ];
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![bill(
                    &items,
                    Some("someone whose name is longer than a column"),
                )]))
                .then(events![bill(&items, None), Closed]);
        },
        r#"
            not the events that were expected: 1 with other content, 1 missing
              --> HERE+7

              Given   no events
              When    Say([Billed(Bill {
                          items: [
                              Item { sku: "a fountain pen", qty: 1 },
                              Item { sku: "an inkwell", qty: 1 },
                              Item { sku: "a sheet of paper", qty: 100 },
                          ],
                          paid_by: Some("someone whose name is longer than a column"),
                      })])
              Then       expected  produced
                      ~         1         1  Billed(Bill {
                                                 items: [
                                                     Item { sku: "a fountain pen", qty: 1 },
                                                     Item { sku: "an inkwell", qty: 1 },
                                                     Item { sku: "a sheet of paper", qty: 100 },
                                                 ],
                                                 paid_by: Some("someone whose name is longer than a column"),
                                             })
                                               paid_by
                                                 expected  null
                                                 produced  "someone whose name is longer than a column"
                      -         2         –  Closed   ← missing
        "#,
    );
}

#[test]
fn another_order() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![Closed, ann(), Deposited { cents: 1 }]))
                .then(events![ann(), Deposited { cents: 1 }, Closed]);
        },
        r#"
            not the events that were expected: 1 out of order
              --> HERE+4

              Given   no events
              When    Say([Closed, Opened { owner: "Ann" }, Deposited { cents: 1 }])
              Then       expected  produced
                      ↕         3         1  Closed   ← out of order
                      =         1         2  Opened { owner: "Ann" }
                      =         2         3  Deposited { cents: 1 }
        "#,
    );
}

#[test]
fn everything_at_once() {
    fails(
        || {
            given::<Account>(events![ann(), Deposited { cents: 5 }])
                .when(Say(vec![
                    Closed,
                    ann(),
                    Deposited { cents: 1 },
                    Rated { rate: 1.0 },
                ]))
                .then(events![
                    ann(),
                    Deposited { cents: 2 },
                    bill(&[], None),
                    Closed
                ]);
        },
        r#"
            not the events that were expected: 1 with other content, 1 missing, 1 not expected, 1 out of order
              --> HERE+9

              Given   1  Opened { owner: "Ann" }
                      2  Deposited { cents: 5 }
              When    Say([Closed, Opened { owner: "Ann" }, Deposited { cents: 1 }, Rated { rate: 1.0 }])
              Then       expected  produced
                      ↕         4         1  Closed   ← out of order
                      =         1         2  Opened { owner: "Ann" }
                      ~         2         3  Deposited { cents: 1 }
                                               cents  2 → 1
                      -         3         –  Billed(Bill { items: [], paid_by: None })   ← missing
                      +         –         4  Rated { rate: 1.0 }   ← not expected
        "#,
    );
}

#[test]
fn events_where_nothing_was_expected() {
    fails(
        || {
            given::<Account>(events![ann(), Deposited { cents: 5 }])
                .when(Withdraw { cents: 5 })
                .then_nothing();
        },
        r#"
            something happened, and nothing should have
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
                      2  Deposited { cents: 5 }
              When    Withdraw { cents: 5 }
              Then    expected  no events
                      produced  1  Withdrawn { cents: 5 }
        "#,
    );
}

#[test]
fn what_was_given_is_not_produced() {
    fails(
        || {
            given::<Account>(events![ann()])
                .when(Withdraw { cents: 0 })
                .then(events![ann()]);
        },
        r#"
            nothing happened, and something should have
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
              When    Withdraw { cents: 0 }
              Then    expected  1  Opened { owner: "Ann" }
                      produced  no events
        "#,
    );
}

#[test]
fn an_error_where_events_were_expected() {
    fails(
        || {
            given::<Account>(events![ann(), Deposited { cents: 100 }])
                .when(Withdraw { cents: 101 })
                .then(events![Withdrawn { cents: 101 }, Closed]);
        },
        r#"
            the command was refused, and should have been accepted
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
                      2  Deposited { cents: 100 }
              When    Withdraw { cents: 101 }
              Then    expected  1  Withdrawn { cents: 101 }
                                2  Closed
                      produced  error Overdraft(100)
                                      there are only 100 cents
        "#,
    );
}

#[test]
fn an_error_with_a_cause_where_nothing_was_expected() {
    fails(
        || {
            given::<Account>(events![]).when(Visit).then_nothing();
        },
        r#"
            the command was refused, and should have been accepted
              --> HERE+2

              Given   no events
              When    Visit
              Then    expected  no events
                      produced  error BankClosed(Holiday("Sunday"))
                                      the bank is closed
                                      caused by: today is Sunday
        "#,
    );
}

#[test]
fn events_where_an_error_was_expected() {
    fails(
        || {
            given::<Account>(events![ann(), Deposited { cents: 100 }])
                .when(Withdraw { cents: 100 })
                .then_error(Refused::Overdraft(100));
        },
        r#"
            the command was accepted, and should have been refused
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
                      2  Deposited { cents: 100 }
              When    Withdraw { cents: 100 }
              Then    expected  error Overdraft(100)
                                      there are only 100 cents
                      produced  1  Withdrawn { cents: 100 }
        "#,
    );
}

#[test]
fn another_error() {
    fails(
        || {
            given::<Account>(events![ann(), Deposited { cents: 90 }])
                .when(Withdraw { cents: 101 })
                .then_error(Refused::Overdraft(100));
        },
        r#"
            not the error that was expected
              --> HERE+4

              Given   1  Opened { owner: "Ann" }
                      2  Deposited { cents: 90 }
              When    Withdraw { cents: 101 }
              Then    expected  error Overdraft(100)
                                      there are only 100 cents
                      produced  error Overdraft(90)
                                      there are only 90 cents
        "#,
    );
}

#[test]
fn what_was_expected_is_not_stored() {
    fails(
        || {
            given::<Account>(events![])
                .when(Say(vec![Logged { secret: 0 }]))
                .then(events![Logged { secret: 7 }]);
        },
        "
            not the events that were expected: 1 with other content
              --> HERE+4

              Given   no events
              When    Say([Logged { secret: 0 }])
              Then       expected  produced
                      ~         1         1  Logged { secret: 0 }
                                               expected  Logged { secret: 7 }
                                               the difference is not in the stored form
        ",
    );
}

#[test]
fn a_command_that_creates_is_accepted_though_its_stream_exists() {
    let opened = || Opened {
        owner: "Ann".into(),
    };
    given::<Account>(events![])
        .when(Open(events![opened()]))
        .then(events![opened()]);
    given::<Account>(events![opened()])
        .when(Open(events![]))
        .then_nothing();
    fails(
        || {
            given::<Account>(events![opened()])
                .when(Open(events![opened()]))
                .then(events![opened()]);
        },
        "
            the command is marked `creates`, and was accepted though its stream exists
              --> HERE+3

              Given   1  Opened { owner: \"Ann\" }
              When    Open(Events([Opened { owner: \"Ann\" }]))
              Then    produced  1  Opened { owner: \"Ann\" }
              But     no store would record it; the decision needs a rule for this, or no `creates`
        ",
    );
}

#[test]
fn the_decision_is_not_pure() {
    fails(
        || {
            given::<Account>(events![])
                .when(Count)
                .then(events![Deposited { cents: 0 }]);
        },
        "
            the decision is not pure: decided again, the command came out differently
              --> HERE+3

              Given   no events
              When    Count
              Then    produced  1  Deposited { cents: 0 }
              Again   1  Deposited { cents: 1 }
        ",
    );
}

#[test]
fn the_command_names_what_cannot_be_an_aggregate() {
    given::<Account>(events![]).when(Audit("1")).then_nothing();
    fails(
        || {
            given::<Account>(events![]).when(Audit("")).then_nothing();
        },
        "
            the command names an aggregate that cannot be one
              --> HERE+2

              Given   no events
              When    Audit(\"\")
              But     \"account-\" cannot name a stream: its id is empty
        ",
    );
}

#[test]
fn the_decision_panics() {
    fails(
        || {
            given::<Account>(events![Deposited { cents: 9 }])
                .when(Crash)
                .then_nothing();
        },
        "
            the decision panicked
              --> HERE+3

              Given   1  Deposited { cents: 9 }
              When    Crash
              Panic   9 cents are too many
        ",
    );
}
