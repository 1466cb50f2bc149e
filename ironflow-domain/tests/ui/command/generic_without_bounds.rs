use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[command(Account)]
struct Annotate<T> {
    note: T,
}

impl<T> Decide<Annotate<T>> for Account {
    fn decide(&self, _: Annotate<T>) -> Decision<Self> {
        Ok(events![])
    }
}

fn main() {}
