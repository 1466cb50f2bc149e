//! Processes by their ids.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::POLL;
use crate::error::{Doing, ServiceError};

/// A process that runs: one that has ended and waits to be asked for its status is none.
struct Running {
    id: u32,
    parent: u32,
}

/// Sends a signal to a process. That there is none any more is no error.
pub(super) fn signal(id: u32, signal: Signal) -> Result<(), ServiceError> {
    let Some(process) = i32::try_from(id).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()).doing(|| format!("send {signal:?} to process {id}")),
    }
}

/// The children of a process, their children, and so on.
pub(super) fn descendants(of: u32) -> Result<BTreeSet<u32>, ServiceError> {
    let running = running()?;
    let mut family = BTreeSet::from([of]);
    loop {
        let before = family.len();
        for process in &running {
            if family.contains(&process.parent) {
                family.insert(process.id);
            }
        }
        if family.len() == before {
            family.remove(&of);
            return Ok(family);
        }
    }
}

/// Waits until none of these processes runs. They are not our children, so nobody tells us: we look.
pub(super) fn wait_until_gone(ids: &BTreeSet<u32>, deadline: Instant) -> Result<(), ServiceError> {
    while running()?.iter().any(|process| ids.contains(&process.id)) {
        if Instant::now() > deadline {
            let doing = format!("see the killed processes {ids:?} end");
            return Err(ServiceError::failed(doing, ""));
        }
        sleep(POLL);
    }
    Ok(())
}

fn running() -> Result<Vec<Running>, ServiceError> {
    // Where there is /proc, there may be no `ps`, as in a container; and the other way round, as on macOS.
    if Path::new("/proc/self/stat").exists() {
        from_proc()
    } else {
        from_ps()
    }
}

fn from_proc() -> Result<Vec<Running>, ServiceError> {
    let entries = fs::read_dir("/proc").doing(|| "read /proc".to_owned())?;
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // A process that ends meanwhile cannot be read, and is left out as it should be.
    Ok(ids
        .filter_map(|id: u32| {
            let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // "4711 (any (name) at all) S 42 …": state and parent come after the last parenthesis.
            let mut fields = line.rsplit_once(')')?.1.split_whitespace();
            of_fields(id, fields.next()?, fields.next()?)
        })
        .collect())
}

fn from_ps() -> Result<Vec<Running>, ServiceError> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,stat=,ppid="])
        .output()
        .doing(|| "list the processes with `ps`".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let id = fields.next()?.parse().ok()?;
            of_fields(id, fields.next()?, fields.next()?)
        })
        .collect())
}

fn of_fields(id: u32, state: &str, parent: &str) -> Option<Running> {
    let ended = state.starts_with(['Z', 'X']);
    let parent = parent.parse().ok()?;
    (!ended).then_some(Running { id, parent })
}
