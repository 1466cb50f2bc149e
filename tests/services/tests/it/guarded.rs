//! A process that starts a server and is killed leaves nothing behind.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::started;

#[test]
#[ignore = "for the next test, in a process to be killed"]
#[allow(clippy::print_stdout, reason = "the next test reads it")]
fn holds_a_server() {
    let server = started();
    println!("\ndata: {}", server.data_directory().display());
    loop {
        thread::park();
    }
}

/// Whether a process has this among its arguments. Every other one of a Postgres server has lost its own.
fn is_somebodys_argument(path: &Path) -> bool {
    let path = path.to_str().expect("temporary files have simple names");
    let processes = fs::read_dir("/proc").expect("there is /proc");
    processes
        .filter_map(|process| fs::read(process.ok()?.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(path))
}

#[test]
fn a_killed_process_leaves_nothing_behind() {
    let mut holder = Command::new(env::current_exe().expect("a test knows itself"))
        .args([
            "--exact",
            "guarded::holds_a_server",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the tests can be run");
    let lines = BufReader::new(holder.stdout.take().expect("it is piped")).lines();
    let data = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("data: ").map(PathBuf::from))
        .expect("a server was started");
    assert!(data.join("postmaster.pid").exists());
    assert!(is_somebodys_argument(&data));

    holder.kill().expect("it can be killed");
    holder.wait().expect("it ends");
    // Whoever cleans up is nobody's child any more: we look.
    let directory = data
        .parent()
        .expect("the data is in a directory of the server");
    let deadline = Instant::now() + Duration::from_secs(30);
    while directory.exists() || is_somebodys_argument(directory) {
        assert!(Instant::now() < deadline, "{} is left", directory.display());
        thread::sleep(Duration::from_millis(10));
    }
}
