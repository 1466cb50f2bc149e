use ironflow_domain::event;

#[event("account", crete = ::ironflow_domain)]
enum AccountEvent {
    #[event(vers = 2)]
    Opened { owner: String },
    #[event(since = "2026")]
    Closed,
}

fn main() {}
