use ironflow_domain::event;

#[event("account", dropped("account.opened"), retired("account.closed"))]
enum AccountEvent {
    Opened,
    Closed,
}

fn main() {}
