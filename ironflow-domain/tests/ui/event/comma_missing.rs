use ironflow_domain::event;

#[event("account" dropped("account.viewed"))]
enum AccountEvent {
    #[event(name = "account.created" version = 2, upcast(_))]
    Opened,
}

fn main() {}
