//! A stream that grows for years, and a state that is kept beside it.

use ironflow_domain::{Aggregate, Decide, Decision, Events, Fold, Ironflow, command, event};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};

#[event("meter")]
pub enum MeterEvent {
    Read { kwh: u64 },
}

#[command(Meter)]
pub struct Read {
    pub kwh: Vec<u64>,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(event = MeterEvent, error = std::fmt::Error, snapshot(every = 100))]
pub struct Meter {
    last: u64,
}

impl Fold for Meter {
    fn fold(&mut self, MeterEvent::Read { kwh }: &MeterEvent) {
        self.last = *kwh;
    }
}

impl Decide<Read> for Meter {
    fn decide(&self, Read { kwh }: Read) -> Decision<Self> {
        let risen = kwh.into_iter().filter(|kwh| *kwh > self.last);
        Ok(risen
            .map(|kwh| MeterEvent::Read { kwh })
            .collect::<Events<_>>())
    }
}

#[tokio::test]
async fn a_meter_that_is_read_for_years() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Sqlite::open(directory.path().join("meters.db")).await?;
    let meters = Ironflow::new(store).start().await?;
    let kwh = (1..=5_000).collect();
    meters.of::<Meter>(7).execute(Read { kwh }).await?;

    let report = meters.measure_loading::<Meter>(10).await?;
    println!("{report}");

    assert_eq!(report.longest[0].events, 5_000);
    assert_eq!(meters.of::<Meter>(7).load().await?.state.last, 5_000);
    Ok(())
}
