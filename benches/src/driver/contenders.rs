//! Who competes.

use std::fmt;

/// Where a contender keeps its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Store {
    /// With the settings that Postgres ships with: full durability.
    Postgres,
    /// With `synchronous=FULL`: what was answered survives a power cut.
    Sqlite,
    /// With `synchronous=NORMAL`: the last commits may be lost in one.
    SqliteNormal,
    /// Nowhere.
    Memory,
}

impl Store {
    pub(crate) const ALL: [Self; 4] = [
        Self::Postgres,
        Self::Sqlite,
        Self::SqliteNormal,
        Self::Memory,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
            Self::SqliteNormal => "sqlite-normal",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a contender is in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Ironflow,
    Peer,
    /// By hand, storing what a product stores. The best of them is the limit.
    Raw,
    /// By hand, storing only stream, version, name and payload.
    Bare,
}

/// One way in which a program competes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) store: Store,
    /// The folder of its program.
    pub(crate) program: &'static str,
    pub(crate) variant: &'static str,
    /// The variant that prepares its databases; they are the same.
    pub(crate) seeder: &'static str,
    pub(crate) accounts: Accounts,
}

/// Whether it keeps accounts in memory on purpose, so that there is nothing to see where each is
/// used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accounts {
    Loaded,
    Kept,
}

const fn contender(
    role: Role,
    store: Store,
    name: &'static str,
    [program, variant, seeder]: [&'static str; 3],
) -> Contender {
    Contender {
        name,
        role,
        store,
        program,
        variant,
        seeder,
        accounts: Accounts::Loaded,
    }
}

/// A program that is called as the peer is.
const fn peer(store: Store, name: &'static str, variant: &'static str) -> Contender {
    contender(Peer, store, name, [name, variant, variant])
}

const fn on_postgres(name: &'static str) -> Contender {
    peer(Postgres, name, "postgres")
}

const fn in_memory(name: &'static str) -> Contender {
    peer(Memory, name, "pure")
}

const fn kept(contender: Contender) -> Contender {
    Contender {
        accounts: Accounts::Kept,
        ..contender
    }
}

use Role::{Bare, Ironflow, Peer, Raw};
use Store::{Memory, Postgres, Sqlite, SqliteNormal};

const RAW_PG: &str = "raw-postgres";
const RAW_LITE: &str = "raw-sqlite";
const OUR_LITE: &str = "ironflow-sqlite";
const OUR_PG: &str = "ironflow-postgres";

pub(crate) const ALL: &[Contender] = &[
    contender(
        Ironflow,
        Postgres,
        "ironflow",
        [OUR_PG, "postgres", "postgres"],
    ),
    contender(Ironflow, Sqlite, "ironflow", [OUR_LITE, "full", "full"]),
    contender(
        Ironflow,
        SqliteNormal,
        "ironflow",
        [OUR_LITE, "normal", "normal"],
    ),
    contender(Ironflow, Memory, "ironflow", [OUR_LITE, "pure", "pure"]),
    contender(Raw, Sqlite, "raw", [RAW_LITE, "full", "full"]),
    kept(contender(
        Raw,
        Sqlite,
        "raw cached",
        [RAW_LITE, "cached-full", "full"],
    )),
    contender(Bare, Sqlite, "bare", [RAW_LITE, "bare-full", "bare-full"]),
    contender(Raw, SqliteNormal, "raw", [RAW_LITE, "normal", "normal"]),
    kept(contender(
        Raw,
        SqliteNormal,
        "raw cached",
        [RAW_LITE, "cached-normal", "normal"],
    )),
    contender(
        Bare,
        SqliteNormal,
        "bare",
        [RAW_LITE, "bare-normal", "bare-normal"],
    ),
    contender(Raw, Memory, "by hand", [RAW_LITE, "pure", "pure"]),
    on_postgres("cqrs-es"),
    peer(Sqlite, "cqrs-es", "sqlite-full"),
    peer(SqliteNormal, "cqrs-es", "sqlite"),
    in_memory("cqrs-es"),
    on_postgres("esrs"),
    in_memory("esrs"),
    on_postgres("distributed"),
    in_memory("distributed"),
    on_postgres("eventcore"),
    in_memory("eventcore"),
    on_postgres("sourcery"),
    in_memory("sourcery"),
    on_postgres("evento"),
    peer(Sqlite, "evento", "sqlite-full"),
    peer(SqliteNormal, "evento", "sqlite"),
    on_postgres("disintegrate"),
    in_memory("disintegrate"),
    on_postgres("eventually"),
    in_memory("eventually"),
    in_memory("fmodel-rust"),
    contender(Raw, Postgres, "raw naive", [RAW_PG, "naive", "group"]),
    contender(Raw, Postgres, "raw 1rt", [RAW_PG, "1rt", "group"]),
    contender(Raw, Postgres, "raw group", [RAW_PG, "group", "group"]),
    kept(contender(
        Raw,
        Postgres,
        "raw cached",
        [RAW_PG, "cached", "group"],
    )),
    contender(
        Bare,
        Postgres,
        "bare naive",
        [RAW_PG, "bare-naive", "bare-group"],
    ),
    contender(
        Bare,
        Postgres,
        "bare 1rt",
        [RAW_PG, "bare-1rt", "bare-group"],
    ),
    contender(
        Bare,
        Postgres,
        "bare group",
        [RAW_PG, "bare-group", "bare-group"],
    ),
    kept(contender(
        Bare,
        Postgres,
        "bare cached",
        [RAW_PG, "bare-cached", "bare-group"],
    )),
];

/// The crates whose versions are told with the numbers.
pub(crate) fn crates(program: &str) -> &'static [&'static str] {
    match program {
        OUR_LITE => &["ironflow-domain", "ironflow-sqlite", "rusqlite"],
        OUR_PG => &["ironflow-domain", "ironflow-postgres", "tokio-postgres"],
        RAW_LITE => &["rusqlite"],
        RAW_PG => &["tokio-postgres"],
        "cqrs-es" => &["cqrs-es", "postgres-es", "sqlite-es", "sqlx"],
        "esrs" => &["esrs", "sqlx"],
        "distributed" => &["distributed", "sqlx"],
        "eventcore" => &["eventcore", "eventcore-postgres", "sqlx"],
        "sourcery" => &["sourcery", "sourcery-postgres", "sqlx"],
        "evento" => &["evento", "sqlx"],
        "disintegrate" => &["disintegrate", "disintegrate-postgres", "sqlx"],
        "eventually" => &["eventually", "eventually-postgres", "tokio-postgres"],
        "fmodel-rust" => &["fmodel-rust"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_competes_twice() {
        let mut names: Vec<_> = ALL.iter().map(|one| (one.store, one.name)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn each_says_which_versions_it_has() {
        for contender in ALL {
            assert!(!crates(contender.program).is_empty(), "{contender:?}");
        }
    }
}
