use ironflow_domain::{Aggregate, Fold};

#[derive(Debug, Clone, PartialEq)]
enum AccountEvent {
    Opened,
}

struct Refused;

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
