use ironflow_domain::{Aggregate, Fold};

#[derive(Debug, Clone, PartialEq)]
enum AccountEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Account {
    open: bool,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened => self.open = true,
        }
    }
}

fn main() {}
