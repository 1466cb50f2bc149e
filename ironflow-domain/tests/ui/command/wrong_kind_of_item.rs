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

#[command(Account)]
union Open {
    a: u8,
}

/// Opens it.
#[command(Account)]
pub fn open() {}

#[command(Account)]
trait Close {}

#[command(Account)]
impl Account {}

fn main() {
    open();
}
