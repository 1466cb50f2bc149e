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
struct Open {
    #[id]
    account: u32,
    #[id]
    branch: u32,
}

#[command(Account)]
enum Everyday {
    Deposit {
        #[id(category = "account")]
        account: u32,
    },
    Withdraw {
        account: u32,
    },
    #[id]
    Close(u32),
}

#[command(Account)]
#[id(account)]
struct Move {
    account: u32,
}

impl<C> Decide<C> for Account {
    fn decide(&self, _: C) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1, branch: 2 }).await;
    let _ = ironflow.execute(Everyday::Close(1)).await;
}

fn main() {}
