use ironflow_domain::{Aggregate, Fold, event};

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

struct Open {
    account: u32,
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
    let _ = ironflow.of::<Account>(1).execute(AccountEvent::Opened).await;
    let _ = ironflow.of::<Open>(1).load().await;
}

fn main() {}
