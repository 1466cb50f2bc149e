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
struct Open<'a> {
    owner: &'a str,
}

impl Decide<Open<'_>> for Account {
    fn decide(&self, _: Open<'_>) -> Decision<Self> {
        Ok(events![])
    }
}

fn main() {}
