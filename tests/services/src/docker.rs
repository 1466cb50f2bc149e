//! A server in a Docker container, where there are no programs to run one from.

use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Doing, ServiceError};
use crate::guard::Guard;
use crate::port;
use crate::postgres::{PostgresBuilder, USER};

const IMAGE: &str = "postgres:15";
const STARTING: Duration = Duration::from_mins(2);

#[derive(Debug)]
pub(crate) struct Container {
    id: String,
    port: u16,
    running: bool,
    // Removes the container when we are gone, however we go.
    guard: Guard,
}

/// Why there is no Docker to start a container in, if so.
pub(crate) fn missing() -> Option<String> {
    match docker(["version", "--format", "{{.Server.Version}}"]) {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(said(&output)),
        Err(error) => Some(error.to_string()),
    }
}

impl Container {
    pub(crate) fn start(options: &PostgresBuilder) -> Result<Self, ServiceError> {
        if options.data.is_some() {
            return Err(ServiceError::InContainer {
                doing: "choose the data directory of",
            });
        }
        let mut guard = Guard::start(r#"[ -z "$line" ] || docker rm -f -v "$line""#, "")
            .doing(|| "start `sh`, which cleans up if we cannot".to_owned())?;
        let (id, port) = run(options)?;
        guard
            .tell(&id)
            .doing(|| "tell the shell that cleans up if we cannot".to_owned())?;
        let container = Self {
            id,
            port,
            running: true,
            guard,
        };
        container.wait_until_ready()?;
        Ok(container)
    }

    /// Asks again and again, since a container does not tell. By TCP: while the image makes its database, a server runs that
    /// only listens on a socket.
    fn wait_until_ready(&self) -> Result<(), ServiceError> {
        let deadline = Instant::now() + STARTING;
        let question = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", USER];
        loop {
            let answer = docker(["exec", self.id.as_str()].into_iter().chain(question))?;
            if answer.status.success() {
                return Ok(());
            }
            // pg_isready is quiet: it is Docker that speaks, of a container that has ended.
            if !answer.stderr.is_empty() {
                return Err(ServiceError::failed(
                    "start Postgres in Docker",
                    &said(&answer),
                ));
            }
            if Instant::now() > deadline {
                let log = docker(["logs", "--tail", "20", &self.id])?;
                let doing = format!("start Postgres in Docker within {STARTING:?}");
                return Err(ServiceError::failed(doing, &said(&log)));
            }
            sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn stop(&mut self) -> Result<(), ServiceError> {
        if !self.running {
            return Ok(());
        }
        let stopped = docker(["stop", &self.id])?;
        if !stopped.status.success() {
            return Err(ServiceError::failed(
                "stop Postgres in Docker",
                &said(&stopped),
            ));
        }
        self.running = false;
        Ok(())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    #[expect(clippy::unused_self, reason = "as of a server that runs here")]
    pub(crate) fn data_directory(&self) -> &Path {
        Path::new("/var/lib/postgresql/data")
    }

    #[expect(clippy::unused_self, reason = "as of a server that runs here")]
    pub(crate) fn programs(&self) -> &Path {
        Path::new("/usr/lib/postgresql/15/bin")
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("docker");
        command.args(["exec", "-i", "-e", "PGHOST=127.0.0.1", "-e", "PGPORT=5432"]);
        command.args(["-e", &format!("PGUSER={USER}"), "-e", "PGDATABASE=postgres"]);
        command.args([&self.id, program]);
        command
    }
}

/// The id of a new container, and its port.
fn run(options: &PostgresBuilder) -> Result<(String, u16), ServiceError> {
    let mut attempts = 0;
    loop {
        let port = port::free()?;
        let mut run = Command::new("docker");
        run.args(["run", "-d", "--rm", "-p", &format!("127.0.0.1:{port}:5432")]);
        run.args(["-e", "POSTGRES_HOST_AUTH_METHOD=trust"]);
        for (name, value) in &options.environment {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            run.args(["-e", &format!("{name}={value}")]);
        }
        run.args([IMAGE, "-c", "max_connections=200"]);
        for (name, value) in &options.settings {
            run.args(["-c", &format!("{name}={value}")]);
        }
        let output = run.output().doing(|| "run docker".to_owned())?;
        if output.status.success() {
            let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            return Ok((id, port));
        }
        let said = said(&output);
        let taken = said.contains("already allocated") || said.contains("already in use");
        attempts += 1;
        if !taken || attempts == 10 {
            return Err(ServiceError::failed("start Postgres in Docker", &said));
        }
    }
}

fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Output, ServiceError> {
    let output = Command::new("docker").args(arguments).output();
    output.doing(|| "run docker".to_owned())
}

fn said(output: &Output) -> String {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&said).trim().to_owned()
}

impl Drop for Container {
    fn drop(&mut self) {
        // Nobody is left to be told of an error, and the guard tries once more.
        if docker(["rm", "-f", "-v", &self.id]).is_ok_and(|output| output.status.success()) {
            let _ = self.guard.tell("");
        }
    }
}
