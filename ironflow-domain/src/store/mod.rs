//! Floor 2: the two ports an adapter implements, and the in-memory store.
//!
//! - [`StreamStore`]: append to streams, read a stream, read the log of all streams.
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
mod resumed;
mod shared;
mod sql;
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
pub use resumed::Resumed;
pub use sql::{SqlDialect, SqlStatement};
pub use stream::{Direction, ListStreams, ReadStream, StreamInfo, StreamPage};

use crate::{EventId, Position, RecordedEvent, StreamId};

/// Streams of events, and the log of all of them.
///
/// # What a store promises
///
/// - An append is all or nothing, checked against its [`ExpectedVersion`], and durable when it
///   returns. So are several that are made together.
/// - The versions of a stream are 1, 2, 3, … without a gap. Event ids are unique in the store.
/// - Positions grow in the order in which appends became visible: once a reader has seen a
///   position, no smaller one appears.
/// - Whole appends are delivered: a page of the log never ends inside one, nor between those that
///   were made together. [`left_in_commit`](crate::EventRef::left_in_commit) counts over all of
///   them.
/// - Dropping the future of an append leaves a whole append or none; of several, all or none.
/// - What the store [cannot do](Self::capabilities), it refuses with
///   [`Unsupported`](StoreErrorKind::Unsupported), and writes nothing. It ignores no condition.
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
    /// at the expected version, or there is an event that there must not be;
    /// [`Unsupported`](StoreErrorKind::Unsupported) when the store is without
    /// [`Capabilities::conditions`], and that is what was asked for. Nothing was written then.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Appends to several streams, or several times to one, all or nothing, and readers get all of
    /// it at once. The answers come in the order of the appends; for none at all there are none.
    ///
    /// An append sees the ones before it, and not those after it: what it expects, a version or
    /// that there is nothing since, is checked against what they have made of the log. One without
    /// events only guards: it does not make a stream that is not there.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append); nothing was written then. A [`Conflict`](AppendError::Conflict)
    /// is that of the first append that finds something else than it expects, and says where the
    /// ones before it have left the stream. It is a
    /// [`DuplicateEvent`](AppendError::DuplicateEvent) instead when an event id of any of the
    /// appends is already in the store, or in them twice, whatever they expect.
    /// [`NoEvents`](AppendError::NoEvents) only when none of them has an event, with the stream of
    /// the first. [`Unsupported`](StoreErrorKind::Unsupported) when there are several, and the
    /// store is without [`Capabilities::several_streams`].
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

    /// Reads what is kept under a key, and a page of the stream from the
    /// [version that it says it is of](Resumed::version_of), in one journey; from the version in
    /// `read` where it says none, or there is no such key. Nothing, unless the store has a way to do
    /// so.
    ///
    /// A hint: where the key is written at the same time, the page may begin where an older or a
    /// newer value says. Callers look.
    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        let _ = (stream, key, read);
        Ok(None)
    }

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
