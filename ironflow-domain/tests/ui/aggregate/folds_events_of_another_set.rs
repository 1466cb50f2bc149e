use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[event("order")]
enum OrderEvent {
    Placed,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &OrderEvent) {}
}

fn main() {}
