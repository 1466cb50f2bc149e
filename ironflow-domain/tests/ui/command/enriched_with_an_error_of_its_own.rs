use ironflow_domain::{Aggregate, CommandMetadata, DecideWith, Decision, Enrich, Fold, command, event, events};

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

impl DecideWith<Open> for Account {
    fn decide(&self, _: Open, _: &Clerk) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

struct Bank;

impl Enrich<Open> for Bank {
    async fn enrich(&self, _: &Open, _: &CommandMetadata) -> Result<Clerk, std::fmt::Error> {
        Ok(Clerk)
    }
}

fn main() {}
