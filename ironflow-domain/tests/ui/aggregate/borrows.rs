use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account<'a> {
    owner: &'a str,
}

impl Fold for Account<'_> {
    fn fold(&mut self, _: &AccountEvent) {}
}

fn main() {}
