use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order", replaced("order.bought", Bought))]
enum OrderEvent {
    #[event(version = 2, upcast(PlacedV1))]
    Placed(Placed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
}

struct PlacedV1 {
    euros: u64,
}

impl From<PlacedV1> for Placed {
    fn from(old: PlacedV1) -> Self {
        Self { cents: old.euros * 100 }
    }
}

struct Bought {
    cents: u64,
}

impl From<Bought> for OrderEvent {
    fn from(old: Bought) -> Self {
        Self::Placed(Placed { cents: old.cents })
    }
}

fn main() {}
