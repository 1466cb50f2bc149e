//! A domain in a crate whose only dependency is `ironflow-domain`, under another name.

pub mod strict;

use std::fmt;

use flow::{
    Aggregate, Decide, DecideWith, Decision, Fold, Partition, Project, Projection, Recorded,
    command, event, events,
};

/// What happens to a lamp.
#[event("lamp", crate = ::flow)]
pub enum LampEvent {
    /// Somebody hung it up.
    Installed {
        /// Where it hangs.
        room: String,
    },
    /// Somebody switched it.
    #[event(name = "lamp.toggled", version = 2, upcast(_))]
    Switched {
        /// Whether it shines now.
        #[serde(rename = "isOn", default)]
        on: bool,
    },
    /// It will not shine again.
    Broken,
}

/// Why a lamp does not.
#[derive(Debug, PartialEq, Eq)]
pub struct IsBroken;

impl fmt::Display for IsBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lamp is broken")
    }
}

impl std::error::Error for IsBroken {}

/// A lamp.
#[derive(Aggregate, Debug, Default)]
#[aggregate(event = LampEvent, error = IsBroken, crate = ::flow)]
pub struct Lamp {
    on: bool,
    broken: bool,
}

impl Fold for Lamp {
    fn fold(&mut self, event: &LampEvent) {
        match event {
            LampEvent::Installed { .. } => {}
            LampEvent::Switched { on } => self.on = *on,
            LampEvent::Broken => self.broken = true,
        }
    }
}

/// Hangs a lamp up.
#[command(Lamp, context = Room, creates, crate = ::flow)]
pub struct Install {
    /// Which lamp.
    #[id]
    pub lamp: u32,
}

/// Where lamps are hung up.
#[derive(Debug)]
pub struct Room(pub String);

impl DecideWith<Install> for Lamp {
    fn decide(&self, _: Install, room: &Room) -> Decision<Self> {
        Ok(events![LampEvent::Installed {
            room: room.0.clone()
        }])
    }
}

/// Uses a lamp.
#[command(Lamp, crate = ::flow)]
pub enum Use {
    /// Switches it.
    Switch(#[id] u32),
    /// Throws something at it.
    Hit {
        /// Which lamp.
        #[id]
        lamp: u32,
    },
}

impl Decide<Use> for Lamp {
    fn decide(&self, command: Use) -> Decision<Self> {
        match command {
            _ if self.broken => Err(IsBroken),
            Use::Switch(_) => Ok(events![LampEvent::Switched { on: !self.on }]),
            Use::Hit { .. } => Ok(events![LampEvent::Broken]),
        }
    }
}

/// How often a lamp was switched.
///
/// What is stored needs serde, and this crate has it only through the other one.
#[derive(
    Projection,
    Debug,
    Default,
    flow::__private::serde::Serialize,
    flow::__private::serde::Deserialize,
)]
#[serde(crate = "flow::__private::serde")]
#[projection("usage", partition = String, of(LampEvent), crate = ::flow)]
pub struct Usage {
    switched: u32,
}

impl Project<LampEvent> for Usage {
    fn partition(event: &Recorded<LampEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, event: &Recorded<LampEvent>) {
        if let LampEvent::Switched { .. } = event.data {
            self.switched += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use flow::__private::{Routes, Routing};
    use flow::{
        Addressed, Command, Decoded, Event, EventId, EventRef, Position, SchemaVersion,
        StreamVersion, Timestamp,
    };

    use super::*;

    /// Tested alone, this crate is built without JSON; with the whole workspace, with it.
    fn is_built_without_json() -> bool {
        let Err(error) = LampEvent::Broken.encode() else {
            return false;
        };
        let read = EventRef::unrecorded("lamp.broken", SchemaVersion::new(1), "{}");
        let unread = LampEvent::decode(&read).unwrap_err();
        for reason in [error.source(), unread.source()] {
            assert_eq!(
                reason.map(ToString::to_string).as_deref(),
                Some(
                    "this program was built without JSON: switch on the feature `json` of `ironflow-domain`"
                )
            );
        }
        true
    }

    #[test]
    fn events_are_stored_and_read_back() {
        if is_built_without_json() {
            return;
        }
        let switched = LampEvent::Switched { on: true };
        let kind = switched.kind();
        assert_eq!(
            (kind.name, kind.version.get(), kind.doc),
            ("lamp.toggled", 2, "Somebody switched it.")
        );
        let stored = switched.encode().unwrap();
        assert_eq!(stored, r#"{"isOn":true}"#);
        assert_eq!(
            LampEvent::decode(&EventRef::unrecorded(kind.name, kind.version, &stored)).unwrap(),
            Decoded::One(switched)
        );
        let without_room = EventRef::unrecorded("lamp.installed", SchemaVersion::new(1), "{}");
        assert!(LampEvent::decode(&without_room).is_err());
    }

    #[test]
    fn commands_are_addressed_and_decided() {
        let install = Install { lamp: 7 };
        assert_eq!(install.stream_id().unwrap().as_str(), "lamp-7");
        let events = Command::decide(install, &Lamp::initial(), &Room("hall".into())).unwrap();
        assert_eq!(
            events.as_slice(),
            [LampEvent::Installed {
                room: "hall".into()
            }]
        );

        let lamp = Lamp::replay(&events);
        assert_eq!(Use::Switch(7).name(), "switch");
        assert_eq!(
            Command::decide(Use::Switch(7), &lamp, &())
                .unwrap()
                .as_slice(),
            [LampEvent::Switched { on: true }]
        );
        let broken = Lamp::replay(&[LampEvent::Broken]);
        assert_eq!(
            Command::decide(Use::Hit { lamp: 7 }, &broken, &()),
            Err(IsBroken)
        );
    }

    #[test]
    fn a_stored_event_is_delivered_to_its_view() {
        if is_built_without_json() {
            return;
        }
        let event = EventRef {
            id: EventId::from_bytes([7; 16]),
            name: "lamp.toggled",
            stream: "lamp-7",
            version: StreamVersion::new(1),
            schema_version: SchemaVersion::new(2),
            position: Position::new(1, 0),
            time: Timestamp::from_micros(0),
            source: "api",
            data: "{}",
            metadata: "{}",
            left_in_commit: 0,
        };
        let mut routes = Routes::default();
        let read = Routing::<Usage>::read(std::iter::once(event), &routes).unwrap();
        let page = read.routed(&mut routes).unwrap();
        assert_eq!(page.keys(), ["7"]);
        let applied = page.apply(vec![None]).unwrap();
        let [(_, view)] = applied.views.as_slice() else {
            panic!("the projection reads events of lamps, one for one");
        };
        assert_eq!(view.state.0.switched, 1);
    }
}
