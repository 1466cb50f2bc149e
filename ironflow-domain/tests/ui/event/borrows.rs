use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened { owner: &'static str },
    Deposited { cents: u64 },
}

#[event("other")]
enum Borrowing<'a> {
    Opened { owner: &'a str },
}

fn main() {}
