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

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Branch;

impl Fold for Branch {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[command(Account)]
struct Open;

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.of::<Branch>(1).execute(Open).await;
}

fn main() {}
