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

#[command(Account, context = Clerk)]
struct Open {
    #[id]
    account: u32,
}

struct Clerk;

impl DecideWith<Open> for Account {
    fn decide(&self, _: Open, _: &Clerk) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
}

fn main() {}
