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
    price: String,
}

impl TryFrom<PlacedV1> for Placed {
    type Error = std::num::ParseIntError;

    fn try_from(old: PlacedV1) -> Result<Self, Self::Error> {
        Ok(Self { cents: old.price.parse()? })
    }
}

fn main() {}
