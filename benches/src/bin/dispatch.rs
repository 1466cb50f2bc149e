//! Folds or decides, through generated code or by hand, as often as it is told: what is measured
//! is what one round more costs.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use ironflow_benches::account::{Account, AccountCommand, AccountEvent};
use ironflow_benches::by_hand;
use ironflow_domain::{Aggregate, Command};

const LENGTH: u64 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [work, how, rounds] = arguments[..] else {
        return ExitCode::from(2);
    };
    let Ok(rounds) = rounds.parse() else {
        return ExitCode::from(2);
    };
    match (work, how) {
        ("fold", "generated") => repeat(rounds, &events(), fold_generated),
        ("fold", "by-hand") => repeat(rounds, &events(), fold_by_hand),
        ("decide", "generated") => repeat(rounds, &commands(), decide_generated),
        ("decide", "by-hand") => repeat(rounds, &commands(), decide_by_hand),
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

fn repeat<T>(rounds: u32, items: &[T], work: fn(&[T])) {
    for _ in 0..rounds {
        work(black_box(items));
    }
}

fn fold_generated(events: &[AccountEvent]) {
    black_box(Account::replay(events));
}

fn fold_by_hand(events: &[AccountEvent]) {
    let mut account = Account::default();
    for event in events {
        by_hand::fold(&mut account, event);
    }
    black_box(account);
}

fn decide_generated(commands: &[AccountCommand]) {
    let account = Account::opened(LENGTH);
    for command in commands {
        let _ = black_box(command.clone().decide(black_box(&account), &()));
    }
}

fn decide_by_hand(commands: &[AccountCommand]) {
    let account = Account::opened(LENGTH);
    for command in commands {
        let _ = black_box(by_hand::decide(black_box(&account), command.clone()));
    }
}

/// Events of all variants.
fn events() -> Vec<AccountEvent> {
    let event = |n: u64| match n % 6 {
        0 => AccountEvent::Opened {
            owner: "Jo".to_owned(),
            limit: n,
        },
        1 => AccountEvent::Deposited { cents: n },
        2 => AccountEvent::Withdrawn { cents: n },
        3 => AccountEvent::LimitSet { limit: n },
        4 => AccountEvent::Frozen {
            reason: "lost".to_owned(),
        },
        _ => AccountEvent::Thawed,
    };
    (0..LENGTH).map(event).collect()
}

/// Commands of all variants; an open account accepts about half of them with an event.
fn commands() -> Vec<AccountCommand> {
    let command = |n: u64| match n % 6 {
        0 => AccountCommand::Open {
            owner: "Jo".to_owned(),
            limit: n,
        },
        1 => AccountCommand::Deposit { cents: n },
        2 => AccountCommand::Withdraw { cents: n },
        3 => AccountCommand::SetLimit { limit: n },
        4 => AccountCommand::Freeze {
            reason: "lost".to_owned(),
        },
        _ => AccountCommand::Thaw,
    };
    (0..LENGTH).map(command).collect()
}
