use ironflow_domain::event;

#[event("bank-account")]
enum AccountEvent {
    Opened { owner: String },
}

#[event("")]
enum OrderEvent {
    Placed,
}

#[event(order)]
enum InvoiceEvent {
    Sent,
}

fn main() {}
