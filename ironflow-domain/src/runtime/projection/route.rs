//! Where the events of a page go, as far as it takes the store to know.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::model::projection::{Routed, Routes, Routing, last_route};
use crate::runtime::projection::trouble::Trouble;
use crate::store::{EventPage, ReadStream, Store};
use crate::{EventRef, Projection, StreamId, StreamVersion};

/// How many streams to look up at once.
const LOOKED_UP_AT_ONCE: usize = 64;

/// Where the events go, which are whole appends.
pub(super) async fn route<'p, P: Projection>(
    store: &Arc<dyn Store>,
    events: impl Iterator<Item = EventRef<'p>>,
    routes: &mut Routes,
) -> Result<Routed<'p, P>, Trouble> {
    let mut routing = Routing::<P>::read(events, routes)?;
    let unknown = routing.unknown();
    for (chunk, numbers) in unknown.chunks(LOOKED_UP_AT_ONCE).zip(0..) {
        let first = numbers * LOOKED_UP_AT_ONCE;
        let mut lookups = JoinSet::new();
        for (event, number) in chunk.iter().zip(first..) {
            let store = Arc::clone(store);
            let (stream, before) = (event.stream.parse()?, event.version);
            lookups.spawn(async move {
                let keys = earlier_route::<P>(&*store, stream, before).await;
                (number, keys)
            });
        }
        while let Some(looked_up) = lookups.join_next().await {
            // They are not aborted while we wait for them.
            let (number, keys) = looked_up.map_err(|error| match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(error) => Trouble::ShuttingDown(error),
            })?;
            routing.earlier(number, keys?);
        }
    }
    Ok(routing.routed(routes)?)
}

/// Where the last event of the same stream with a key went, before that version: a function of the
/// log, so that it need not be stored.
async fn earlier_route<P: Projection>(
    store: &dyn Store,
    stream: StreamId,
    before: StreamVersion,
) -> Result<Option<Vec<String>>, Trouble> {
    let mut next = before.get().checked_sub(1).map(StreamVersion::new);
    // Appends are met from the last to the first, and each is read from its first event to its
    // last.
    let mut append = EventPage::new();
    while let Some(from) = next {
        let page = store
            .read_stream(&stream, ReadStream::backward(from))
            .await?;
        for earlier in page.events.iter() {
            if earlier.left_in_commit == 0
                && let Some(keys) = last_route::<P>(std::mem::take(&mut append).iter().rev())?
            {
                return Ok(Some(keys));
            }
            append.push(&earlier);
        }
        next = page.next;
    }
    Ok(last_route::<P>(append.iter().rev())?)
}
