//! Ironflow on SQLite.

use std::process::ExitCode;

use contender_ironflow::{Bank, Opens};
use harness::{Failure, Target, Variant};
use ironflow_domain::store::Store;
use ironflow_sqlite::{Durability, Sqlite};

struct InFile;

impl Opens for InFile {
    async fn open(target: &Target) -> Result<impl Store, Failure> {
        let durability = match target.variant.as_str() {
            "normal" => Durability::Relaxed,
            _ => Durability::Full,
        };
        let options = Sqlite::options().durability(durability);
        Ok(options.open(&target.url).await?)
    }
}

fn main() -> ExitCode {
    harness::main(&[
        Variant::store::<Bank<InFile>>("full"),
        Variant::store::<Bank<InFile>>("normal"),
        Variant::pure(contender_ironflow::rounds),
    ])
}
