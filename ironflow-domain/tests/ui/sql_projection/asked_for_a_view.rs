use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(SqlProjection)]
#[projection("balances", of(AccountEvent))]
#[table("balances", columns = "id TEXT PRIMARY KEY")]
struct Balances;

impl ProjectSql<AccountEvent> for Balances {
    fn project(_: &Recorded<AccountEvent>, _: &mut Statements) {}
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.query::<Balances>(&"7".to_owned()).await;
    let _ = ironflow.view::<Balances>(&ironflow_domain::Unpartitioned).await;
    let _ = ironflow.live_views::<Balances>().await;
    let _ = ironflow.check_rebuild::<Balances>().await;
}

fn main() {}
