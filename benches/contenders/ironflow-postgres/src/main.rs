//! Ironflow on Postgres.

use std::process::ExitCode;

use contender_ironflow::{Bank, Opens};
use harness::{Failure, Target, Variant};
use ironflow_domain::store::Store;
use ironflow_postgres::Postgres;

struct InDatabase;

impl Opens for InDatabase {
    async fn open(target: &Target) -> Result<impl Store, Failure> {
        Ok(Postgres::connect(&target.url).await?)
    }
}

fn main() -> ExitCode {
    harness::main(&[Variant::store::<Bank<InDatabase>>("postgres")])
}
