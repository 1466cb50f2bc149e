//! With clap's and tracing's macros imported, and ours by their path.
//!
//! A module can import one `event` and one `command`. And what clap's derives call `#[command]`
//! is theirs wherever they stand: an imported attribute of that name would be ambiguous there.

use clap::{Args, Parser, Subcommand};
use ironflow_domain as flow;
use ironflow_domain::{Aggregate, Decide, Decision, Fold, events};
use serde::{Deserialize, Serialize};
use tracing::{Level, event, instrument};

/// What happens.
#[flow::event("lamp")]
#[derive(Eq)]
pub enum LampEvent {
    /// Somebody hung it up.
    #[event(name = "lamp.hung_up")]
    Installed {
        /// Where.
        room: String,
    },
    /// Somebody switched it.
    #[event(version = 2, upcast(_))]
    Switched,
}

/// A lamp.
#[derive(Aggregate, Debug, Default)]
#[aggregate(event = LampEvent, error = std::fmt::Error)]
pub struct Lamp {
    is_on: bool,
}

impl Fold for Lamp {
    fn fold(&mut self, event: &LampEvent) {
        event!(Level::TRACE, ?event, "folded");
        match event {
            LampEvent::Installed { .. } => {}
            LampEvent::Switched => self.is_on = !self.is_on,
        }
    }
}

/// A command of the domain that is typed in as it is: clap reads its fields.
#[flow::command(Lamp, creates)]
#[derive(Args, Eq, Serialize, Deserialize)]
#[command(about = "Hangs a lamp up", next_help_heading = "The lamp")]
#[serde(rename_all = "camelCase")]
pub struct Install {
    /// Which lamp.
    #[id]
    #[arg(long = "lamp", value_name = "NUMBER")]
    pub lamp: u32,
    /// Where it hangs.
    #[arg(default_value = "hall")]
    pub room: String,
}

/// All commands of the domain, each a subcommand.
#[flow::command(Lamp)]
#[derive(Subcommand)]
#[command(rename_all = "snake_case")]
pub enum Use {
    /// Switches it.
    #[command(visible_alias = "toggle")]
    SwitchOver {
        /// Which lamp.
        #[id]
        #[arg(short)]
        lamp: u32,
    },
    /// Leaves it as it is.
    #[command(name = "leave", hide = true)]
    Leave(#[id] Which),
}

/// Which lamp is meant: an aggregate's id that clap reads.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[group(id = "which")]
pub struct Which {
    /// Which lamp.
    #[arg(id = "which-lamp")]
    pub lamp: u32,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lamp.fmt(f)
    }
}

/// The program.
#[derive(Parser, Debug)]
#[command(name = "lamps", version, about)]
pub struct Program {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// What it can do.
#[derive(Subcommand, Debug)]
pub enum Task {
    /// Hangs a lamp up.
    Install(Install),
    /// Uses one.
    #[command(flatten)]
    Use(Use),
}

impl Decide<Install> for Lamp {
    #[instrument]
    fn decide(&self, Install { room, .. }: Install) -> Decision<Self> {
        Ok(events![LampEvent::Installed { room }])
    }
}

impl Decide<Use> for Lamp {
    fn decide(&self, command: Use) -> Decision<Self> {
        match command {
            Use::SwitchOver { .. } => Ok(events![LampEvent::Switched]),
            Use::Leave(_) => Ok(events![]),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::{Addressed, Command, Event};

    use super::*;

    fn typed(words: &str) -> Task {
        Program::try_parse_from(words.split(' ')).unwrap().task
    }

    #[test]
    fn what_is_typed_in_is_a_command_of_the_domain() {
        let Task::Install(install) = typed("lamps install --lamp 7") else {
            panic!("another command was typed in");
        };
        assert_eq!(install.stream_id().unwrap().as_str(), "lamp-7");
        let installed = Command::decide(install, &Lamp::initial(), &()).unwrap();
        assert_eq!(
            (
                installed[0].kind().name,
                installed[0].encode().unwrap().as_str()
            ),
            ("lamp.hung_up", r#"{"room":"hall"}"#)
        );
    }

    #[test]
    fn a_subcommand_is_a_command_of_the_domain() {
        for (words, name, stream) in [
            ("lamps switch_over -l 7", "switch-over", "lamp-7"),
            ("lamps toggle -l 8", "switch-over", "lamp-8"),
            ("lamps leave 9", "leave", "lamp-9"),
        ] {
            let Task::Use(command) = typed(words) else {
                panic!("another command was typed in");
            };
            assert_eq!(
                (command.name(), command.stream_id().unwrap().as_str()),
                (name, stream)
            );
        }
    }
}
