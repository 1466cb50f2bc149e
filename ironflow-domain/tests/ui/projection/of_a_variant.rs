use ironflow_domain::{Projection, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("balance", of(AccountEvent::Opened))]
struct Balance;

fn main() {}
