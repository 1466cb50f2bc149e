use ironflow_domain::{Partition, Project, Projection, Recorded, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Debug, Clone, PartialEq)]
struct AccountId(u64);

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("balance", partition = AccountId, of(AccountEvent))]
struct Balance {
    cents: u64,
}

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<AccountId> {
        Partition::Key(AccountId(1))
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.cents += 1;
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.query::<Balance>(&AccountId(1)).await;
}

fn main() {}
