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

#[derive(Debug, Clone)]
#[command(Account)]
struct Open {
    #[id]
    account: u32,
}

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
