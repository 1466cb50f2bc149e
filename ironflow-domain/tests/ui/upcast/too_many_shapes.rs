use ironflow_domain::event;
use serde::Deserialize;

#[event("account")]
enum AccountEvent {
    #[event(version = 2, upcast(OpenedV1, OpenedV2))]
    Opened { owner: String },
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

#[derive(Deserialize)]
struct OpenedV2 {
    full_name: String,
}

fn main() {}
