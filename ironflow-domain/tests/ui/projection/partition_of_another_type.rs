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
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.cents += 1;
    }
}

fn main() {}
