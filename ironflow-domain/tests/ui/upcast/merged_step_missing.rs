use ironflow_domain::event;
use serde::Deserialize;

#[event("account", merged(("account.named", Named), ("account.sited", Sited)))]
enum AccountEvent {
    Opened { owner: String, city: String },
}

#[derive(Deserialize)]
struct Named {
    owner: String,
}

#[derive(Deserialize)]
struct Sited {
    city: String,
}

impl From<Named> for AccountEvent {
    fn from(old: Named) -> Self {
        Self::Opened { owner: old.owner, city: String::new() }
    }
}

fn main() {}
