use ironflow_domain::{SqlProjection, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT PRIMARY KEY")]
struct Balances;

fn main() {}
