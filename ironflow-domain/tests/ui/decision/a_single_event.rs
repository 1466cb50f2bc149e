use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event};

#[event("account")]
enum AccountEvent {
    Opened(Opened),
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Opened {
    owner: String,
}

#[event("order")]
enum OrderEvent {
    Placed,
}

#[derive(Debug, PartialEq)]
enum Refused {
    Closed,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed")
    }
}

impl std::error::Error for Refused {}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
struct Account;

impl Fold for Account {
    fn fold(&mut self, _: &AccountEvent) {}
}

#[command(Account)]
struct Open {
    owner: String,
}

impl Decide<Open> for Account {
    fn decide(&self, command: Open) -> Decision<Self> {
        Ok(AccountEvent::Opened(Opened { owner: command.owner }))
    }
}

fn main() {}
