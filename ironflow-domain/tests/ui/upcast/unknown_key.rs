use ironflow_domain::event;
use serde::Deserialize;

#[event("account", replace("account.shut", Shut), drop("account.viewed"))]
enum AccountEvent {
    #[event(version = 2, upcasts(OpenedV1))]
    Opened { owner: String },
    #[event(alias = "account.over")]
    Closed,
    #[event(renamed_from("account.frozen"))]
    Stopped,
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

#[derive(Deserialize)]
struct Shut {
    why: String,
}

fn main() {}
