use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order")]
enum OrderEvent {
    #[event(version = 2, upcast(PlacedV1))]
    Placed(Placed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
}

#[derive(Deserialize)]
struct PlacedV1 {
    euros: u64,
}

impl From<Placed> for PlacedV1 {
    fn from(new: Placed) -> Self {
        Self { euros: new.cents / 100 }
    }
}

fn main() {}
