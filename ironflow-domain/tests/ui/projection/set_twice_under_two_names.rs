use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

type Alias = AccountEvent;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("owners", of(AccountEvent, Alias))]
struct Owners;

impl Project<AccountEvent> for Owners {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

fn main() {}
