//! A fresh database for every measurement: a copy of one that was prepared once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ironflow_services::Postgres;

use super::Failed;
use super::contenders::{Contender, Store};
use super::programs::Programs;
use super::seeds::Seed;
use super::slow_disk::SlowDisk;

pub(crate) struct Stores<'p> {
    programs: &'p Programs,
    scratch: PathBuf,
    /// Every server is built to be slow; whether it is, a file says.
    slow_disk: SlowDisk,
    postgres: Option<Postgres>,
    prepared: HashMap<(String, Seed), String>,
    made: usize,
}

/// A database that nobody else uses. Dropped by [`Stores::drop`].
pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
    store: Store,
}

impl<'p> Stores<'p> {
    pub(crate) fn new(programs: &'p Programs, scratch: &Path) -> Result<Self, Failed> {
        let source = crate::driver::benches().join("slow_disk.c");
        Ok(Self {
            programs,
            scratch: scratch.to_owned(),
            slow_disk: SlowDisk::compile(&source, scratch)?,
            postgres: None,
            prepared: HashMap::new(),
            made: 0,
        })
    }

    pub(crate) fn slow_disk(&self) -> &SlowDisk {
        &self.slow_disk
    }

    /// What a contender's environment has to have where the disk is slow: of the ones on Postgres,
    /// only the server writes.
    pub(crate) fn environment(&self, store: Store) -> Vec<(&'static str, OsString)> {
        match store {
            Store::Sqlite | Store::SqliteNormal => self.slow_disk.environment().into(),
            Store::Postgres | Store::Memory => Vec::new(),
        }
    }

    /// A database of its own for a contender.
    pub(crate) fn fresh(&mut self, contender: &Contender, seed: &Seed) -> Result<Database, Failed> {
        let template = self.template(contender, seed)?;
        self.made += 1;
        let name = format!("cell_{}", self.made);
        let url = match contender.store {
            Store::Memory => String::new(),
            Store::Postgres => {
                self.sql(
                    "postgres",
                    &format!("CREATE DATABASE {name} TEMPLATE {template}"),
                )?;
                self.sql("postgres", "CHECKPOINT")?;
                self.url(&name)?
            }
            Store::Sqlite | Store::SqliteNormal => {
                let directory = self.scratch.join(&name);
                fs::create_dir(&directory)?;
                for file in fs::read_dir(self.scratch.join(&template))? {
                    let file = file?;
                    let copy = directory.join(file.file_name());
                    fs::copy(file.path(), &copy)?;
                    // Otherwise the first commit would wait for all of it.
                    File::open(copy)?.sync_all()?;
                }
                in_directory(&directory)
            }
        };
        Ok(Database {
            url,
            name,
            store: contender.store,
        })
    }

    pub(crate) fn drop(&self, database: &Database) -> Result<(), Failed> {
        match database.store {
            Store::Memory => Ok(()),
            Store::Postgres => self
                .sql(
                    "postgres",
                    &format!("DROP DATABASE {} WITH (FORCE)", database.name),
                )
                .map(drop),
            Store::Sqlite | Store::SqliteNormal => {
                Ok(fs::remove_dir_all(self.scratch.join(&database.name))?)
            }
        }
    }

    /// How many bytes the tables and indexes take, after the store has tidied up.
    pub(crate) fn bytes(&self, database: &Database) -> Result<u64, Failed> {
        match database.store {
            Store::Memory => Ok(0),
            Store::Postgres => {
                let sizes = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
                    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'm')
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";
                Ok(self.sql(&database.name, sizes)?.parse()?)
            }
            Store::Sqlite | Store::SqliteNormal => {
                let mut bytes = 0;
                for file in fs::read_dir(self.scratch.join(&database.name))? {
                    bytes += file?.metadata()?.len();
                }
                Ok(bytes)
            }
        }
    }

    /// The version of the server, where there is one.
    pub(crate) fn server(&self) -> Option<String> {
        self.postgres.as_ref()?;
        self.sql("postgres", "SHOW server_version").ok()
    }

    /// The database that is copied, prepared by the contender itself on its first use.
    fn template(&mut self, contender: &Contender, seed: &Seed) -> Result<String, Failed> {
        let owner = format!("{}-{}", contender.program, contender.seeder);
        let key = (owner, seed.clone());
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        self.made += 1;
        let name = format!("prepared_{}", self.made);
        let url = match contender.store {
            Store::Memory => String::new(),
            Store::Postgres => {
                self.start_postgres()?;
                self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
                self.url(&name)?
            }
            Store::Sqlite | Store::SqliteNormal => {
                let directory = self.scratch.join(&name);
                fs::create_dir(&directory)?;
                in_directory(&directory)
            }
        };
        for work in seed.work() {
            self.programs
                .run(contender, contender.seeder, &url, &work, &[])?;
        }
        if contender.store == Store::Postgres {
            self.sql(&name, "VACUUM (ANALYZE)")?;
        }
        self.prepared.insert(key, name.clone());
        Ok(name)
    }

    fn start_postgres(&mut self) -> Result<(), Failed> {
        if self.postgres.is_none() {
            let mut builder = Postgres::builder().setting("max_connections", "200");
            for (name, value) in self.slow_disk.environment() {
                builder = builder.environment(name, value);
            }
            self.postgres = Some(builder.start()?);
        }
        Ok(())
    }

    fn url(&self, database: &str) -> Result<String, Failed> {
        let url = self.running()?.url();
        let server = url.strip_suffix("postgres").unwrap_or(&url);
        Ok(format!("{server}{database}"))
    }

    fn running(&self) -> Result<&Postgres, Failed> {
        let running = self.postgres.as_ref();
        running.ok_or_else(|| "Postgres has not been started".into())
    }

    fn sql(&self, database: &str, statement: &str) -> Result<String, Failed> {
        let output = self
            .running()?
            .command("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database])
            .args(["-c", statement])
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{statement}: {why}").into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

fn in_directory(directory: &Path) -> String {
    directory.join("store.db").display().to_string()
}
