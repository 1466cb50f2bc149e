use ironflow_domain::{Partition, Project, Projection, Recorded, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("balance", partition = u64, of(AccountEvent))]
struct Balance {
    cents: u64,
}

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<u64> {
        Partition::Nowhere
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.cents += 1;
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.query::<Balance>("7").await;
    let _ = ironflow.query::<Balance>(7).await;
}

fn main() {}
