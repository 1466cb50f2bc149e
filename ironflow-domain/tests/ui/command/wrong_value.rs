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

#[command(Account, creates = true, context = "Clerk", creates)]
struct Open;

#[command("Account")]
struct Close;

struct Clerk;

impl DecideWith<Open> for Account {
    fn decide(&self, _: Open, _: &Clerk) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

impl Decide<Close> for Account {
    fn decide(&self, _: Close) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
