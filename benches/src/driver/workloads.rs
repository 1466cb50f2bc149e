//! What is measured.

use harness::{Commands, Uses, Work};

use super::contenders::{Accounts, Contender, Role, Store};
use super::options::Options;
use super::seeds::Seed;

/// Something to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Commands, each on an account that nobody else uses at the time.
    Commands {
        uses: Uses,
        clients: usize,
        events: u32,
        slow_disk: bool,
        /// How many events are in the store besides.
        besides: u64,
    },
    /// Loading one account with so many events.
    Load(u32),
    /// Reading the whole log.
    Replay,
    /// Filling a view of each account from the whole log.
    Rebuild,
    /// Microseconds from an event being recorded to a view showing it, at so many events a second.
    Live(u32),
    /// Many writers on one account.
    Hot,
    /// Nanoseconds for folding and deciding.
    Pure,
    /// Instructions for folding and deciding.
    Instructions,
    /// The most memory that a rebuild of so many events takes.
    Memory(u64),
    /// Bytes on disk for an event.
    Bytes,
    /// What a clean build takes.
    Build(Build),
}

/// What is counted of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Crates,
    CpuSeconds,
    Seconds,
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) rounds: usize,
    /// How many accounts there are for commands.
    accounts: u64,
    /// For how long commands and loads are repeated.
    seconds: f64,
    /// How many streams and events in each the log has that is replayed.
    log: (u64, u32),
    /// How many writers make how many deposits on one account.
    hot: (usize, u32),
    /// After how long what takes too long is cut short.
    patience: f64,
    /// How often folding and deciding is repeated.
    pure: u32,
}

impl Sizes {
    pub(crate) fn of(options: &Options) -> Self {
        let sizes = if options.quick {
            Self {
                rounds: 1,
                accounts: 500,
                seconds: 0.1,
                log: (50, 100),
                hot: (16, 10),
                patience: 1.0,
                pure: 200_000,
            }
        } else {
            Self {
                rounds: 3,
                accounts: 10_000,
                seconds: 0.8,
                log: (2_000, 100),
                hot: (16, 125),
                patience: 8.0,
                pure: 2_000_000,
            }
        };
        Self {
            rounds: options.rounds.unwrap_or(sizes.rounds),
            ..sizes
        }
    }
}

/// How many events an account has that gets a command.
const PRIOR: u32 = 5;

/// How many accounts there are where they are used again and again.
const KNOWN: u64 = 500;

/// How many events the accounts have that only fill the store.
const FILLING: u32 = 500;

/// Everything there is.
pub(crate) fn all() -> Vec<Workload> {
    let mut all = Vec::new();
    let mut add = |name: String, kind| all.push(Workload { name, kind });
    for (name, uses, events, slow_disk) in [
        ("command", Uses::Once, 1, false),
        ("again", Uses::Again, 1, false),
        ("command10", Uses::Once, 10, false),
        ("slow-disk/command", Uses::Once, 1, true),
    ] {
        for clients in [1, 8, 32] {
            let kind = Kind::Commands {
                uses,
                clients,
                events,
                slow_disk,
                besides: 0,
            };
            add(format!("{name}/{clients}"), kind);
        }
    }
    for events in [1_000, 10_000] {
        add(format!("load/{events}"), Kind::Load(events));
    }
    add("replay".to_owned(), Kind::Replay);
    add("rebuild".to_owned(), Kind::Rebuild);
    for events in [100_000, 1_000_000, 10_000_000] {
        add(format!("memory/{events}"), Kind::Memory(events));
    }
    add("live/500".to_owned(), Kind::Live(500));
    add("hot".to_owned(), Kind::Hot);
    add("pure".to_owned(), Kind::Pure);
    add("pure/instructions".to_owned(), Kind::Instructions);
    add("bytes".to_owned(), Kind::Bytes);
    for besides in [10_000, 100_000, 1_000_000, 10_000_000] {
        let kind = Kind::Commands {
            uses: Uses::Once,
            clients: 8,
            events: 1,
            slow_disk: false,
            besides,
        };
        add(format!("volume/{besides}"), kind);
    }
    for (name, of) in [
        ("crates", Build::Crates),
        ("cpu-seconds", Build::CpuSeconds),
        ("seconds", Build::Seconds),
    ] {
        add(format!("build/{name}"), Kind::Build(of));
    }
    all
}

/// At least so many events a second are taken where it is not the time that matters.
const SLOWEST: f64 = 100_000.0;
/// Preparing so many events takes minutes.
const ENORMOUS: u64 = 10_000_000;

/// What was asked for.
pub(crate) fn chosen(options: &Options) -> Result<Vec<Workload>, String> {
    for asked in &options.only {
        if !all().iter().any(|workload| workload.is(asked)) {
            return Err(format!("there is no workload {asked}: see --list"));
        }
    }
    let chosen = |workload: &Workload| {
        if options.only.is_empty() {
            workload.by_default(options)
        } else {
            let named = options.only.iter().any(|asked| workload.is(asked));
            named
                && (!workload.is_enormous()
                    || options.full
                    || options.only.contains(&workload.name))
        }
    };
    Ok(all().into_iter().filter(chosen).collect())
}

impl Workload {
    /// Whether it is the one, or one of those, that have this name.
    fn is(&self, asked: &str) -> bool {
        let rest = self.name.strip_prefix(asked);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn by_default(&self, options: &Options) -> bool {
        match self.kind {
            Kind::Build(_) => options.build,
            _ if self.is_enormous() => options.full,
            _ => !options.quick || self.is_quick(),
        }
    }

    /// Whether it takes minutes to prepare.
    fn is_enormous(&self) -> bool {
        matches!(
            self.kind,
            Kind::Commands {
                besides: ENORMOUS..,
                ..
            } | Kind::Memory(ENORMOUS..)
        )
    }

    /// Enough to see that everything works.
    fn is_quick(&self) -> bool {
        match self.kind {
            Kind::Commands {
                slow_disk,
                besides,
                events,
                clients,
                uses,
            } => !slow_disk && besides == 0 && events == 1 && clients != 8 && uses == Uses::Once,
            Kind::Load(events) => events <= 1_000,
            Kind::Memory(events) => events <= 100_000,
            Kind::Instructions | Kind::Build(_) => false,
            Kind::Replay | Kind::Rebuild | Kind::Live(_) | Kind::Hot | Kind::Pure | Kind::Bytes => {
                true
            }
        }
    }

    pub(crate) fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Commands { .. } | Kind::Hot => "commands/s",
            Kind::Load(_) | Kind::Replay | Kind::Rebuild => "events/s",
            Kind::Live(_) => "µs",
            Kind::Memory(_) => "MB",
            Kind::Pure => "ns",
            Kind::Instructions => "instructions",
            Kind::Bytes => "bytes/event",
            Kind::Build(Build::Crates) => "crates",
            Kind::Build(Build::CpuSeconds) => "CPU seconds",
            Kind::Build(Build::Seconds) => "seconds",
        }
    }

    /// Whether more is better.
    pub(crate) fn is_a_rate(&self) -> bool {
        self.unit().ends_with("/s")
    }

    pub(crate) fn on_a_slow_disk(&self) -> bool {
        matches!(
            self.kind,
            Kind::Commands {
                slow_disk: true,
                ..
            }
        )
    }

    /// Whether it says something about this contender.
    pub(crate) fn is_for(&self, contender: &Contender) -> bool {
        let on_a_store = contender.store != Store::Memory;
        let by_hand = matches!(contender.role, Role::Raw | Role::Bare);
        // Reading is the same for all that are written by hand, and so is what is stored.
        let is_best_reader = !by_hand || contender.variant == contender.seeder;
        match self.kind {
            Kind::Commands { besides, uses, .. } => {
                on_a_store
                    && (contender.accounts == Accounts::Loaded || uses == Uses::Again)
                    && (besides == 0
                        || contender.role == Role::Ironflow
                        || by_hand && is_best_reader)
            }
            Kind::Hot => on_a_store,
            Kind::Load(_) | Kind::Replay => on_a_store && is_best_reader,
            // Peers leave it to their users to keep views.
            Kind::Rebuild => {
                let keeps_views = matches!(contender.role, Role::Ironflow | Role::Raw);
                on_a_store && keeps_views && is_best_reader
            }
            Kind::Live(_) => on_a_store && contender.role == Role::Ironflow,
            // By hand, all views are in memory.
            Kind::Memory(_) => {
                let is_ironflow = contender.role == Role::Ironflow;
                on_a_store && is_ironflow && contender.store != Store::SqliteNormal
            }
            Kind::Bytes => on_a_store && is_best_reader && contender.store != Store::SqliteNormal,
            Kind::Pure | Kind::Instructions => !on_a_store,
            Kind::Build(_) => {
                on_a_store
                    && contender.role != Role::Bare
                    && is_best_reader
                    && contender.store != Store::SqliteNormal
            }
        }
    }

    /// What is in the store beforehand.
    pub(crate) fn seed(&self, sizes: &Sizes) -> Seed {
        match self.kind {
            Kind::Commands {
                uses: Uses::Again, ..
            }
            | Kind::Live(_) => Seed::accounts(KNOWN, PRIOR),
            Kind::Commands { besides, .. } => {
                let mut seed = Seed::accounts(sizes.accounts, PRIOR);
                if besides > 0 {
                    seed = seed.and(besides.div_ceil(FILLING.into()), FILLING);
                }
                seed
            }
            Kind::Load(events) => Seed::accounts(1, events),
            Kind::Replay | Kind::Rebuild | Kind::Bytes => Seed::accounts(sizes.log.0, sizes.log.1),
            Kind::Memory(events) => Seed::accounts(events / 100, 100),
            Kind::Hot => Seed::accounts(1, 1),
            Kind::Pure | Kind::Instructions | Kind::Build(_) => Seed::nothing(),
        }
    }

    /// What a contender is told to do, where it is.
    pub(crate) fn work(&self, sizes: &Sizes) -> Option<Work> {
        let Sizes {
            accounts,
            seconds,
            hot: (writers, deposits),
            patience,
            pure,
            ..
        } = *sizes;
        match self.kind {
            Kind::Commands {
                clients,
                events,
                uses,
                ..
            } => Some(Work::Commands(Commands {
                accounts: match uses {
                    Uses::Once => accounts,
                    Uses::Again => KNOWN,
                },
                uses,
                prior: PRIOR,
                clients,
                events,
                seconds,
            })),
            Kind::Load(events) => Some(Work::Load { events, seconds }),
            Kind::Replay => Some(Work::Replay {
                events: self.seed(sizes).events(),
                seconds: patience,
            }),
            Kind::Rebuild => Some(Work::Rebuild {
                events: self.seed(sizes).events(),
                seconds: patience,
            }),
            Kind::Memory(events) => Some(Work::Rebuild {
                events,
                #[expect(clippy::cast_precision_loss, reason = "there are not so many events")]
                seconds: patience.max(events as f64 / SLOWEST),
            }),
            Kind::Live(rate) => Some(Work::Live {
                accounts: KNOWN,
                prior: PRIOR,
                rate,
                seconds: 5.0 * seconds,
            }),
            Kind::Hot => Some(Work::Hot {
                writers,
                deposits,
                seconds: patience,
            }),
            Kind::Pure => Some(Work::Pure { rounds: pure }),
            Kind::Instructions | Kind::Bytes | Kind::Build(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_all_that_begin_with_it() {
        let only = |only: &str| {
            let options = Options {
                only: vec![only.to_owned()],
                ..Options::default()
            };
            let chosen = chosen(&options).unwrap();
            let names = chosen.into_iter().map(|workload| workload.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(only("command"), ["command/1", "command/8", "command/32"]);
        assert_eq!(only("load/1000"), ["load/1000"]);
        assert_eq!(only("volume").len(), 3);
        assert_eq!(only("volume/10000000").len(), 1);
    }

    #[test]
    fn what_does_not_exist_is_said() {
        let options = Options {
            only: vec!["comand".to_owned()],
            ..Options::default()
        };
        let wrong = chosen(&options).unwrap_err();
        assert_eq!(wrong, "there is no workload comand: see --list");
    }
}
