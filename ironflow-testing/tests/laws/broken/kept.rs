//! An aggregate with snapshots that do not hold all of its state: nobody declares that law.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use serde::{Deserialize, Serialize};

#[event("meter")]
pub enum MeterEvent {
    Read { value: u8 },
}

/// It is neither printed nor compared.
#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = MeterEvent, error = std::fmt::Error, snapshot(every = 10))]
pub struct Meter {
    rises: u64,
    #[serde(skip)]
    last: u8,
}

#[command(Meter)]
#[derive(Deserialize)]
pub struct Read {
    pub value: u8,
}

impl Fold for Meter {
    fn fold(&mut self, MeterEvent::Read { value }: &MeterEvent) {
        self.rises += u64::from(*value > self.last);
        self.last = *value;
    }
}

impl Decide<Read> for Meter {
    fn decide(&self, Read { value }: Read) -> Decision<Self> {
        Ok(events![MeterEvent::Read { value }])
    }
}

#[test]
fn snapshots_that_an_aggregate_has_are_checked() {
    let laws = Laws::<Meter>::new().of(commands::<Read>()).seed(1);
    let failure = laws.check().expect_err("a field is skipped").to_string();
    let law = "a state that was written and read folds on to the same";
    assert!(failure.contains(law), "{failure}");
    assert!(failure.contains("rises  1 → 2"), "{failure}");
}
