//! The view of an account, as one writes it with Ironflow.

use ironflow_domain::{Partition, Project, Projection, Recorded};
use serde::{Deserialize, Serialize};

use crate::account::AccountEvent;

#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("statements", partition = String, of(AccountEvent))]
pub struct Statement {
    pub events: u64,
    pub cents: u64,
}

impl Project<AccountEvent> for Statement {
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, event: &Recorded<AccountEvent>) {
        self.events += 1;
        if let AccountEvent::Deposited { cents } = event.data {
            self.cents += cents;
        }
    }
}
