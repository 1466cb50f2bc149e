use ironflow_domain::{Aggregate, BoxError, CommandMetadata, Decide, Decision, Enrich, Fold, command, event, events};

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
struct Open;

struct Clerk;

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

struct Bank;

impl Enrich<Open> for Bank {
    async fn enrich(&self, _: &Open, _: &CommandMetadata) -> Result<Clerk, BoxError> {
        Ok(Clerk)
    }
}

fn main() {}
