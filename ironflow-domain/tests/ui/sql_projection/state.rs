use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(SqlProjection)]
#[projection("balances", partition = String, of(AccountEvent))]
#[table("balances", columns = "id TEXT PRIMARY KEY")]
struct Partitioned;

impl ProjectSql<AccountEvent> for Partitioned {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT PRIMARY KEY")]
struct WithState {
    cents: u64,
}

impl ProjectSql<AccountEvent> for WithState {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

fn main() {}
