//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Measures Ironflow beside its peers and beside code by hand.

  --quick          small and short, to see that everything works: two minutes once everything is built.
                   Its numbers are no claims.
  --full           volume and memory with ten million events, too
  --only A,B       only these workloads: command, again, command10, load, replay, rebuild, memory, live, hot,
                   pure, bytes, volume, slow-disk, build; or one of several, as in command/8
  --peers A,B      only these peers, or `none`; Ironflow and what is written by hand always run
  --stores A,B     only these stores: postgres, sqlite, sqlite-normal, memory
  --rounds N       how often everything is measured; the median counts
  --build          how many crates each contender has, and how long a clean build takes
  --json FILE      writes what was measured
  --plots          draws what was measured, in docs/src/performance
  --write-docs     writes the tables of docs/src/performance.md anew
  --list           says what there is, and runs nothing

Databases are made in the place for temporary files (TMPDIR), which should lie on a disk.";

/// What the command line asks for.
pub(crate) enum Asked {
    ForHelp,
    ToRun(Options),
}

#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) full: bool,
    pub(crate) only: Vec<String>,
    pub(crate) peers: Option<Vec<String>>,
    pub(crate) stores: Vec<String>,
    pub(crate) rounds: Option<usize>,
    pub(crate) build: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) plots: bool,
    pub(crate) write_docs: bool,
    pub(crate) list: bool,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} wants a value"))
            };
            match argument.as_str() {
                "-h" | "--help" => return Ok(Asked::ForHelp),
                "--quick" => options.quick = true,
                "--full" => options.full = true,
                "--only" => options.only = list(&value()?),
                "--peers" => options.peers = Some(list(&value()?)),
                "--stores" => options.stores = list(&value()?),
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = Some(rounds.ok_or("--rounds wants a number from 1 on")?);
                }
                "--build" => options.build = true,
                "--json" => options.json = Some(value()?.into()),
                "--plots" => options.plots = true,
                "--write-docs" => options.write_docs = true,
                "--list" => options.list = true,
                other => return Err(format!("there is no option {other}")),
            }
        }
        Ok(Asked::ToRun(options))
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(|one| one.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Asked, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let Ok(Asked::ToRun(options)) = parse("--only command,hot --peers none --rounds 3") else {
            panic!("it is understood");
        };
        assert_eq!(options.only, ["command", "hot"]);
        assert_eq!(options.peers.as_deref(), Some(&["none".to_owned()][..]));
        assert_eq!(options.rounds, Some(3));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, wrong) in [
            ("--fast", "there is no option --fast"),
            ("--json", "--json wants a value"),
            ("--rounds 0", "--rounds wants a number from 1 on"),
        ] {
            assert_eq!(parse(line).err().as_deref(), Some(wrong));
        }
    }
}
