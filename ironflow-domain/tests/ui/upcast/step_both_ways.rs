use ironflow_domain::{EventRef, Upcast, UpcastResult, event};
use serde::{Deserialize, Serialize};

#[event("invoice")]
enum InvoiceEvent {
    #[event(version = 2, upcast(SentV1))]
    Sent(Sent),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    cents: u64,
}

#[derive(Deserialize)]
struct SentV1 {
    price: String,
}

impl From<SentV1> for Sent {
    fn from(old: SentV1) -> Self {
        Self { cents: old.price.len() as u64 }
    }
}

impl Upcast<SentV1> for Sent {
    fn upcast(old: SentV1, _: &EventRef<'_>) -> UpcastResult<Self> {
        Ok(Self { cents: old.price.parse()? })
    }
}

fn main() {}
