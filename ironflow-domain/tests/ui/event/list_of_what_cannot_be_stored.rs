use ironflow_domain::event;

#[event("order")]
enum OrderEvent {
    Placed { items: Vec<Item>, total: Option<Money> },
    Cancelled(Box<Money>),
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    product: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Money {
    cents: u64,
}

fn main() {}
