use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[command(Account)]
struct Open;

#[command(Account)]
struct Deposit;

#[command(Account)]
struct Close;

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

impl Decide<Close> for Account {
    fn decide(&self, _: Close) -> Decision<Self> {
        Ok(events![])
    }
}

fn main() {}
