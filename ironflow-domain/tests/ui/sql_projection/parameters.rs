use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

struct Money;

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT PRIMARY KEY")]
struct Balances;

impl ProjectSql<AccountEvent> for Balances {
    fn project(event: &Recorded<AccountEvent>, sql: &mut Statements) {
        sql.execute("DELETE FROM {balances} WHERE id = $1", event.stream.id());
        sql.execute("DELETE FROM {balances} WHERE cents = $1", (Money,));
    }
}

fn main() {}
