//! The account of the harness, as one writes it with distributed: what happens is recorded by
//! calling what folds it.

use distributed::{Entity, sourced};
use harness::{Failure, Refused};

#[derive(Default)]
pub struct Account {
    pub entity: Entity,
    open: bool,
    pub balance: u64,
}

#[sourced(entity, aggregate_type = "account")]
impl Account {
    #[event("account.opened")]
    fn record_opened(&mut self, id: String, _owner: String) {
        self.entity.set_id(&id);
        self.open = true;
    }

    #[event("account.deposited")]
    fn record_deposited(&mut self, cents: u64) {
        self.balance += cents;
    }

    #[event("account.withdrawn")]
    pub fn record_withdrawn(&mut self, cents: u64) {
        self.balance -= cents;
    }

    pub fn open(&mut self, id: String, owner: String) -> Result<(), Failure> {
        if self.open {
            return Err(Refused::AlreadyOpen.into());
        }
        Ok(self.record_opened(id, owner)?)
    }

    pub fn deposit(&mut self, cents: u64, times: u32) -> Result<(), Failure> {
        if !self.open {
            return Err(Refused::NotOpen.into());
        }
        for _ in 0..times {
            self.record_deposited(cents)?;
        }
        Ok(())
    }
}
