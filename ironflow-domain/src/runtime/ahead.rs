//! What lies ahead of whoever stands by or waits.

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

/// Where the log ends, which is not before that position. No store says so without being read, but none
/// has to give what nobody wants.
pub(crate) async fn end_of_log(store: &dyn Store, after: Position) -> Result<Position, StoreError> {
    let mut read = ReadLog::after(after).names(["none"]).payload_only();
    loop {
        let page = store.read_log(read.clone()).await?;
        if page.at_end {
            return Ok(page.read_to);
        }
        read.after = page.read_to;
    }
}
