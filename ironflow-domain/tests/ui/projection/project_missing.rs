use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[event("order")]
enum OrderEvent {
    Placed,
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("all", of(AccountEvent, OrderEvent))]
struct All;

impl Project<AccountEvent> for All {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

fn main() {}
