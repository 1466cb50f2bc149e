use ironflow_domain::{Projection, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Serialize, Deserialize)]
#[projection("accounts", of(AccountEvent))]
struct Accounts {
    opened: u32,
}

fn main() {}
