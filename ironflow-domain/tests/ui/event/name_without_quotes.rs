use ironflow_domain::event;

#[event(account)]
enum AccountEvent {
    #[event(name = opened)]
    Opened,
    #[event(name("account.closed"))]
    Closed,
}

fn main() {}
