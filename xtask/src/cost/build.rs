//! Seconds for a clean build of a crate with events, with our macro and with serde's alone.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use super::Measured;
use crate::root;

/// An odd number, so that one of them is in the middle.
const BUILDS: usize = 7;

/// The items of both crates; the one that differs is the last.
const EVENTS: &str = include_str!("events.txt");
const SERDE: &str = "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]";

/// Builds both crates by turns, each with all it depends on, and compares the medians: whatever
/// else the machine does meanwhile hits both.
pub(super) fn measure() -> Result<Measured, Box<dyn Error>> {
    let folder = TempDir::new()?;
    let events = EVENTS.replace("{serde}", SERDE);
    let domain = root().join("ironflow-domain");
    // A dependency from a registry is never compiled incrementally, so ours must not be either.
    let ours = UserCrate::new(
        folder.path(),
        "with-ironflow",
        &format!(
            "ironflow-domain = {{ path = '{}', default-features = false, \
             features = [\"derive\"] }}\n\
             [profile.dev.package.ironflow-domain]\nincremental = false\n\
             [profile.dev.package.ironflow-derive]\nincremental = false\n",
            domain.display()
        ),
        &events.replace("{events}", "#[ironflow_domain::event(\"order\")]"),
    )?;
    let without = UserCrate::new(
        folder.path(),
        "with-serde-alone",
        "",
        &events.replace("{events}", SERDE),
    )?;
    let (mut ours_took, mut without_took) = (Vec::new(), Vec::new());
    for _ in 0..BUILDS {
        without_took.push(without.build()?);
        ours_took.push(ours.build()?);
    }
    let measured = Measured {
        what: "clean build",
        unit: "seconds",
        ours: median(ours_took),
        without: median(without_took),
        limit: 1.3,
    };
    Ok(measured.report())
}

/// A crate as a user has one, outside the workspace.
struct UserCrate {
    path: PathBuf,
}

impl UserCrate {
    /// Writes it, with the workspace's versions of everything, and downloads what it needs.
    fn new(
        folder: &Path,
        name: &str,
        dependencies: &str,
        source: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let path = folder.join(name);
        fs::create_dir_all(path.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [dependencies]\nserde = {{ version = \"1\", features = [\"derive\"] }}\n{dependencies}"
        );
        fs::write(path.join("Cargo.toml"), manifest)?;
        fs::write(path.join("src/lib.rs"), source)?;
        fs::copy(root().join("Cargo.lock"), path.join("Cargo.lock"))?;
        let user_crate = Self { path };
        user_crate.cargo(&["fetch", "--quiet"])?;
        Ok(user_crate)
    }

    /// How many seconds a build from nothing takes.
    fn build(&self) -> Result<f64, Box<dyn Error>> {
        let target = self.path.join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let start = Instant::now();
        self.cargo(&["build", "--quiet", "--offline", "--target-dir", "target"])?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let mut cargo = crate::cargo();
        let status = cargo.current_dir(&self.path).args(arguments).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("failed to build {}", self.path.display()).into())
        }
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
