use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Refused {}

#[derive(Aggregate, Default)]
#[aggregate(error = Refused)]
struct Account {
    open: bool,
}

// None of these is wrong.
impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened => self.open = true,
        }
    }
}

#[command(Account)]
struct Open {
    #[id]
    account: u32,
}

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        if self.open { Err(Refused) } else { Ok(events![AccountEvent::Opened]) }
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
    let _ = ironflow.of::<Account>(1).load().await;
}

#[derive(Aggregate, Default)]
#[aggregate]
struct Order;

impl Fold for Order {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
