//! Stories that go on.

use std::time::Duration;

use ironflow_domain::{
    Aggregate, Decide, DecideWith, Decision, Fold, Timestamp, command, event, events,
};
use ironflow_testing::{given, stored};
use serde_json::json;

use crate::failure::fails;

#[event("offer")]
#[derive(Eq)]
enum OfferEvent {
    Made { until: Timestamp },
    Accepted { at: Timestamp },
    Withdrawn,
}

use OfferEvent::*;

#[derive(Debug, PartialEq, thiserror::Error)]
enum Refused {
    #[error("it was too late at {0}")]
    TooLate(Timestamp),
    #[error("there is no offer")]
    NoOffer,
}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(event = OfferEvent, error = Refused)]
struct Offer {
    until: Option<Timestamp>,
}

impl Fold for Offer {
    fn fold(&mut self, event: &OfferEvent) {
        self.until = match event {
            Made { until } => Some(*until),
            Accepted { .. } | Withdrawn => None,
        };
    }
}

#[command(Offer, context = Timestamp)]
struct Accept;

impl DecideWith<Accept> for Offer {
    fn decide(&self, Accept: Accept, now: &Timestamp) -> Decision<Self> {
        match self.until {
            None => Err(Refused::NoOffer),
            Some(until) if until < *now => Err(Refused::TooLate(*now)),
            Some(_) => Ok(events![Accepted { at: *now }]),
        }
    }
}

#[command(Offer, context = Timestamp)]
struct Renew;

impl DecideWith<Renew> for Offer {
    fn decide(&self, Renew: Renew, now: &Timestamp) -> Decision<Self> {
        Ok(events![Made { until: *now + DAY }])
    }
}

#[command(Offer)]
struct Withdraw;

impl Decide<Withdraw> for Offer {
    fn decide(&self, Withdraw: Withdraw) -> Decision<Self> {
        match self.until {
            None => Err(Refused::NoOffer),
            Some(_) => Ok(events![Withdrawn]),
        }
    }
}

const DAY: Duration = Duration::from_hours(24);

fn time(text: &str) -> Timestamp {
    text.parse().expect("a valid time")
}

#[test]
fn one_past_has_several_futures() {
    let made = given::<Offer>(events![])
        .context_at(|now| now)
        .at("2026-04-01T12:00:00Z")
        .when(Renew)
        .then(events![Made {
            until: time("2026-04-02T12:00:00Z")
        }]);
    let accepted = made.advance(DAY).when(Accept).then(events![Accepted {
        at: time("2026-04-02T12:00:00Z")
    }]);
    accepted.and_when(Accept).then_error(Refused::NoOffer);
    made.advance(DAY + Duration::from_micros(1))
        .when(Accept)
        .then_error(Refused::TooLate(time("2026-04-02T12:00:00.000001Z")))
        // What was refused has changed nothing.
        .and_when(Renew)
        .then(events![Made {
            until: time("2026-04-03T12:00:00.000001Z")
        }])
        .and_when(Accept)
        .then_matching(|events| matches!(events, [Accepted { .. }]));
    // Neither future has changed the past.
    made.and_when(Accept)
        .then_matching(|events| events.len() == 1);
}

#[test]
fn the_past_is_told_in_events_commands_and_old_json() {
    given::<Offer>(stored(
        "offer.made",
        1,
        json!({ "until": "2026-04-02T12:00:00Z" }),
    ))
    .and(events![Withdrawn])
    .context_at(|now| now)
    .after(Renew)
    .then_state(Offer {
        until: Some(time("2026-01-02T00:00:00Z")),
    });
}

#[test]
fn every_event_carries_what_is_known_about_its_command() {
    let made = given::<Offer>(events![])
        .context_at(|now| now)
        .issued_by("ann")
        .correlation_id("talk-1")
        .tenant_id("north")
        .at("2026-04-01T12:00:00Z")
        .after(Renew)
        .when(Renew)
        .then_matching(|events| events.len() == 1);
    let metadata = made.metadata();
    assert_eq!(metadata.causation_id.as_deref(), Some("command-2"));
    assert_eq!(metadata.correlation_id.as_deref(), Some("talk-1"));
    assert_eq!(metadata.tenant_id.as_deref(), Some("north"));
    assert_eq!(metadata.issued_by.as_deref(), Some("ann"));
    assert_eq!(metadata.issued_at, Some(time("2026-04-01T12:00:00Z")));
    assert_eq!(metadata.command.as_deref(), Some("renew"));
    let bob = made.issued_by("bob").when(Renew).then_matching(|_| true);
    assert_eq!(bob.metadata().issued_by.as_deref(), Some("bob"));
    assert_eq!(bob.metadata().causation_id.as_deref(), Some("command-3"));
}

#[test]
fn a_failure_tells_the_story_so_far() {
    fails(
        || {
            given::<Offer>(events![Made {
                until: time("2026-01-03T00:00:00Z")
            }])
            .context_at(|now| now)
            .when(Accept)
            .then_matching(|events| events.len() == 1)
            .advance(DAY)
            .after(Renew)
            .when(Accept)
            .then(events![])
        },
        r"
        something happened, and nothing should have
          --> HERE+11

          Given   1  Made { until: 2026-01-03T00:00:00Z }
          With    2026-01-01T00:00:00Z
          When    Accept
          Then    1  Accepted { at: 2026-01-01T00:00:00Z }
          Time    2026-01-02T00:00:00Z
          With    2026-01-02T00:00:00Z
          After   Renew
          And     1  Made { until: 2026-01-03T00:00:00Z }
          When    Accept
          Then    expected  no events
                  produced  1  Accepted { at: 2026-01-02T00:00:00Z }
        ",
    );
}

#[test]
fn a_command_of_the_past_was_accepted() {
    fails(
        || {
            given::<Offer>(events![])
                .after(Withdraw)
                .then_state(Offer::default());
        },
        r"
        a command of the past was refused
          --> HERE+3

          Given   no events
          After   Withdraw
          But     error NoOffer
                        there is no offer
        ",
    );
}

#[test]
fn another_state() {
    fails(
        || {
            given::<Offer>(events![Made {
                until: time("2026-01-03T00:00:00Z")
            }])
            .when(Withdraw)
            .then(events![Withdrawn])
            .and_state(Offer {
                until: Some(time("2026-01-03T00:00:00Z")),
            })
        },
        r"
        not the state that was expected
          --> HERE+7

          Given   1  Made { until: 2026-01-03T00:00:00Z }
          When    Withdraw
          Then    1  Withdrawn
          State   expected  Offer { until: Some(2026-01-03T00:00:00Z) }
                  produced  Offer { until: None }
        ",
    );
}

#[test]
fn what_is_stored_and_cannot_be_read_is_no_past() {
    fails(
        || {
            given::<Offer>(stored("offer.mode", 1, json!({})))
                .when(Withdraw)
                .then_nothing()
        },
        r#"
        what is stored cannot be read
          --> HERE+2

          Stored  offer.mode version 1  {}
          But     unknown event name offer.mode: the set knows offer.made, offer.accepted, offer.withdrawn; add the variant that was removed, give the renamed one `#[event(also_named("offer.mode"))]`, or ignore such events with `dropped("offer.mode")` on the enum
        "#,
    );
}

#[test]
fn a_time_is_written_in_rfc_3339() {
    let found = crate::failure::failure(|| {
        let _ = given::<Offer>(events![]).at("tomorrow").when(Withdraw);
    });
    assert_eq!(
        found.text,
        "`tomorrow` is not a time: expected RFC 3339, such as 2026-04-17T14:22:01Z"
    );
    assert!(found.place.starts_with(file!()), "{}", found.place);
}
