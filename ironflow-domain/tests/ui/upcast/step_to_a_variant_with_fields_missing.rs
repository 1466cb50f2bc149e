use ironflow_domain::event;
use serde::Deserialize;

#[event("account")]
enum AccountEvent {
    #[event(version = 2, upcast(OpenedV1))]
    Opened { owner: String },
    #[event(version = 2, upcast(ClosedV1))]
    Closed,
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

#[derive(Deserialize)]
struct ClosedV1 {
    reason: String,
}

fn main() {}
