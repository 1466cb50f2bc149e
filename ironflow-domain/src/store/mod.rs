//! Floor 2: the two ports an adapter implements, and the in-memory store.
//!
//! - [`StreamStore`]: append to one stream, read a stream, read the log of all streams.
//! - [`KeyValueStore`]: small values under keys, changed in atomic batches guarded by revisions.
//!
//! Everything else is built on these two. `ironflow-testing` has the suite that holds an adapter to
//! both promises.

mod append;
mod capabilities;
mod error;
mod key_value;
mod log;
mod memory;
mod page;
mod query;
mod shared;
mod stream;

pub use append::{Append, AppendError, Appended, Conflict, ExpectedVersion, NewEvent};
pub use async_trait::async_trait;
pub use capabilities::Capabilities;
pub use error::{StoreError, StoreErrorKind};
pub use key_value::{Entry, Expected, Key, KeyRange, KeyValueStore, Revision, Write, WriteError};
pub use log::{LogPage, ReadLog};
pub use memory::MemoryStore;
pub use page::EventPage;
pub use query::EventQuery;
pub use stream::{Direction, ListStreams, ReadStream, StreamInfo, StreamPage};

use crate::{EventId, Position, RecordedEvent, StreamId};

/// Streams of events, and the log of all of them.
///
/// # What a store promises
///
/// - An append is all or nothing, checked against its [`ExpectedVersion`], and durable when it
///   returns.
/// - The versions of a stream are 1, 2, 3, … without a gap. Event ids are unique in the store.
/// - Positions grow in the order in which appends became visible: once a reader has seen a
///   position, no smaller one appears.
/// - Whole appends are delivered: a page of the log never ends inside one.
/// - Dropping the future of an append leaves a whole append or none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store streams of events",
    label = "`StreamStore` is missing",
    note = "write `impl StreamStore for {Self}`, and hold it to the contract with `ironflow_testing::store_contract!`"
)]
#[async_trait]
pub trait StreamStore: Send + Sync + 'static {
    /// Appends events to one stream.
    ///
    /// # Errors
    ///
    /// [`AppendError::NoEvents`] when there is nothing to append; [`AppendError::DuplicateEvent`]
    /// when one of the event ids is already in the store, whatever version the stream is at, so
    /// that a repeat is told from a conflict; [`AppendError::Conflict`] when the stream is not
    /// at the expected version. Nothing was written then.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Appends to several streams, or several times to one, all or nothing: an append sees the ones
    /// before it, and readers get all of it at once. The answers come in the order of the appends.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append), of the first append that was refused; nothing was written then.
    /// [`NoEvents`](AppendError::NoEvents) only when none of them has an event.
    /// [`Unsupported`](StoreErrorKind::Unsupported) when there are several, and the store is without
    /// [`Capabilities::several_streams`].
    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let mut appends = appends.into_iter();
        match (appends.next(), appends.next()) {
            (None, _) => Ok(Vec::new()),
            (Some(append), None) => Ok(vec![self.append(append).await?]),
            (Some(_), Some(_)) => {
                Err(Capabilities::unsupported("append to several streams").into())
            }
        }
    }

    /// What the store can do besides; nothing unless it says so.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Reads a page of one stream. A stream that does not exist has no events.
    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError>;

    /// Reads a page of the log of all streams, in the order of positions.
    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError>;

    /// Waits until the log may have grown past `position`.
    ///
    /// A hint, to be followed by a read: it may return early, and where another process appended,
    /// late. Callers poll beside it.
    async fn log_grown(&self, position: Position) -> Result<(), StoreError>;

    /// Finds an event by its id.
    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError>;

    /// What is known about one stream; nothing where it does not exist.
    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError>;

    /// Lists streams in the order of their ids.
    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError>;
}

/// A store that keeps both promises, as the runtime wants it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store",
    label = "not a store",
    note = "pass the store itself, such as `MemoryStore::new()`; one of your own implements `StreamStore` and `KeyValueStore`"
)]
pub trait Store: StreamStore + KeyValueStore {}

#[diagnostic::do_not_recommend]
impl<S: StreamStore + KeyValueStore> Store for S {}
