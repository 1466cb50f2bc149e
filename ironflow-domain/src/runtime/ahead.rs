//! What lies ahead of whoever stands by.

use std::time::Duration;

use crate::Position;
use crate::Timestamp;
use crate::store::{EventQuery, ReadLog, Store, StoreError};

/// Waits until there is an event that is meant after the position; says when it was recorded.
/// Every time there is none, tells up to where there is none.
pub(crate) async fn next_event(
    store: &dyn Store,
    query: &EventQuery,
    mut position: Position,
    poll: Duration,
    mut tell: impl FnMut(Position),
) -> Result<Timestamp, StoreError> {
    loop {
        let read = ReadLog::after(position).matching(query.clone());
        let ahead = store.read_log(read.limit(1)).await?;
        if let Some(event) = ahead.events.iter().next() {
            return Ok(event.time);
        }
        position = ahead.read_to;
        tell(position);
        tokio::select! {
            grown = store.log_grown(position) => grown?,
            () = tokio::time::sleep(poll) => {}
        }
    }
}
