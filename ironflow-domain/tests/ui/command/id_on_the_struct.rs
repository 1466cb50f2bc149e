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
#[id(account)]
struct Open {
    account: u32,
}

#[command(Account)]
struct Close {
    #[id = "account"]
    account: u32,
}

#[command(Account, id = account)]
struct Freeze {
    account: u32,
}

impl<C> Decide<C> for Account {
    fn decide(&self, _: C) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
