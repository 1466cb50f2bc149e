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
enum AccountCommand {
    Open {
        #[id]
        account: u32,
    },
    Deposit {
        account: u32,
        cents: u64,
    },
    Close,
}

impl Decide<AccountCommand> for Account {
    fn decide(&self, _: AccountCommand) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
