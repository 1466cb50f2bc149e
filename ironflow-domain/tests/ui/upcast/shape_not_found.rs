use ironflow_domain::event;
use serde::{Deserialize, Serialize};

mod v1 {
    #[derive(serde::Deserialize)]
    pub struct Placed {
        pub euros: u64,
    }
}

#[event("order", replaced("order.bought", v1::Bought))]
enum OrderEvent {
    #[event(version = 3, upcast(v1::Plased, v2::Placed))]
    Placed(Placed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
}

impl From<v1::Placed> for Placed {
    fn from(old: v1::Placed) -> Self {
        Self { cents: old.euros * 100 }
    }
}

fn main() {}
