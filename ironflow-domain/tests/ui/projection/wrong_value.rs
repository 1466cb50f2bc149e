use ironflow_domain::{Partition, Project, Projection, Recorded, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("all accounts", of = AccountEvent, partiton = u32)]
struct Balance;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection(accounts, of(), of(AccountEvent), "owner")]
struct Owner;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("", of("AccountEvent"), partition)]
struct Third;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("first", of(AccountEvent))]
#[projection("second")]
struct Twice;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("zero", version = 0, of(AccountEvent))]
struct Zero;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("text", version = "2", of(AccountEvent))]
struct Text;

impl Project<AccountEvent> for Balance {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<u32> {
        Partition::Key(7)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<AccountEvent> for Third {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<AccountEvent> for Zero {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<AccountEvent> for Text {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

impl Project<AccountEvent> for Twice {
    fn partition(_: &Recorded<AccountEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<AccountEvent>) {}
}

fn main() {}
