//! Events, commands and aggregates through the generated code.

use ironflow_domain::{
    Addressed, Aggregate, Command, Decide, DecideWith, Decision, DecodeError, Event, Fold, command,
    event, events,
};
use serde::{Deserialize, Serialize};

use crate::stored;

/// Facts of every shape we take.
#[event("account")]
enum AccountEvent {
    /// Someone opened it.
    Opened {
        owner: String,
        #[serde(default)]
        vip: bool,
    },
    #[event(name = "account.paid_in", version = 3, upcast(_, _))]
    Deposited(Deposit),
    #[serde(rename_all = "camelCase")]
    RateChanged {
        new_rate: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Deposit {
    cents: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum Refused {
    #[error("closed")]
    Closed,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
enum Account {
    #[default]
    New,
    Open(u64),
    Closed,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match (&mut *self, event) {
            (Account::Open(balance), AccountEvent::Deposited(deposit)) => *balance += deposit.cents,
            (_, AccountEvent::Closed) => *self = Account::Closed,
            (_, AccountEvent::Opened { .. }) => *self = Account::Open(0),
            _ => {}
        }
    }
}

#[command(Account)]
enum Everyday {
    Pay {
        #[id]
        account: u32,
        cents: u64,
    },
    Close(#[id] u32),
}

#[command(Account, context = Rate, creates)]
struct OpenAccount {
    #[id]
    account: String,
}

#[derive(Debug)]
struct Rate(f64);

impl Decide<Everyday> for Account {
    fn decide(&self, command: Everyday) -> Decision<Self> {
        match (self, command) {
            (Account::Closed, _) => Err(Refused::Closed),
            (_, Everyday::Pay { cents, .. }) => {
                Ok(events![AccountEvent::Deposited(Deposit { cents })])
            }
            (_, Everyday::Close(_)) => Ok(events![AccountEvent::Closed]),
        }
    }
}

impl DecideWith<OpenAccount> for Account {
    fn decide(&self, command: OpenAccount, rate: &Rate) -> Decision<Self> {
        Ok(events![
            AccountEvent::Opened {
                owner: command.account,
                vip: false
            },
            AccountEvent::RateChanged {
                new_rate: rate.0,
                why: None
            },
        ])
    }
}

#[test]
fn an_event_is_stored_as_the_fields_of_its_variant() {
    let stored = |event: AccountEvent| {
        (
            event.kind().name,
            event.kind().version.get(),
            event.encode().unwrap(),
        )
    };
    assert_eq!(
        stored(AccountEvent::Opened {
            owner: "Ann".into(),
            vip: true
        }),
        (
            "account.opened",
            1,
            r#"{"owner":"Ann","vip":true}"#.to_owned()
        )
    );
    assert_eq!(
        stored(AccountEvent::Deposited(Deposit { cents: 5 })),
        ("account.paid_in", 3, r#"{"cents":5}"#.to_owned())
    );
    assert_eq!(
        stored(AccountEvent::RateChanged {
            new_rate: 0.5,
            why: None
        }),
        ("account.rate_changed", 1, r#"{"newRate":0.5}"#.to_owned())
    );
    assert_eq!(
        stored(AccountEvent::Closed),
        ("account.closed", 1, "{}".to_owned())
    );
    assert_eq!(AccountEvent::KINDS[0].doc, "Someone opened it.");
}

#[test]
fn a_stored_event_is_read_back() {
    for event in [
        AccountEvent::Opened {
            owner: "Ann".into(),
            vip: true,
        },
        AccountEvent::Deposited(Deposit { cents: 5 }),
        AccountEvent::RateChanged {
            new_rate: 0.5,
            why: Some("x".into()),
        },
        AccountEvent::Closed,
    ] {
        let kind = event.kind();
        assert_eq!(
            stored::read::<AccountEvent>(kind.name, kind.version.get(), &event.encode().unwrap())
                .unwrap(),
            event
        );
    }
    let without_default: AccountEvent =
        stored::read("account.opened", 1, r#"{"owner":"Ann"}"#).unwrap();
    assert_eq!(
        without_default,
        AccountEvent::Opened {
            owner: "Ann".into(),
            vip: false
        }
    );
    assert_eq!(
        stored::read::<AccountEvent>("account.closed", 1, r#"{"once":"had"}"#).unwrap(),
        AccountEvent::Closed
    );
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_so() {
    let decode =
        |name, version, data| stored::read::<AccountEvent>(name, version, data).unwrap_err();

    let unknown = decode("account.opend", 1, "{}");
    assert!(matches!(unknown, DecodeError::UnknownName { .. }));
    assert!(
        unknown
            .to_string()
            .contains("account.opened, account.paid_in"),
        "{unknown}"
    );

    let newer = decode("account.opened", 2, "{}");
    assert_eq!(
        newer.to_string(),
        "event account.opened is stored in version 2, and this program reads up to version 1: it was written by a newer program, so run that one"
    );

    for (name, version, data, says) in [
        ("account.opened", 1, "{}", "missing field `owner`"),
        ("account.opened", 1, "[\"Ann\"]", "invalid type: sequence"),
        (
            "account.opened",
            1,
            r#"{"owner":"Ann"} {}"#,
            "trailing characters",
        ),
        (
            "account.paid_in",
            3,
            r#"{"cents":-1}"#,
            "invalid value: integer `-1`",
        ),
        ("account.closed", 1, "{", "EOF"),
    ] {
        let error = decode(name, version, data);
        let cause = std::error::Error::source(&error)
            .expect("the cause is kept")
            .to_string();
        assert!(cause.contains(says), "{cause}");
    }
}

#[test]
fn a_command_knows_its_name_its_stream_and_its_aggregate() {
    let pay = Everyday::Pay {
        account: 7,
        cents: 1,
    };
    assert_eq!(pay.name(), "pay");
    assert_eq!(pay.stream_id().unwrap().as_str(), "account-7");
    assert_eq!(
        Everyday::Close(8).stream_id().unwrap().as_str(),
        "account-8"
    );
    let open = OpenAccount {
        account: "Ann".into(),
    };
    assert_eq!(
        (open.name(), OpenAccount::CREATES, Everyday::CREATES),
        ("open-account", true, false)
    );
    assert!(
        OpenAccount {
            account: String::new()
        }
        .stream_id()
        .is_err()
    );
}

#[test]
fn a_decision_is_a_pure_function_of_state_and_command() {
    let opened = Command::decide(
        OpenAccount {
            account: "Ann".into(),
        },
        &Account::initial(),
        &Rate(0.1),
    )
    .unwrap();
    let mut state = Account::replay(&opened);
    state.apply(&AccountEvent::Deposited(Deposit { cents: 5 }));
    assert!(matches!(state, Account::Open(5)));
    state.apply(&AccountEvent::Closed);
    assert_eq!(
        Command::decide(Everyday::Close(1), &state, &()),
        Err(Refused::Closed)
    );
}
