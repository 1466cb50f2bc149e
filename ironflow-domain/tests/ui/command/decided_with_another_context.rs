use ironflow_domain::{Aggregate, DecideWith, Decision, Fold, command, event, events};

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

#[command(Account, context = Clerk)]
struct Open;

struct Clerk;
struct Branch;

impl DecideWith<Open> for Account {
    fn decide(&self, _: Open, _: &Branch) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
