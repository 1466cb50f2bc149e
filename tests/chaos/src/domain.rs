//! Events that go to one view, to several, to none, or to where their stream went before; and the
//! same projections as two programs have them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, React, Reactor, Recorded, command, event,
};
use serde::{Deserialize, Serialize};

/// Rounds in which flawed events make projections panic.
static BROKEN: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

fn broken<T>(what: impl FnOnce(&mut BTreeSet<u64>) -> T) -> T {
    what(&mut BROKEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes flawed events of a round panic, or not any more.
pub(crate) fn set_broken(round: u64, is_broken: bool) {
    broken(|rounds| {
        if is_broken {
            rounds.insert(round);
        } else {
            rounds.remove(&round);
        }
    });
}

fn is_met(flaw: Option<u64>) -> bool {
    flaw.is_some_and(|round| broken(|rounds| rounds.contains(&round)))
}

fn meet(flaw: Option<u64>) {
    assert!(!is_met(flaw), "a flaw");
}

#[event("track")]
pub(crate) enum TrackEvent {
    Went {
        number: u64,
        to: Vec<String>,
        flaw: Option<u64>,
    },
    Stayed {
        number: u64,
    },
    Lost {
        number: u64,
    },
}

#[event("parcel")]
pub(crate) enum ParcelEvent {
    Sent {
        number: u64,
        to: String,
        flaw: Option<u64>,
    },
    Held {
        number: u64,
    },
}

/// Nobody projects these.
#[event("noise")]
pub(crate) enum NoiseEvent {
    Made { number: u64 },
}

macro_rules! aggregate {
    ($aggregate:ident, $event:ident, $command:ident) => {
        #[derive(Aggregate, Default)]
        #[aggregate(event = $event, error = std::convert::Infallible)]
        pub(crate) struct $aggregate;

        impl Fold for $aggregate {
            fn fold(&mut self, _: &$event) {}
        }

        #[command($aggregate)]
        pub(crate) struct $command(pub(crate) Vec<$event>);

        impl Decide<$command> for $aggregate {
            fn decide(&self, $command(events): $command) -> Decision<Self> {
                Ok(events.into())
            }
        }
    };
}

/// Delivers what was sent.
#[derive(Reactor)]
#[reactor("deliveries", of(ParcelEvent), from_start, retries = 1)]
pub(crate) struct Deliveries(pub(crate) Done);

/// The streams and the numbers of the events that were delivered, in that order, by all processes.
pub(crate) type Done = Arc<Mutex<Vec<(String, u64)>>>;

impl React<ParcelEvent> for Deliveries {
    type Error = &'static str;

    async fn react(&self, event: &Recorded<ParcelEvent>) -> Result<(), &'static str> {
        tokio::task::yield_now().await;
        let number = match event.data {
            ParcelEvent::Sent { flaw, .. } if is_met(flaw) => return Err("a flaw"),
            ParcelEvent::Sent { number, .. } | ParcelEvent::Held { number } => number,
        };
        self.0
            .lock()
            .unwrap()
            .push((event.stream.to_string(), number));
        Ok(())
    }
}

aggregate!(Track, TrackEvent, Move);
aggregate!(Parcel, ParcelEvent, Post);
aggregate!(Noise, NoiseEvent, Make);

/// What the second program has in its views in place of a number.
pub(crate) const OF_THE_SECOND: u64 = 1_000_000;

macro_rules! program {
    ($program:ident, $version:literal, $plus:expr) => {
        pub(crate) mod $program {
            use super::{Deserialize, ParcelEvent, Serialize, TrackEvent, is_met, meet};
            use ironflow_domain::{
                Partition, Project, ProjectSql, Projection, Recorded, SqlProjection, Statements,
                Unpartitioned,
            };

            /// The numbers of the events that reached a view, in their order.
            #[derive(Projection, Default, Debug, Serialize, Deserialize)]
            #[projection("paths", partition = String, of(TrackEvent, ParcelEvent), version = $version)]
            pub(crate) struct Paths {
                pub(crate) numbers: Vec<u64>,
            }

            impl Project<TrackEvent> for Paths {
                fn partition(event: &Recorded<TrackEvent>) -> Partition<String> {
                    match &event.data {
                        TrackEvent::Went { to, .. } => Partition::Keys(to.clone()),
                        TrackEvent::Stayed { .. } => Partition::SameStream,
                        TrackEvent::Lost { .. } => Partition::Nowhere,
                    }
                }

                fn project(&mut self, event: &Recorded<TrackEvent>) {
                    let (TrackEvent::Went { number, .. }
                    | TrackEvent::Stayed { number }
                    | TrackEvent::Lost { number }) = event.data;
                    // Half of it is done where it panics.
                    self.numbers.push(number + $plus);
                    if let TrackEvent::Went { flaw, .. } = event.data {
                        meet(flaw);
                    }
                }
            }

            impl Project<ParcelEvent> for Paths {
                fn partition(event: &Recorded<ParcelEvent>) -> Partition<String> {
                    match &event.data {
                        ParcelEvent::Sent { to, .. } => Partition::Key(to.clone()),
                        ParcelEvent::Held { .. } => Partition::SameStream,
                    }
                }

                fn project(&mut self, event: &Recorded<ParcelEvent>) {
                    let (ParcelEvent::Sent { number, .. } | ParcelEvent::Held { number }) = event.data;
                    self.numbers.push(number + $plus);
                    if let ParcelEvent::Sent { flaw, .. } = event.data {
                        meet(flaw);
                    }
                }
            }

            /// All parcels that were sent, whoever gets them.
            #[derive(Projection, Default, Debug, Serialize, Deserialize)]
            #[projection("whole", of(ParcelEvent), version = $version)]
            pub(crate) struct Whole {
                pub(crate) numbers: Vec<u64>,
            }

            impl Project<ParcelEvent> for Whole {
                fn partition(event: &Recorded<ParcelEvent>) -> Partition<Unpartitioned> {
                    match event.data {
                        ParcelEvent::Sent { .. } => Partition::Key(Unpartitioned),
                        ParcelEvent::Held { .. } => Partition::Nowhere,
                    }
                }

                fn project(&mut self, event: &Recorded<ParcelEvent>) {
                    let (ParcelEvent::Sent { number, .. } | ParcelEvent::Held { number }) = event.data;
                    self.numbers.push(number + $plus);
                }
            }

            /// A row for each event, in their order.
            #[derive(SqlProjection)]
            #[projection("rows", of(TrackEvent, ParcelEvent), version = $version)]
            #[table("numbers_of_events", columns = "place BIGINT NOT NULL, number BIGINT NOT NULL")]
            pub(crate) struct Rows;

            fn insert(number: u64, flaw: Option<u64>, sql: &mut Statements) {
                // The database refuses a number that is missing.
                let number = (!is_met(flaw)).then_some(number + $plus);
                sql.execute(
                    "INSERT INTO {numbers_of_events} (place, number)
                     SELECT count(*) + 1, CAST($1 AS BIGINT) FROM {numbers_of_events}",
                    (number,),
                );
            }

            impl ProjectSql<TrackEvent> for Rows {
                fn project(event: &Recorded<TrackEvent>, sql: &mut Statements) {
                    match event.data {
                        TrackEvent::Went { number, flaw, .. } => insert(number, flaw, sql),
                        TrackEvent::Stayed { number } | TrackEvent::Lost { number } => {
                            insert(number, None, sql);
                        }
                    }
                }
            }

            impl ProjectSql<ParcelEvent> for Rows {
                fn project(event: &Recorded<ParcelEvent>, sql: &mut Statements) {
                    match event.data {
                        ParcelEvent::Sent { number, flaw, .. } => insert(number, flaw, sql),
                        ParcelEvent::Held { number } => insert(number, None, sql),
                    }
                }
            }
        }
    };
}

program!(first, 1, 0);
program!(second, 2, super::OF_THE_SECOND);
