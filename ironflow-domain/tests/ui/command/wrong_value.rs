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

#[command(Account, creates = true, context = "Clerk", creates)]
struct Open;

#[command("Account")]
struct Close;

impl<C> Decide<C> for Account {
    fn decide(&self, _: C) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

fn main() {}
