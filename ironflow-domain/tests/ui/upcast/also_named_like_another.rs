use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    #[event(also_named("account.closed"))]
    Opened,
    Closed,
    #[event(also_named("account.stopped"))]
    Frozen,
    #[event(also_named("account.stopped", "account.halted", "account.halted"))]
    Halted,
    #[event(also_named("account.thawed"))]
    Thawed,
}

fn main() {}
