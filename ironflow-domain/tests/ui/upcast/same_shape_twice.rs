use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order", replaced("order.bought", Bought, Bought))]
enum OrderEvent {
    #[event(version = 3, upcast(PlacedV1, PlacedV1))]
    Placed(Placed),
    #[event(version = 2, upcast(Paid))]
    Paid(Paid),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paid {
    cents: u64,
}

#[derive(Deserialize)]
struct PlacedV1 {
    euros: u64,
}

#[derive(Deserialize)]
struct Bought {
    euros: u64,
}

fn main() {}
