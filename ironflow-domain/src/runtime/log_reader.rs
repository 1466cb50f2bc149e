//! Reading much of the log.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle, spawn};

use crate::Ironflow;
use crate::store::{LogPage, ReadLog, Store, StoreError, StoreErrorKind};

/// Reads the log page by page, up to its end: the next page is on its way while you are busy with
/// the one before. [`Ironflow::log`] makes one.
///
/// Dropping it ends the reading.
#[must_use = "nothing is read until it is asked for a page"]
pub struct LogReader {
    store: Arc<dyn Store>,
    /// Where the next page begins.
    read: ReadLog,
    ahead: Option<JoinHandle<Result<LogPage, StoreError>>>,
    is_at_end: bool,
}

impl<X> Ironflow<X> {
    /// Reads the log from a position on, page by page, such as to export it or to look something
    /// up in it.
    ///
    /// ```
    /// # use ironflow_domain::{
    /// #     Aggregate, Decide, Decision, Decoder, Fold, Ironflow, Position, command, event, events,
    /// #     store::{MemoryStore, ReadLog},
    /// # };
    /// # #[event("account")]
    /// # pub enum AccountEvent { Deposited { cents: u64 } }
    /// # #[command(Account)]
    /// # pub struct Deposit { #[id] account: u64, cents: u64 }
    /// # #[derive(Aggregate, Default)]
    /// # #[aggregate(event = AccountEvent, error = std::convert::Infallible)]
    /// # pub struct Account;
    /// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
    /// # impl Decide<Deposit> for Account {
    /// #     fn decide(&self, deposit: Deposit) -> Decision<Self> {
    /// #         Ok(events![AccountEvent::Deposited { cents: deposit.cents }])
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// # for account in 1..=3 { ironflow.execute(Deposit { account, cents: 100 }).await?; }
    /// let mut deposited = 0;
    /// let mut decoder = Decoder::<AccountEvent>::new();
    /// let mut log = ironflow.log(ReadLog::after(Position::START).categories(["account"]));
    /// while let Some(page) = log.next().await? {
    ///     for event in page.events.iter() {
    ///         for event in decoder.decode(&event)? {
    ///             let AccountEvent::Deposited { cents } = event;
    ///             deposited += cents;
    ///         }
    ///     }
    /// }
    /// assert_eq!(deposited, 300);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Where nothing but the payloads is looked at, [`ReadLog::payload_only`] saves work.
    pub fn log(&self, read: ReadLog) -> LogReader {
        LogReader::new(self.shared_store(), read)
    }
}

impl LogReader {
    pub(crate) const fn new(store: Arc<dyn Store>, read: ReadLog) -> Self {
        Self {
            store,
            read,
            ahead: None,
            is_at_end: false,
        }
    }

    /// The next page, which may be empty; nothing after the one that was the end of the log when it
    /// was read.
    ///
    /// It may be dropped while it waits, and asked again after an error: no page is lost.
    ///
    /// # Errors
    ///
    /// When the store fails.
    ///
    /// # Panics
    ///
    /// When the store does, and outside a tokio runtime.
    pub async fn next(&mut self) -> Result<Option<LogPage>, StoreError> {
        if self.is_at_end {
            return Ok(None);
        }
        let page = match &mut self.ahead {
            None => self.store.read_log(self.read.clone()).await,
            Some(ahead) => {
                let read = ahead.await;
                self.ahead = None;
                match read {
                    Ok(page) => page,
                    Err(error) => Err(stopped(error)),
                }
            }
        };
        let page = page?;
        self.read.after = page.read_to;
        self.is_at_end = page.at_end;
        if !page.at_end {
            let (store, read) = (Arc::clone(&self.store), self.read.clone());
            self.ahead = Some(spawn(async move { store.read_log(read).await }));
        }
        Ok(Some(page))
    }
}

fn stopped(error: JoinError) -> StoreError {
    match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => StoreError::new(
            StoreErrorKind::Unavailable,
            "failed to read the log: the tokio runtime is shutting down",
        )
        .because(error),
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        if let Some(ahead) = &self.ahead {
            ahead.abort();
        }
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader")
            .field("read", &self.read)
            .field("is_at_end", &self.is_at_end)
            .finish_non_exhaustive()
    }
}
