use ironflow_domain::event;
use serde::Deserialize;

#[event("account", split("account.moved", Moved))]
enum AccountEvent {
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
}

#[derive(Deserialize)]
struct Moved {
    cents: u64,
}

impl From<Moved> for AccountEvent {
    fn from(old: Moved) -> Self {
        Self::Deposited { cents: old.cents }
    }
}

fn main() {}
