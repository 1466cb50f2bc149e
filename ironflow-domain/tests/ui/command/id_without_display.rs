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

#[derive(Debug, Clone, PartialEq)]
struct AccountId(u32);

#[command(Account)]
struct Open {
    #[id]
    account: AccountId,
}

#[command(Account)]
enum Everyday {
    Close(#[id] AccountId),
}

impl<C> Decide<C> for Account {
    fn decide(&self, _: C) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
