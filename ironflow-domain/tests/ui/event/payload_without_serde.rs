use ironflow_domain::event;

#[derive(Debug, Clone, PartialEq)]
struct Deposit {
    cents: u64,
}

#[event("account")]
enum AccountEvent {
    Deposited(Deposit),
}

fn main() {}
