use ironflow_domain::event;
use serde::Deserialize;

#[event(
    "account",
    replaced("account.shut", Shut),
    dropped("account.viewed", "account.shut", "account.viewed"),
    retired("account.tested"),
    retired("account.tested")
)]
enum AccountEvent {
    Closed,
}

#[derive(Deserialize)]
struct Shut {
    why: String,
}

impl From<Shut> for AccountEvent {
    fn from(_: Shut) -> Self {
        Self::Closed
    }
}

fn main() {}
