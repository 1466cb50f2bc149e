//! From a stream to a state.

use crate::store::{ReadStream, StoreError, StreamStore};
use crate::{
    Aggregate, Decoded, Decoder, InvalidStreamId, StreamId, StreamVersion, UndecodableEvent,
};

/// An aggregate as its stream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded<A> {
    /// The state folded from all its events.
    pub state: A,
    /// How many that were; zero where the stream does not exist.
    pub version: StreamVersion,
    /// How many of them were dropped: their set says `dropped(…)`, or splits them into nothing.
    pub dropped: u64,
}

/// An aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The aggregate's id cannot name a stream.
    #[error(transparent)]
    StreamId(#[from] InvalidStreamId),
    /// One of its events cannot be read.
    #[error(transparent)]
    Undecodable(#[from] UndecodableEvent),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<A: Aggregate> Loaded<A> {
    /// Before anything has happened.
    pub(crate) fn nothing() -> Self {
        Self {
            state: A::initial(),
            version: StreamVersion::EMPTY,
            dropped: 0,
        }
    }
}

/// Folds the whole stream.
pub(crate) async fn load<A: Aggregate>(
    store: &(impl StreamStore + ?Sized),
    stream: &StreamId,
) -> Result<Loaded<A>, LoadError> {
    let mut loaded = Loaded::nothing();
    catch_up(store, stream, &mut loaded).await?;
    Ok(loaded)
}

/// Folds what the stream has more than `loaded`, page by page.
pub(crate) async fn catch_up<A: Aggregate>(
    store: &(impl StreamStore + ?Sized),
    stream: &StreamId,
    loaded: &mut Loaded<A>,
) -> Result<(), LoadError> {
    let mut decoder = Decoder::<A::Event>::new();
    let mut next = Some(loaded.version.next());
    while let Some(from) = next {
        let page = store.read_stream(stream, ReadStream::forward(from)).await?;
        for event in page.events.iter() {
            match decoder.decode(&event)? {
                Decoded::One(data) => loaded.state.apply(&data),
                others => {
                    for data in others.into_events() {
                        loaded.state.apply(&data);
                    }
                }
            }
            loaded.version = event.version;
        }
        next = page.next;
    }
    loaded.dropped += decoder.dropped();
    Ok(())
}
