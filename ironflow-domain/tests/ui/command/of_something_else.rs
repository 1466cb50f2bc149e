use ironflow_domain::{Aggregate, Fold, command, event};

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

#[command(AccountEvent)]
struct Open;

#[command(Acount)]
struct Close;

fn main() {}
