//! What can go wrong with a server, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;

/// Why a server could not be started, stopped, killed or copied.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServiceError {
    /// There are no programs to start a server from.
    NotFound {
        /// Every place that was looked at, and why it did not do.
        looked_for: Vec<String>,
    },
    /// The operating system refused something.
    Io {
        /// What was tried.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program ended with an error, or did not do in time what it was asked for.
    Failed {
        /// What was tried.
        doing: String,
        /// The last lines that the program wrote.
        output: String,
    },
    /// A server in a Docker container can only be started and stopped.
    InContainer {
        /// What was tried.
        doing: &'static str,
    },
}

impl ServiceError {
    pub(crate) fn failed(doing: impl Into<String>, output: &str) -> Self {
        let lines: Vec<_> = output.trim_end().lines().collect();
        Self::Failed {
            doing: doing.into(),
            output: lines[lines.len().saturating_sub(20)..].join("\n"),
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { looked_for } => {
                formatter.write_str("found no Postgres to start; looked for:")?;
                for place in looked_for {
                    write!(formatter, "\n  - {place}")?;
                }
                formatter.write_str(
                    "\nhelp: install PostgreSQL, or set IRONFLOW_POSTGRES_BIN to the directory with `postgres` and `initdb`",
                )
            }
            Self::Io { doing, source } => write!(formatter, "failed to {doing}: {source}"),
            Self::Failed { doing, output } if output.is_empty() => {
                write!(
                    formatter,
                    "failed to {doing}, and nothing was said about it"
                )
            }
            Self::Failed { doing, output } => {
                write!(
                    formatter,
                    "failed to {doing}; the last that was said:\n{output}"
                )
            }
            Self::InContainer { doing } => write!(
                formatter,
                "cannot {doing} a server in a Docker container: install PostgreSQL, or set IRONFLOW_POSTGRES_BIN to the \
                 directory with `postgres` and `initdb`"
            ),
        }
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Says what was tried when the operating system refused it.
pub(crate) trait Doing<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, ServiceError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, ServiceError> {
        self.map_err(|source| ServiceError::Io {
            doing: doing(),
            source,
        })
    }
}
