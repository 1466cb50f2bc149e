use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Debug, PartialEq)]
enum Refused {
    AlreadyOpen,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
struct Account {
    open: bool,
}

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {
        self.open = true;
    }
}

#[command(Account)]
struct Open {
    #[id]
    account: u32,
}

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        if self.open { Err(Refused::AlreadyOpen) } else { Ok(events![AccountEvent::Opened]) }
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = String)]
struct Other;

impl Fold for Other {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
