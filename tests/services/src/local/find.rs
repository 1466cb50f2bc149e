//! Where the programs of Postgres are.

use std::env;
use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::user::User;
use super::wheel;
use crate::error::ServiceError;

const VARIABLE: &str = "IRONFLOW_POSTGRES_BIN";

/// Directories in which every version has one, by how its name starts, and where its programs are.
const INSTALLED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// The programs of one version of Postgres.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// The directory with the programs.
    pub(super) programs: PathBuf,
    /// What has to be copied to a place that the server reaches before its programs can be run, if so.
    pub(super) out_of_reach: Option<PathBuf>,
}

impl Installation {
    fn at(programs: PathBuf) -> Self {
        Self {
            programs,
            out_of_reach: None,
        }
    }
}

/// The first there is. What did not do is added to `looked_for`.
pub(crate) fn find(
    user: User,
    looked_for: &mut Vec<String>,
) -> Result<Option<Installation>, ServiceError> {
    if let Some(named) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        // Who names a place means it: another version would be a surprise.
        return match usable(Path::new(&named), user, Scripts::Allowed) {
            Ok(programs) => Ok(Some(Installation::at(programs))),
            Err(reason) => Err(ServiceError::NotFound {
                looked_for: vec![format!("{VARIABLE}: {reason}")],
            }),
        };
    }
    looked_for.push(format!("{VARIABLE}: it is not set"));
    if let Some(programs) = on_path(user, looked_for).or_else(|| installed(user, looked_for)) {
        return Ok(Some(Installation::at(programs)));
    }
    match wheel::installed() {
        Ok(wheel) => {
            let programs = wheel.join(wheel::PROGRAMS);
            let reached = user.reaches(&programs.join("postgres"));
            Ok(Some(Installation {
                programs,
                out_of_reach: (!reached).then_some(wheel),
            }))
        }
        Err(reason) => {
            looked_for.push(format!("the Python wheel {}: {reason}", wheel::NAME));
            Ok(None)
        }
    }
}

fn on_path(user: User, looked_for: &mut Vec<String>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut reasons = Vec::new();
    for directory in env::split_paths(&path) {
        if directory.join("postgres").exists() {
            match usable(&directory, user, Scripts::Refused) {
                Ok(programs) => return Some(programs),
                Err(reason) => reasons.push(reason),
            }
        }
    }
    looked_for.push(format!("PATH: {}", all(&reasons)));
    None
}

/// Where packages put the programs beside the PATH, the newest version first.
fn installed(user: User, looked_for: &mut Vec<String>) -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.and_then(|output| String::from_utf8(output.stdout).ok());
    match told
        .as_deref()
        .map(str::trim)
        .filter(|path| !path.is_empty())
    {
        None => looked_for.push("pg_config --bindir: there is no `pg_config`".to_owned()),
        Some(directory) => match usable(Path::new(directory), user, Scripts::Refused) {
            Ok(programs) => return Some(programs),
            Err(reason) => looked_for.push(format!("pg_config --bindir: {reason}")),
        },
    }
    for (above, prefix) in INSTALLED {
        let mut reasons = Vec::new();
        for directory in versions(Path::new(above), prefix) {
            match usable(&directory, user, Scripts::Refused) {
                Ok(programs) => return Some(programs),
                Err(reason) => reasons.push(reason),
            }
        }
        looked_for.push(format!("{above}/{prefix}*/bin: {}", all(&reasons)));
    }
    None
}

fn all(reasons: &[String]) -> String {
    if reasons.is_empty() {
        "there is none".to_owned()
    } else {
        reasons.join("; ")
    }
}

fn versions(above: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(above).into_iter().flatten();
    let mut versions: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: f32 = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    versions
        .into_iter()
        .map(|(_, directory)| directory)
        .collect()
}

/// Whether a script will do: one that is found by chance may be a wrapper that does something else, such as running a server
/// of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scripts {
    Allowed,
    Refused,
}

/// The directory with the programs to which those of `directory` lead, or why they are not to be used.
fn usable(directory: &Path, user: User, scripts: Scripts) -> Result<PathBuf, String> {
    let mut homes = Vec::new();
    for name in ["postgres", "initdb"] {
        let link = directory.join(name);
        // A link leads to where the other programs are.
        let program =
            fs::canonicalize(&link).map_err(|_| format!("there is no {}", link.display()))?;
        if scripts == Scripts::Refused && is_script(&program) {
            return Err(format!("{} is a script", link.display()));
        }
        if !user.reaches(&program) {
            let who = match user {
                User::Ourselves => String::new(),
                User::Unprivileged { uid, .. } => {
                    format!(" by user {uid}, since Postgres refuses to run as root")
                }
            };
            return Err(format!("{} cannot be executed{who}", program.display()));
        }
        homes.push(program.parent().unwrap_or(directory).to_owned());
    }
    match homes.as_slice() {
        [of_postgres, of_initdb] if of_postgres == of_initdb => Ok(of_postgres.clone()),
        _ => Err(format!(
            "`postgres` and `initdb` in {} lead to different directories",
            directory.display()
        )),
    }
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"#!"
}
