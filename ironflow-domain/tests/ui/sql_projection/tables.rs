use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
struct NoTable;

impl ProjectSql<AccountEvent> for NoTable {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances")]
struct NoColumns;

impl ProjectSql<AccountEvent> for NoColumns {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("Account Balances", columns = "id TEXT PRIMARY KEY")]
#[table("2nd", columns = "id TEXT")]
#[table("a_table_whose_name_has_far_more_letters_than_any", columns = "id TEXT")]
struct OddNames;

impl ProjectSql<AccountEvent> for OddNames {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT")]
#[table("balances", columns = "id TEXT")]
struct Twice;

impl ProjectSql<AccountEvent> for Twice {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT); DROP TABLE events; --", index = "")]
#[table("others", columns = "(id TEXT, cents BIGINT", indexes = "id")]
struct NotColumns;

impl ProjectSql<AccountEvent> for NotColumns {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

fn main() {}
