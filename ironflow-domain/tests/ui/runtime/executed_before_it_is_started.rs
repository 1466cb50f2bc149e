use ironflow_domain::store::MemoryStore;
use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};
use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned};
use serde::{Deserialize, Serialize};

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
    let _ = ironflow.of::<Account>(1).load().await;

    let ironflow = Ironflow::new(MemoryStore::new()).projection::<Accounts>();
    let _ = ironflow.query::<Accounts>(&Unpartitioned).await;
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("accounts", of(AccountEvent))]
struct Accounts {
    opened: u32,
}

impl Project<AccountEvent> for Accounts {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.opened += 1;
    }
}

fn main() {}
