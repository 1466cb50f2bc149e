use ironflow_domain::event;
use serde::Deserialize;

#[event("account", replaced("account.shut", Shut))]
enum AccountEvent {
    Closed { reason: String },
}

#[derive(Deserialize)]
struct Shut {
    why: String,
}

fn main() {}
