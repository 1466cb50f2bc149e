//! What would go wrong with a store goes wrong in a scenario.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ironflow_domain::{
    Aggregate, Decide, Decision, EventRef, Fold, Upcast, UpcastResult, command, event, events,
};
use ironflow_testing::{given, stored};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::failure::failure;

#[event("parcel", dropped("parcel.viewed"))]
enum ParcelEvent {
    Sent {
        to: String,
    },
    #[event(version = 2, upcast(ScannedV1))]
    Scanned(Scanned),
    Tagged {
        tags: HashSet<String>,
    },
    Sealed {
        seal: Seal,
    },
    #[event(version = 2, upcast(WeighedV1))]
    Weighed(Weighed),
}

/// What is put into `grams` by an upcast is lost when it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Weighed {
    #[serde(skip)]
    grams: u32,
}

#[derive(Deserialize)]
struct WeighedV1 {
    kilos: u32,
}

impl From<WeighedV1> for Weighed {
    fn from(WeighedV1 { kilos }: WeighedV1) -> Self {
        Self {
            grams: kilos * 1_000,
        }
    }
}

use ParcelEvent::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scanned {
    stream: String,
    place: u64,
}

#[derive(Deserialize)]
struct ScannedV1 {}

impl Upcast<ScannedV1> for Scanned {
    fn upcast(_: ScannedV1, event: &EventRef<'_>) -> UpcastResult<Self> {
        Ok(Self {
            stream: event.stream.to_owned(),
            place: event.version.get(),
        })
    }
}

/// Prints nothing of itself.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Seal(u64);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum Refused {
    #[error("no {0}")]
    No(u64),
    #[error("one of {0:?} is missing")]
    Missing(HashSet<&'static str>),
}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(event = ParcelEvent, error = Refused)]
struct Parcel {
    scanned: Option<Scanned>,
}

impl Fold for Parcel {
    fn fold(&mut self, event: &ParcelEvent) {
        if let Scanned(scanned) = event {
            self.scanned = Some(scanned.clone());
        }
    }
}

#[command(Parcel)]
enum Ask {
    Send {
        #[id]
        parcel: u32,
    },
    Seal {
        #[id]
        parcel: u32,
    },
    Refuse {
        #[id]
        parcel: u32,
    },
    Miss {
        #[id]
        parcel: u32,
    },
}

static ASKED: AtomicU64 = AtomicU64::new(0);

impl Decide<Ask> for Parcel {
    fn decide(&self, command: Ask) -> Decision<Self> {
        let asked = ASKED.fetch_add(1, Ordering::SeqCst);
        match command {
            Ask::Send { .. } => Ok(events![Sent { to: "Ann".into() }]),
            Ask::Seal { .. } => Ok(events![Sealed { seal: Seal(asked) }]),
            Ask::Refuse { .. } => Err(Refused::No(asked)),
            Ask::Miss { .. } => Err(Refused::Missing(HashSet::from(["label", "stamp", "wax"]))),
        }
    }
}

#[command(Parcel, creates)]
struct Create;

impl Decide<Create> for Parcel {
    fn decide(&self, Create: Create) -> Decision<Self> {
        Ok(events![Sent { to: "Bob".into() }])
    }
}

/// The headline of a scenario that fails.
fn headline<T>(scenario: impl FnOnce() -> T) -> String {
    let text = failure(scenario).text;
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_story_is_about_one_aggregate() {
    let text = failure(|| {
        given::<Parcel>(events![])
            .when(Ask::Send { parcel: 1 })
            .then_matching(|_| true)
            .and_when(Ask::Send { parcel: 2 })
            .then_matching(|_| true)
    })
    .text;
    assert!(
        text.starts_with("the command is for another aggregate than the one before"),
        "{text}"
    );
    assert!(
        text.contains("the story is about parcel-1, and this command names parcel-2"),
        "{text}"
    );
}

#[test]
fn a_stream_of_which_everything_was_dropped_exists() {
    assert_eq!(
        headline(|| {
            given::<Parcel>(stored("parcel.viewed", 1, json!({})))
                .when(Create)
                .then_matching(|_| true)
        }),
        "the command is marked `creates`, and was accepted though its stream exists"
    );
}

#[test]
fn upcasters_see_where_an_event_is_stored() {
    let sent = || Sent { to: "Ann".into() };
    given::<Parcel>(events![sent(), sent()])
        .and(stored("parcel.scanned", 1, json!({})))
        .then_state(Parcel {
            scanned: Some(Scanned {
                stream: "parcel-1".into(),
                place: 3,
            }),
        });
    given::<Parcel>(events![])
        .after(Ask::Send { parcel: 7 })
        .and(stored("parcel.scanned", 1, json!({})))
        .then_state(Parcel {
            scanned: Some(Scanned {
                stream: "parcel-7".into(),
                place: 2,
            }),
        });
}

#[test]
fn an_impure_decision_is_found_out_whatever_it_prints() {
    let impure = "the decision is not pure: decided again, the command came out differently";
    for _ in 0..20 {
        assert_eq!(
            headline(|| given::<Parcel>(events![])
                .when(Ask::Seal { parcel: 1 })
                .then_matching(|_| true)),
            impure
        );
        assert_eq!(
            headline(|| given::<Parcel>(events![])
                .when(Ask::Refuse { parcel: 1 })
                .then_error_matching(|_| true)),
            impure
        );
    }
}

#[test]
fn an_order_that_means_nothing_is_no_difference_between_errors() {
    for _ in 0..50 {
        given::<Parcel>(events![])
            .when(Ask::Miss { parcel: 1 })
            .then_error(Refused::Missing(HashSet::from(["wax", "label", "stamp"])));
    }
}

#[test]
fn a_set_without_an_order_is_found_out_each_time() {
    for _ in 0..50 {
        // Of two, one in some thousand sets would be written in the same order by chance.
        let tags = || ["one", "two", "three", "four"].map(str::to_owned).into();
        let text = headline(|| given::<Parcel>(events![Tagged { tags: tags() }]).when(Create));
        assert_eq!(
            text,
            "parcel.tagged version 1 has two stored forms, and equal events must be written alike (a `HashSet` is not: use a `BTreeSet`)"
        );
    }
}

#[test]
fn what_an_upcast_makes_survives_being_stored() {
    let lost = "parcel.weighed version 2 does not survive being stored";
    let weighed = || stored("parcel.weighed", 1, json!({ "kilos": 3 }));
    assert_eq!(
        headline(|| given::<Parcel>(weighed()).when(Ask::Send { parcel: 1 })),
        lost
    );
    assert_eq!(
        headline(|| weighed().then(events![Weighed(Weighed { grams: 3_000 })])),
        lost
    );
}

#[test]
fn a_reason_that_fits_everything_is_none() {
    assert_eq!(
        headline(|| stored::<ParcelEvent>("parcel.lost", 1, json!({})).then_unreadable("")),
        "every reason has an empty text in it: say what this one must be about"
    );
}
