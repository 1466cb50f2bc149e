//! How to connect to a store.

use std::time::Duration;

use ironflow_domain::store::StoreError;

use crate::Postgres;

/// How to connect to a store. Made by [`Postgres::options`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use ironflow_postgres::Postgres;
///
/// # async fn connect() -> Result<(), ironflow_domain::store::StoreError> {
/// let store = Postgres::options()
///     .schema("shop")
///     .readers(8)
///     .patience(Duration::from_secs(2))
///     .connect("postgres://shop@db.internal/shop")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "options do nothing until something is connected with them"]
pub struct Options {
    pub(crate) schema: String,
    pub(crate) commits_in_flight: usize,
    pub(crate) readers: usize,
    pub(crate) patience: Duration,
    pub(crate) statement_timeout: Duration,
    #[cfg(feature = "tls")]
    pub(crate) root_certificates: Option<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: "ironflow".to_owned(),
            commits_in_flight: 2,
            readers: 4,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            #[cfg(feature = "tls")]
            root_certificates: None,
        }
    }
}

impl Options {
    /// The schema that the store's tables are in, made if it is not there; `ironflow` unless told
    /// otherwise. Stores in different schemas have nothing to do with each other.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// How many commits may be on their way at the same time, each on a connection of its own; two
    /// unless told otherwise, and never less than one. What waits goes into the next one together,
    /// so more of them make small commits, not more throughput.
    pub const fn commits_in_flight(mut self, commits: usize) -> Self {
        self.commits_in_flight = if commits == 0 { 1 } else { commits };
        self
    }

    /// How many connections are read from, opened when they are needed; four unless told otherwise,
    /// and never less than one. Key-values are written on them, too.
    ///
    /// With those of [`commits_in_flight`](Self::commits_in_flight), one to listen on, and one for
    /// the tables of projections where there are some, these are all that a store ever has.
    pub const fn readers(mut self, connections: usize) -> Self {
        self.readers = if connections == 0 { 1 } else { connections };
        self
    }

    /// How long to try to reach a server that does not answer, and to wait for a lock that another
    /// process holds, before giving up with
    /// [`StoreErrorKind::Unavailable`](ironflow_domain::store::StoreErrorKind::Unavailable); five
    /// seconds unless told otherwise.
    pub const fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// How long one statement may take; thirty seconds unless told otherwise. An append that took
    /// longer, on a connection that may be dead, is
    /// [`InDoubt`](ironflow_domain::store::StoreErrorKind::InDoubt).
    pub const fn statement_timeout(mut self, time: Duration) -> Self {
        self.statement_timeout = time;
        self
    }

    /// Who may vouch for the server, as certificates in PEM; whom the operating system trusts
    /// unless told otherwise. Used with `sslmode=require`.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Connects to the database at `url`, such as `postgres://user:password@host/database`, and
    /// makes what is missing there. Key-value texts such as `host=… user=…` will do as well.
    ///
    /// The connections are driven by the tokio runtime that this is called on, and end with it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](ironflow_domain::store::StoreErrorKind::Unavailable) when no server that can
    /// be written to is there in time;
    /// [`Incompatible`](ironflow_domain::store::StoreErrorKind::Incompatible) when the schema has
    /// tables of someone else, or of a newer program. They are left as they were.
    pub async fn connect(self, url: &str) -> Result<Postgres, StoreError> {
        Postgres::start(self, url).await
    }
}
