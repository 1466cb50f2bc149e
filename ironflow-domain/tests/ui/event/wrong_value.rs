use ironflow_domain::event;

#[event("account",, crate =)]
enum AccountEvent {
    #[event(version = "2")]
    Opened { owner: String },
    #[event(name = account.closed)]
    Closed,
    #[event(version = 0)]
    Frozen,
    #[event(version = -1)]
    Thawed,
    #[event(name = "")]
    Audited,
    #[event(version)]
    Moved,
    #[event(name = "account.sold" version = 2, upcast(_))]
    Sold,
}

fn main() {}
