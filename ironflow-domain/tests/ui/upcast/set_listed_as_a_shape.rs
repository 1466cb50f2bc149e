use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order", replaced("order.opened", OrderEvent), split("order.moved", Vec<Self>))]
#[derive(Serialize, Deserialize)]
enum OrderEvent {
    #[event(version = 2, upcast(Self))]
    Placed { cents: u64 },
}

fn main() {}
