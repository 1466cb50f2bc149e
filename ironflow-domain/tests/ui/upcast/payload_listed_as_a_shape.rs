use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order")]
enum OrderEvent {
    #[event(version = 2, upcast(PlacedV1, Placed))]
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

impl From<PlacedV1> for Placed {
    fn from(old: PlacedV1) -> Self {
        Self { cents: old.euros * 100 }
    }
}

fn main() {}
