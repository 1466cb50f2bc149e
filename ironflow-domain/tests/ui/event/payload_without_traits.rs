use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened(Opened),
}

#[derive(Serialize, Deserialize)]
struct Opened {
    owner: String,
}

fn main() {}
