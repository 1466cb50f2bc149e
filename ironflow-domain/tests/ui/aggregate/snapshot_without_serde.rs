use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(every = 100))]
struct Account {
    open: bool,
}

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
