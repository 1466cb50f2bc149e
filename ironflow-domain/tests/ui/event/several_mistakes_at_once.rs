use ironflow_domain::{Aggregate, Decide, Decision, Event, Fold, command, event, events};

#[event("bank account", create = ::ironflow_domain)]
enum AccountEvent {
    #[event(version = 0, nme = "account.created")]
    Opened { owner: String },
    Deposited(u64, String),
    #[event(name = "account.shut", name = "account.closed")]
    Closed,
}

// None of these is wrong.
#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account {
    open: bool,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited(..) => {}
            AccountEvent::Closed => self.open = false,
        }
    }
}

#[command(Account)]
struct Close;

impl Decide<Close> for Account {
    fn decide(&self, _: Close) -> Decision<Self> {
        Ok(events![AccountEvent::Closed])
    }
}

fn main() {
    let _ = AccountEvent::Closed.clone().encode();
}
