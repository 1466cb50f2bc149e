use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order")]
enum OrderEvent {
    #[event(version = 2, upcast(PlacedV1<'_>))]
    Placed(Placed),
    #[event(version = 2, upcast(&'static str))]
    Noted(Noted),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    by: String,
}

#[derive(Deserialize)]
struct PlacedV1<'a> {
    name: &'a str,
}

impl From<PlacedV1<'_>> for Placed {
    fn from(old: PlacedV1<'_>) -> Self {
        Self { by: old.name.into() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Noted {
    text: String,
}

impl From<&str> for Noted {
    fn from(old: &str) -> Self {
        Self { text: old.into() }
    }
}

fn main() {}
