//! A private Postgres server, as Postgres ships: only where it listens is set.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Failed;

const USER: &str = "postgres";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server in a temporary directory; stopped and removed when dropped.
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    programs: PathBuf,
    _directory: TempDir,
}

#[derive(Default)]
pub(crate) struct Builder {
    settings: Vec<String>,
    environment: Vec<(OsString, OsString)>,
}

impl Builder {
    /// Sets an environment variable for the server.
    pub(crate) fn environment(
        mut self,
        name: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sets a parameter of the server.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("--{name}={value}"));
        self
    }

    /// Starts the server, and waits until it takes connections.
    pub(crate) fn start(self) -> Result<Postgres, Failed> {
        let programs = programs()?;
        let directory = TempDir::new()?;
        let user = unprivileged()?;
        let data = directory.path().join("data");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
        if let Some((user, group)) = user {
            chown(directory.path(), Some(user), Some(group))?;
        }
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command
                .current_dir(directory.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if let Some((user, group)) = user {
                command.uid(user).gid(group);
            }
            command
        };
        let status = command("initdb")
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .args(["--username", USER, "--pgdata"])
            .arg(&data)
            .status()?;
        if !status.success() {
            return Err("initdb failed".into());
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(directory.path())
            .args(&self.settings)
            .envs(self.environment)
            .spawn()?;
        let mut postgres = Postgres {
            server,
            port,
            programs,
            _directory: directory,
        };
        postgres.wait()?;
        Ok(postgres)
    }
}

impl Postgres {
    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// A program such as `psql`, which connects to this server.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGDATABASE", USER);
        command
    }

    fn wait(&mut self) -> Result<(), Failed> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.server.try_wait()? {
                return Err(format!("Postgres did not start: {status}").into());
            }
            let ready = self.command("pg_isready").stdout(Stdio::null()).status()?;
            if ready.success() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("Postgres takes no connections".into())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT: it throws its clients out and shuts down.
        let process = self.server.id().to_string();
        let asked = Command::new("kill").args(["-INT", &process]).status();
        if !asked.is_ok_and(|status| status.success()) {
            // Where even that fails there is nobody to tell.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// Postgres refuses to run as root. Whom to run it as then: user and group.
fn unprivileged() -> Result<Option<(u32, u32)>, Failed> {
    let who = Command::new("id").arg("-u").output()?;
    if who.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == USER)
        .ok_or("Postgres does not run as root, and there is no user postgres")?;
    Ok(Some((fields[2].parse()?, fields[3].parse()?)))
}

/// Where its programs are: those of the newest version, where packages install them.
fn programs() -> Result<PathBuf, Failed> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")?
        .map(|version| Ok(version?.path().join("bin")))
        .collect::<std::io::Result<_>>()?;
    found.retain(|programs| Path::exists(&programs.join("postgres")));
    found.sort();
    found
        .pop()
        .ok_or_else(|| "Postgres is not installed".into())
}
