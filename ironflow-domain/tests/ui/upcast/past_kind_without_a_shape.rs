use ironflow_domain::event;
use serde::Deserialize;

#[event("account", replaced("account.shut"))]
enum AccountEvent {
    Closed,
}

#[event("order", split(Moved))]
enum OrderEvent {
    Placed,
}

#[event("invoice", replaced = "invoice.posted")]
enum InvoiceEvent {
    Sent,
}

#[derive(Deserialize)]
struct Moved {
    cents: u64,
}

fn main() {}
