use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order")]
enum OrderEvent {
    #[event(version = 2, upcast(Placed))]
    Placed(Box<Placed>),
    #[event(version = 2, upcast(Paid))]
    Paid(Bill),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Placed {
    cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paid {
    cents: u64,
}

type Bill = Box<Paid>;

fn main() {}
