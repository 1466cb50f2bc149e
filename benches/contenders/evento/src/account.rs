//! The account of the harness, as one writes it with evento.

use bincode::{Decode, Encode};
use evento::{AggregatorName, EventDetails};

#[derive(Debug, AggregatorName, Encode, Decode)]
pub struct Opened {
    pub owner: String,
}

#[derive(Debug, AggregatorName, Encode, Decode)]
pub struct Deposited {
    pub cents: u64,
}

#[derive(Debug, AggregatorName, Encode, Decode)]
pub struct Withdrawn {
    pub cents: u64,
}

#[derive(Debug, Clone, Default, Encode, Decode)]
pub struct Account {
    pub open: bool,
    pub balance: u64,
}

#[evento::aggregator]
impl Account {
    async fn opened(&mut self, _event: EventDetails<Opened>) -> anyhow::Result<()> {
        self.open = true;
        Ok(())
    }

    async fn deposited(&mut self, event: EventDetails<Deposited>) -> anyhow::Result<()> {
        self.balance += event.data.cents;
        Ok(())
    }

    async fn withdrawn(&mut self, event: EventDetails<Withdrawn>) -> anyhow::Result<()> {
        self.balance -= event.data.cents;
        Ok(())
    }
}
