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
#[projection("balance", of(AccountEvent, OrderEvent, AccountEvent))]
struct Balance;

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<OrderEvent> for Balance {
    fn partition(_: &Recorded<OrderEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<OrderEvent>) {}
}

fn main() {}
