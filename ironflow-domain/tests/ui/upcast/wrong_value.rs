use ironflow_domain::event;
use serde::Deserialize;

#[event("account", dropped(account.viewed), retired = "account.tested", dropped())]
enum AccountEvent {
    #[event(version = 2, upcast = OpenedV1)]
    Opened { owner: String },
    #[event(version = 2, upcast("ClosedV1"))]
    Closed,
    #[event(version = 2, upcast())]
    Frozen,
    #[event(also_named = "account.came_back")]
    Reopened,
    #[event(also_named(account.audited))]
    Audited,
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

fn main() {}
