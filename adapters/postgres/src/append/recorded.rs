//! Whether it was appended before.

use ironflow_domain::EventId;

use super::unit::Unit;
use crate::error::Failure;
use crate::session::Session;
use crate::statements::Which;
use crate::values::Id;

/// The first of the unit's events that is recorded already.
pub(super) async fn recorded(session: &Session, unit: &Unit) -> Result<Option<EventId>, Failure> {
    let events = || unit.appends.iter().flat_map(|append| &append.events);
    let ids: Vec<Id> = events().map(|event| Id(event.id)).collect();
    let rows = session.query(Which::Recorded, &[&ids]).await?;
    let found = rows.iter().map(|row| Ok(row.try_get::<_, Id>(0)?.0));
    let found: Vec<EventId> = found.collect::<Result<_, Failure>>()?;
    let mut events = events().map(|event| event.id);
    Ok(events.find(|id| found.contains(id)))
}
