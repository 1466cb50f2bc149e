use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened,
    #[event(name = "account.opened")]
    Created,
    PaidIn,
    Paid_In,
}

fn main() {}
