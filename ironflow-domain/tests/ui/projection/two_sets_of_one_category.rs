use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

mod old {
    #[ironflow_domain::event("account")]
    pub enum AccountEvent {
        Founded,
    }
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("balance", of(AccountEvent, old::AccountEvent))]
struct Balance;

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<old::AccountEvent> for Balance {
    fn partition(_: &Recorded<old::AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<old::AccountEvent>) {}
}

fn main() {}
