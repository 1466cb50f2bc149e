use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    #[event(name = "account.created", version = 2, name = "account.opened")]
    Opened { owner: String },
    #[event(version = 2)]
    #[event(version = 3)]
    Closed,
}

fn main() {}
