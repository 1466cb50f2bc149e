use ironflow_domain::event;
use serde::Deserialize;

#[event("account", merged(("account.named", Named)))]
enum AccountEvent {
    Opened { owner: String },
}

#[event("order", merged("order.named", Named))]
enum OrderEvent {
    Placed { owner: String },
}

#[derive(Deserialize)]
struct Named {
    owner: String,
}

fn main() {}
