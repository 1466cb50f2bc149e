use ironflow_domain::event;

#[event]
enum AccountEvent {
    Opened { owner: String },
}

#[event(crate = ::ironflow_domain)]
enum OrderEvent {
    Placed,
}

#[event(crate = ::ironflow_domain, "invoice")]
enum InvoiceEvent {
    Sent,
}

fn main() {}
