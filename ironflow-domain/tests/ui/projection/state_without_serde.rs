use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::Serialize;

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Default)]
#[projection("balance", of(AccountEvent))]
struct Balance {
    cents: u64,
}

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.cents += 1;
    }
}

// It can be written, and not read.
#[derive(Projection, Serialize)]
#[projection("accounts", of(AccountEvent))]
struct Accounts {
    opened: u32,
}

impl Project<AccountEvent> for Accounts {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {
        self.opened += 1;
    }
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.query::<Balance>(&Unpartitioned).await;
}

fn main() {}
