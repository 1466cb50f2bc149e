use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    #[event(name = "account.created", version = 2, upcast(_), name = "account.opened")]
    Opened { owner: String },
    #[event(version = 2, upcast(_))]
    #[event(version = 3)]
    Closed,
}

fn main() {}
