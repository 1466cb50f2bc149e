use ironflow_domain::event;
use serde::Deserialize;

#[event("account")]
enum AccountEvent {
    #[event(upcast(OpenedV1))]
    Opened { owner: String },
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

fn main() {}
