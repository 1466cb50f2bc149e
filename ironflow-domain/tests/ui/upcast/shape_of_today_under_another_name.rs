use ironflow_domain::event;
use serde::{Deserialize, Serialize};

#[event("order", replaced("order.opened", Former))]
#[derive(Serialize, Deserialize)]
enum OrderEvent {
    #[event(version = 2, upcast(self::OrderEvent))]
    Placed { cents: u64 },
    #[event(version = 2, upcast(self::Sent))]
    Sent(Sent),
    #[event(version = 3, upcast(_, Before))]
    Returned(Sent),
}

type Former = OrderEvent;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    to: String,
}

type Before = Sent;

fn main() {}
