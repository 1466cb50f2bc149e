use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = "account", error = std::fmt::Error, evnt = AccountEvent)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, category = "bank", event = AccountEvent)]
struct Other;

impl Fold for Other {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[derive(Aggregate, Default)]
#[aggregate = "account"]
struct Third;

impl Fold for Third {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
