//! A server that runs from programs on this machine.

mod find;
mod processes;
mod user;
mod wheel;

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

pub(crate) use find::find;
pub(crate) use user::User;

use crate::error::{Doing, ServiceError};
use crate::guard::Guard;
use crate::port;
use crate::postgres::{PostgresBuilder, USER};
use find::Installation;

/// How often we look at what nobody tells us.
const POLL: Duration = Duration::from_millis(5);
/// A server that recovers from a crash may have a lot to read.
const STARTING: Duration = Duration::from_mins(2);
/// For what is left of a server that crashed, such as its port or its memory, to be gone.
const CLEARING: Duration = Duration::from_secs(30);
const STOPPING: Duration = Duration::from_mins(1);
const DYING: Duration = Duration::from_secs(20);

/// Stops the server without a word to its clients, waits for it, and removes its directory. Where nobody collects orphans, one
/// that has ended looks as if it still ran: after a while its lock file counts, which it removes, and after ten seconds nothing.
const CLEANING_UP: &str = r#"
if [ -n "$line" ]; then
  kill -QUIT "$line"
  n=0
  while kill -0 "$line" && { [ $n -lt 5 ] || [ -e "$1/data/postmaster.pid" ]; } && [ $n -lt 100 ]; do
    sleep 0.1
    n=$((n + 1))
  done
fi
rm -rf -- "$1""#;

#[derive(Debug)]
pub(crate) struct Local {
    programs: PathBuf,
    user: User,
    port: u16,
    data: PathBuf,
    log: PathBuf,
    options: PostgresBuilder,
    server: Option<Child>,
    /// Whether it was killed and has not been started since.
    killed: bool,
    // Removed before the guard ends, which then finds nothing to remove.
    directory: TempDir,
    guard: Guard,
}

impl Local {
    pub(crate) fn start(
        installation: &Installation,
        user: User,
        options: PostgresBuilder,
    ) -> Result<Self, ServiceError> {
        let mut local = Self::prepare(installation, user, options)?;
        if let Some(data) = &local.options.data {
            fs::create_dir_all(data).doing(|| format!("make {}", data.display()))?;
            local.data = fs::canonicalize(data).doing(|| format!("find {}", data.display()))?;
            user.own(&local.data)?;
        }
        if !local.data.join("PG_VERSION").exists() {
            local.initialize()?;
        }
        local.launch_anywhere()?;
        Ok(local)
    }

    /// Everything but data and a server.
    fn prepare(
        installation: &Installation,
        user: User,
        options: PostgresBuilder,
    ) -> Result<Self, ServiceError> {
        let directory = tempfile::Builder::new()
            .prefix("ironflow-postgres-")
            .tempdir_in(user.temporary_files()?)
            .doing(|| "make a temporary directory".to_owned())?;
        let path = directory.path();
        let guard = Guard::start(CLEANING_UP, &path.to_string_lossy())
            .doing(|| "start `sh`, which cleans up if we cannot".to_owned())?;
        user.own(path)?;
        let mut programs = installation.programs.clone();
        if let Some(home) = &installation.out_of_reach {
            let copy = path.join("programs");
            copy_all(home, &copy)?;
            programs = copy.join(wheel::PROGRAMS);
        }
        Ok(Self {
            programs,
            user,
            port: 0,
            data: path.join("data"),
            log: path.join("log"),
            options,
            server: None,
            killed: false,
            directory,
            guard,
        })
    }

    fn initialize(&mut self) -> Result<(), ServiceError> {
        let mut initdb = self.program("initdb");
        initdb
            .arg("-D")
            .arg(&self.data)
            .args(["--username", USER, "--auth", "trust"])
            .args(["--encoding", "UTF8", "--no-locale"])
            // The files of an empty database need not survive the machine; what the server writes later is another matter.
            .arg("--no-sync")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let initdb = initdb.spawn().doing(|| "run initdb".to_owned())?;
        self.tell_guard(&initdb.id().to_string())?;
        let output = initdb
            .wait_with_output()
            .doing(|| "run initdb".to_owned())?;
        self.tell_guard("")?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(ServiceError::failed(
            "initialize the data directory",
            &String::from_utf8_lossy(&said),
        ))
    }

    /// Starts the server on any port.
    fn launch_anywhere(&mut self) -> Result<(), ServiceError> {
        for _ in 0..20 {
            self.port = port::free()?;
            match self.launch() {
                // Somebody took the port after we had seen that it was free.
                Err(ServiceError::Failed { output, .. }) if output.contains("could not bind") => {}
                launched => return launched,
            }
        }
        self.port = port::free()?;
        self.launch()
    }

    /// Starts the server on its port, as soon as what is left of the one before allows it.
    fn launch_again(&mut self) -> Result<(), ServiceError> {
        const LEFT: [&str; 3] = [
            "could not bind",    // its port
            "is still in use",   // its shared memory
            "\" already exists", // its lock file, whose process has not ended
        ];
        let deadline = Instant::now() + CLEARING;
        loop {
            match self.launch() {
                Err(ServiceError::Failed { output, .. })
                    if LEFT.iter().any(|left| output.contains(left))
                        && Instant::now() < deadline =>
                {
                    sleep(POLL * 10);
                }
                launched => return launched,
            }
        }
    }

    fn launch(&mut self) -> Result<(), ServiceError> {
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .doing(|| format!("open {}", self.log.display()))?;
        let start_of_log = log
            .seek(SeekFrom::End(0))
            .doing(|| format!("read {}", self.log.display()))?;
        let errors = log
            .try_clone()
            .doing(|| format!("open {}", self.log.display()))?;
        let mut postgres = self.program("postgres");
        postgres
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "max_connections=200"]);
        for (name, value) in &self.options.settings {
            postgres.args(["-c", &format!("{name}={value}")]);
        }
        postgres
            .envs(
                self.options
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C at a terminal is for the tests. The server is stopped when they are, and not before.
            .process_group(0);
        let server = postgres.spawn().doing(|| "run postgres".to_owned())?;
        let id = server.id();
        self.server = Some(server);
        self.tell_guard(&id.to_string())?;
        self.wait_until_ready(id, start_of_log)?;
        self.killed = false;
        Ok(())
    }

    /// Waits until the server takes connections, or has ended.
    ///
    /// It says so in its lock file, where `pg_ctl` looks for it, too, in the same manner. The log would tell us without our
    /// asking, if settings could not make it say something else, or elsewhere.
    fn wait_until_ready(&mut self, id: u32, start_of_log: u64) -> Result<(), ServiceError> {
        let deadline = Instant::now() + STARTING;
        loop {
            if is_ready(&self.data, id) {
                return Ok(());
            }
            if self.has_ended()? {
                return Err(ServiceError::failed(
                    "start Postgres",
                    &self.log_since(start_of_log)?,
                ));
            }
            if Instant::now() > deadline {
                let log = self.log_since(start_of_log)?;
                self.kill()?;
                let doing = format!("start Postgres within {STARTING:?}");
                return Err(ServiceError::failed(doing, &log));
            }
            sleep(POLL);
        }
    }

    fn log_since(&self, start: u64) -> Result<String, ServiceError> {
        let read = || {
            let mut file = File::open(&self.log)?;
            file.seek(SeekFrom::Start(start))?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        };
        read().doing(|| format!("read {}", self.log.display()))
    }

    /// A program of the server's own, run as the server.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .current_dir(self.directory.path()) // where we are, it may not be allowed to be
            .env("LC_ALL", "C"); // we read what it says
        self.user.run(&mut command);
        command
    }

    fn tell_guard(&mut self, what: &str) -> Result<(), ServiceError> {
        self.guard
            .tell(what)
            .doing(|| "tell the shell that cleans up if we cannot".to_owned())
    }

    /// Whether there is no server, or none any more.
    fn has_ended(&mut self) -> Result<bool, ServiceError> {
        let Some(server) = &mut self.server else {
            return Ok(true);
        };
        let status = server
            .try_wait()
            .doing(|| "ask whether Postgres has ended".to_owned())?;
        let Some(status) = status else {
            return Ok(false);
        };
        self.server = None;
        self.killed = status.signal().is_some(); // by somebody else
        self.tell_guard("")?;
        Ok(true)
    }

    pub(crate) fn is_running(&mut self) -> Result<bool, ServiceError> {
        Ok(!self.has_ended()?)
    }

    pub(crate) fn stop(&mut self) -> Result<(), ServiceError> {
        self.end(Signal::INT, STOPPING)
    }

    /// Sends a signal that makes the server end, and waits until it has.
    fn end(&mut self, signal: Signal, patience: Duration) -> Result<(), ServiceError> {
        if let Some(server) = &self.server {
            processes::signal(server.id(), signal)?;
        }
        let deadline = Instant::now() + patience;
        // The system tells the end of a child only to those who wait for it without a limit: we look.
        while !self.has_ended()? {
            if Instant::now() > deadline {
                let doing = format!("stop Postgres within {patience:?}");
                return Err(ServiceError::failed(doing, &self.log_since(0)?));
            }
            sleep(POLL);
        }
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> Result<(), ServiceError> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let id = server.id();
        // One that is stopped starts no more children, and collects none that end: whom we find are all, and are these.
        processes::signal(id, Signal::STOP)?;
        let children = processes::descendants(id)?;
        for process in [id].iter().chain(&children) {
            processes::signal(*process, Signal::KILL)?;
        }
        server
            .wait()
            .doing(|| "wait for Postgres to end".to_owned())?;
        self.server = None;
        self.killed = true;
        self.tell_guard("")?;
        processes::wait_until_gone(&children, Instant::now() + DYING)?;
        remove_lock(&self.data)
    }

    pub(crate) fn restart(&mut self) -> Result<(), ServiceError> {
        self.stop()?;
        self.launch_again()
    }

    pub(crate) fn copy(&mut self) -> Result<Self, ServiceError> {
        let running = self.is_running()?;
        self.stop()?;
        let copied = self.copy_of_stopped();
        let restarted = if running { self.launch_again() } else { Ok(()) };
        let mut copy = copied?;
        restarted?;
        copy.launch_anywhere()?;
        Ok(copy)
    }

    fn copy_of_stopped(&self) -> Result<Self, ServiceError> {
        let mut options = self.options.clone();
        options.data = None;
        let directory = self.directory.path();
        let installation = Installation {
            programs: self.programs.clone(),
            // Each server has its own, so that one may be gone before the other.
            out_of_reach: self
                .programs
                .starts_with(directory)
                .then(|| directory.join("programs")),
        };
        let copy = Self::prepare(&installation, self.user, options)?;
        copy_all(&self.data, &copy.data)?;
        remove_lock(&copy.data)?;
        Ok(copy)
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let ours = self.programs.join(program);
        let mut command = if ours.exists() {
            Command::new(ours)
        } else {
            Command::new(program)
        };
        // What a developer has set for a server of their own would lead elsewhere.
        for variable in [
            "PGHOSTADDR",
            "PGSERVICE",
            "PGPASSWORD",
            "PGOPTIONS",
            "PGSSLMODE",
        ] {
            command.env_remove(variable);
        }
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGDATABASE", "postgres");
        command
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn data_directory(&self) -> &Path {
        &self.data
    }

    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // Nobody is left to be told of an error, and the guard kills what is still there.
        let ours = self.data.starts_with(self.directory.path());
        if self.killed && ours {
            // Shared memory outlives the processes that are killed, and only the next start clears it.
            let _ = self.launch_again();
        }
        // What will be removed need not be written first.
        let signal = if ours { Signal::QUIT } else { Signal::INT };
        if self.end(signal, DYING).is_err() {
            let _ = self.kill();
        }
    }
}

/// Whether the server of this process id says in its lock file that it takes connections.
fn is_ready(data: &Path, id: u32) -> bool {
    let Ok(lock) = fs::read_to_string(lock(data)) else {
        return false; // not yet
    };
    let mut lines = lock.lines();
    // A lock may be there from before.
    let of = lines.next().and_then(|line| line.trim().parse().ok());
    let status = lines.nth(6).map(str::trim);
    of == Some(id) && matches!(status, Some("ready" | "standby"))
}

fn lock(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Removes the lock of a server that is known to be gone. Postgres would believe it if another process had its id by now.
fn remove_lock(data: &Path) -> Result<(), ServiceError> {
    match fs::remove_file(lock(data)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.doing(|| format!("remove {}", lock(data).display())),
    }
}

/// Copies a directory, with owners, modes and links.
fn copy_all(from: &Path, to: &Path) -> Result<(), ServiceError> {
    let doing = || format!("copy {} to {}", from.display(), to.display());
    let output = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .output()
        .doing(doing)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(ServiceError::failed(doing(), &said))
}
