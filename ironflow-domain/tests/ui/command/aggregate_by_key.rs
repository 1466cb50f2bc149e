use ironflow_domain::{Aggregate, Decide, DecideWith, Decision, Fold, command, event, events};

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

#[command(aggregate = Account)]
struct Open;

#[command(Account, ctx = Clerk)]
struct Close;

#[command(Account, Clerk)]
struct Freeze;

struct Clerk;

impl<C> Decide<C> for Account {
    fn decide(&self, _: C) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

impl DecideWith<Close> for Account {
    fn decide(&self, _: Close, _: &Clerk) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
