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

#[command(Account, create, contxt = Clerk, retries = 3)]
struct Open;

struct Clerk;

impl DecideWith<Open> for Account {
    fn decide(&self, _: Open, _: &Clerk) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
