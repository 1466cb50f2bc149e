use ironflow_domain::event;

#[event("account")]
#[event("bank")]
enum AccountEvent {
    Opened,
}

fn main() {}
