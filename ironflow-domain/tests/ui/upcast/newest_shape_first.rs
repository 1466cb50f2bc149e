use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order")]
enum OrderEvent {
    #[event(version = 3, upcast(PlacedV2, PlacedV1))]
    Placed(Placed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
    express: bool,
}

#[derive(Deserialize)]
struct PlacedV2 {
    cents: u64,
}

#[derive(Deserialize)]
struct PlacedV1 {
    euros: u64,
}

impl From<PlacedV1> for PlacedV2 {
    fn from(old: PlacedV1) -> Self {
        Self { cents: old.euros * 100 }
    }
}

impl From<PlacedV2> for Placed {
    fn from(old: PlacedV2) -> Self {
        Self { cents: old.cents, express: false }
    }
}

fn main() {}
