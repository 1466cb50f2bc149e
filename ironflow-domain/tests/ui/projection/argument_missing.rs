use ironflow_domain::{Partition, Project, Projection, Recorded, Whole, event};
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
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Whole> {
        Partition::Key(Whole)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

fn main() {}
