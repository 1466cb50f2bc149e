use ironflow_domain::event;

#[event("account", by_hand(Eq))]
enum AccountEvent {
    Opened,
    #[event(by_hand(Debug))]
    Closed,
}

#[event("order", by_hand = Debug)]
enum OrderEvent {
    Placed,
}

fn main() {}
