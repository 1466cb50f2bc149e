use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened(Opened),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Opened {
    owner: std::cell::RefCell<String>,
}

fn main() {}
