use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened(Opened),
    Moved { to: Address },
}

#[derive(Debug, Clone, PartialEq)]
struct Opened {
    owner: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Address {
    city: String,
}

fn main() {}
