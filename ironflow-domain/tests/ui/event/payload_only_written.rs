use ironflow_domain::event;
use serde::Serialize;

#[event("account")]
enum AccountEvent {
    Opened(Opened),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Opened {
    owner: String,
}

fn main() {}
