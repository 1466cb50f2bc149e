use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection(of(AccountEvent))]
struct Unnamed;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("balance")]
struct Idle;

#[derive(Projection, Default, Serialize, Deserialize)]
struct Bare;

// Nothing is wrong here.
impl Project<AccountEvent> for Unnamed {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

fn main() {}
