use ironflow_domain::{Aggregate, Decide, DecideWith, Decision, Fold, command, event, events};

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

#[command]
struct Open {
    #[id]
    account: u32,
}

#[command(creates, context = u8)]
enum Rare {
    Close(#[id] u32),
}

#[command(creates, Account)]
struct Late;

// None of these is wrong.
impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

impl DecideWith<Rare> for Account {
    fn decide(&self, _: Rare, _: &u8) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

impl Decide<Late> for Account {
    fn decide(&self, _: Late) -> Decision<Self> {
        Ok(events![])
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
    let _ = ironflow.of::<Account>(1).execute(Open { account: 1 }).await;
}

fn main() {}
