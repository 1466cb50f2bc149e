//! Stories to be told.

use ironflow_domain::{Aggregate, Catalogue, Decide, Decision, Fold, command, event, events};
use ironflow_testing::{given, stored};
use serde_json::json;

#[event("door")]
pub(crate) enum DoorEvent {
    Opened,
    Closed,
    #[event(also_named("door.barred"))]
    Bolted {
        bolts: Vec<String>,
    },
    Painted,
}

use DoorEvent::{Bolted, Closed, Opened};

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is held by {0} bolts")]
    Held(usize),
}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(event = DoorEvent, error = Refused)]
pub(crate) struct Door {
    open: bool,
    bolts: usize,
}

impl Fold for Door {
    fn fold(&mut self, event: &DoorEvent) {
        match event {
            Opened => self.open = true,
            Closed => self.open = false,
            Bolted { bolts } => self.bolts += bolts.len(),
            DoorEvent::Painted => {}
        }
    }
}

#[command(Door)]
pub(crate) struct Open;

impl Decide<Open> for Door {
    fn decide(&self, Open: Open) -> Decision<Self> {
        match self.bolts {
            0 if self.open => Ok(events![]),
            0 => Ok(events![Opened]),
            bolts => Err(Refused::Held(bolts)),
        }
    }
}

#[command(Door)]
pub(crate) struct Close;

impl Decide<Close> for Door {
    fn decide(&self, Close: Close) -> Decision<Self> {
        Ok(events![Closed, bolted()])
    }
}

#[command(Door)]
pub(crate) struct Paint;

impl Decide<Paint> for Door {
    fn decide(&self, Paint: Paint) -> Decision<Self> {
        Ok(events![DoorEvent::Painted])
    }
}

pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new()
        .command::<Open>()
        .command::<Close>()
        .command::<Paint>()
}

/// Too long for one line.
fn bolted() -> DoorEvent {
    let bolt = |place| format!("a bolt of hardened steel at the {place} of the frame");
    Bolted {
        bolts: ["top", "middle"].map(bolt).into(),
    }
}

#[test]
fn a_door_is_closed_and_held() {
    let closed = given::<Door>(events![])
        .when(Open)
        .then(events![Opened])
        .and_when(Close)
        .then(events![Closed, bolted()])
        .and_state(Door {
            open: false,
            bolts: 2,
        });
    closed.and_when(Open).then_error(Refused::Held(2));
    closed
        .at("2026-04-17T14:22:01Z")
        .when(Close)
        .then(events![Closed, bolted()])
        .and_when(Open)
        .then_error(Refused::Held(4));
}

#[test]
fn an_open_door_stays_open() {
    for times in 1..3 {
        given::<Door>(
            vec![Opened; times]
                .into_iter()
                .collect::<ironflow_domain::Events<_>>(),
        )
        .when(Open)
        .then_nothing();
    }
}

mod tests {
    use super::*;

    #[test]
    fn what_was_stored_is_read() {
        given::<Door>(stored("door.barred", 1, json!({ "bolts": ["new"] }))).then_state(Door {
            open: false,
            bolts: 1,
        });
        stored::<DoorEvent>("door.opened", 1, json!({})).then(events![Opened]);
        stored::<DoorEvent>("door.opened", 2, json!({})).then_unreadable("version 2");
    }
}
