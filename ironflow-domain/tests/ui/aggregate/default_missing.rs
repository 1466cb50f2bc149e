use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account {
    open: bool,
}

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {
        self.open = true;
    }
}

#[derive(Aggregate)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
enum Door {
    Open,
    Closed,
}

impl Fold for Door {
    fn fold(&mut self, _: &AccountEvent) {
        *self = Door::Open;
    }
}

fn main() {}
