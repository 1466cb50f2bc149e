use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    #[serde(rename = "account.created")]
    Opened { owner: String },
    #[serde(alias = "account.shut")]
    Closed,
}

fn main() {}
