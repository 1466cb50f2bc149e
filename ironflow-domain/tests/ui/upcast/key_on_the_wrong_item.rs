use ironflow_domain::event;
use serde::Deserialize;

#[event("account", upcast(OpenedV1), also_named("bank"))]
enum AccountEvent {
    #[event(replaced("account.created", OpenedV1))]
    Opened { owner: String },
    #[event(dropped)]
    Viewed,
    #[event(retired("account.tested"))]
    Closed,
}

#[derive(Deserialize)]
struct OpenedV1 {
    name: String,
}

fn main() {}
