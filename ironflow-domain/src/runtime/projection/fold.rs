//! Taking a part of the log into views that are in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::projection::{Applied, Routes, State};
use crate::runtime::log_reader::LogReader;
use crate::runtime::projection::definition::reads;
use crate::runtime::projection::follow::PAGE;
use crate::runtime::projection::route::route;
use crate::runtime::projection::trouble::Trouble;
use crate::store::{ReadLog, Store};
use crate::{EventRef, Position, Projection, View};

/// Views by their keys.
pub(super) type InMemory<P> = BTreeMap<String, View<State<P>>>;

/// Takes the events after a position into views, up to another one or to the end of the log, but for
/// those that are left out of the view with a key.
pub(super) async fn fold<P: Projection>(
    store: &Arc<dyn Store>,
    views: &mut InMemory<P>,
    (from, to): (Position, Option<Position>),
    is_left_out: impl Fn(&str, &EventRef<'_>) -> bool,
) -> Result<(), Trouble> {
    if to.is_some_and(|to| from >= to) {
        return Ok(());
    }
    let read = ReadLog::after(from).matching(reads::<P>());
    let mut log = LogReader::new(Arc::clone(store), read.limit(PAGE));
    let mut known = Routes::default();
    while let Some(page) = log.next().await? {
        let is_within = |event: &EventRef<'_>| to.is_none_or(|to| event.position <= to);
        let events = page.events.iter().filter(is_within);
        let routed = route::<P>(store, events, &mut known).await?;
        let routed = routed.leaving_out(&is_left_out);
        let before = routed.keys().iter().map(|key| views.remove(key)).collect();
        let Applied { views: changed, .. } = routed.apply(before)?;
        views.extend(changed);
        if to.is_some_and(|to| page.read_to >= to) {
            break;
        }
    }
    Ok(())
}
