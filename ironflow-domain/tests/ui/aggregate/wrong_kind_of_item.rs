use ironflow_domain::{Aggregate, Fold, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
union Account {
    open: u8,
}

impl Default for Account {
    fn default() -> Self {
        Self { open: 0 }
    }
}

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[derive(Aggregate)]
fn order() {}

fn main() {}
