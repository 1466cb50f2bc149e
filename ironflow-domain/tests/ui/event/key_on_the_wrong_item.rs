use ironflow_domain::event;

#[event("account", version = 2)]
enum AccountEvent {
    #[event(crate = ::ironflow_domain)]
    Opened { owner: String },
    #[event("account.closed")]
    Closed,
    #[event]
    Reopened,
}

fn main() {}
