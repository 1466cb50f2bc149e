use account::{Account, AccountCommand::*};
use ironflow_domain::Ironflow;
use ironflow_sqlite::Sqlite;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Sqlite::open("bank.db").await?;
    let bank = Ironflow::new(store).start().await?;
    let account = || bank.of::<Account>("acc-1");

    let open = Open { owner: "Jo".into() };
    account().execute(open).command_id("open-1").await?; // again tomorrow: the same receipt
    account().execute(Deposit { cents: 100 }).await?;
    let withdraw = Withdraw { cents: 40 };
    let receipt = account().execute(withdraw).issued_by("jo").await?;
    println!("{} is at version {}", receipt.stream, receipt.version);
    Ok(())
}
