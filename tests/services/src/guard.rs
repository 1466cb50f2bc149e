//! Who cleans up when we cannot.

use std::io;
use std::process::{Child, Command, Stdio};

use std::io::Write;

/// Notices that this process is gone by the end of a pipe, and cleans up. A process that is killed runs no destructors.
///
/// It is told what there is to clean up: one line after the other, of which the last counts. Only this process has the other
/// end of the pipe, since nothing that is started from Rust inherits it.
#[derive(Debug)]
pub(crate) struct Guard {
    // None where there is no shell: a server is then stopped when it is dropped, and only then.
    shell: Option<Child>,
}

impl Guard {
    /// Runs `cleaning_up` in a shell when this process, or the guard, is gone. `$line` is the last that the guard was told,
    /// `$1` is `argument`.
    pub(crate) fn start(cleaning_up: &str, argument: &str) -> io::Result<Self> {
        if !cfg!(unix) {
            return Ok(Self { shell: None });
        }
        let script = format!(
            "trap '' HUP INT TERM; line=; while read -r next; do line=$next; done; {cleaning_up}"
        );
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script, "guard", argument])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            shell.process_group(0).current_dir("/");
        }
        Ok(Self {
            shell: Some(shell.spawn()?),
        })
    }

    /// Tells what is to be cleaned up from now on; nothing, if that is empty.
    pub(crate) fn tell(&mut self, what: &str) -> io::Result<()> {
        match self.shell.as_mut().and_then(|shell| shell.stdin.as_mut()) {
            Some(pipe) => pipe.write_all(format!("{what}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            // Waiting closes the pipe. What the guard cannot clean up, nobody can.
            let _ = shell.wait();
        }
    }
}
