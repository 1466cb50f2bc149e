use ironflow_domain::event;
use serde::Deserialize;

#[event(
    "account",
    replaced("account.shut", Shut, _),
    split("account.moved", _),
    merged(("account.named", Named), ("account.sited", _))
)]
enum AccountEvent {
    Closed,
}

#[derive(Deserialize)]
struct Shut {
    why: String,
}

#[derive(Deserialize)]
struct Named {
    owner: String,
}

impl From<Shut> for AccountEvent {
    fn from(_: Shut) -> Self {
        Self::Closed
    }
}

fn main() {}
