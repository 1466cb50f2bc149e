//! A disk on which every flush takes a millisecond longer, as on a network volume.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Failed;

/// A library that is loaded before the C library, and what switches it on: a file that is there.
pub(crate) struct SlowDisk {
    library: PathBuf,
    flag: PathBuf,
}

impl SlowDisk {
    /// Compiles the library.
    pub(crate) fn compile(source: &Path, scratch: &Path) -> Result<Self, Failed> {
        let directory = scratch.join("slow-disk");
        fs::create_dir_all(&directory)?;
        let library = directory.join("slow_disk.so");
        let compiled = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status()?;
        if !compiled.success() {
            return Err("cc could not compile the slow disk".into());
        }
        Ok(Self {
            library,
            flag: directory.join("slow"),
        })
    }

    /// What a program's environment has to have for it.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 2] {
        [
            ("LD_PRELOAD", self.library.clone().into()),
            ("SLOW_DISK", self.flag.clone().into()),
        ]
    }

    /// Runs with every flush slow.
    pub(crate) fn while_slow<T>(&self, run: impl FnOnce() -> T) -> Result<T, Failed> {
        fs::write(&self.flag, "")?;
        let done = run();
        fs::remove_file(&self.flag)?;
        Ok(done)
    }
}
