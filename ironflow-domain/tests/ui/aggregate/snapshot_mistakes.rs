use ironflow_domain::{Aggregate, Fold, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

macro_rules! account {
    ($($account:ident)*) => {
        $(
            impl Fold for $account {
                fn fold(&mut self, _: &AccountEvent) {}
            }
        )*
    };
}

account! { Misspelled None Both Neither Instant Minutes Flag Value Outside }

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(evry = 100, keep = 3))]
struct Misspelled;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(every = 0, version = 0))]
struct None;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(every = 100, after = "5ms"))]
struct Both;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(version = 2))]
struct Neither;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(after = "0ms"))]
struct Instant;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot(after = "5min", every = "100"))]
struct Minutes;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot)]
struct Flag;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, snapshot = 100)]
struct Value;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = std::fmt::Error, every = 100)]
struct Outside;

fn main() {}
