use ironflow_domain::store::MemoryStore;
use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};

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
}

impl Decide<Open> for Account {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![AccountEvent::Opened])
    }
}

async fn run() {
    let ironflow = Ironflow::new(MemoryStore::new());
    let _ = ironflow.execute(Open { account: 1 }).await;
}

fn main() {}
