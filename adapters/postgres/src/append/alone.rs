//! Appends that depend on more than one stream.
//!
//! What they depend on must not change until they are committed. So they are made while nobody else
//! appends: all that wait are made in one transaction, in one go, so that no other waits for an
//! answer to travel.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use ironflow_domain::StreamId;
use ironflow_domain::store::{AppendError, ExpectedVersion, StoreError, StoreErrorKind};
use serde_json::json;
use tokio_postgres::Row;

use super::columns::{Columns, Start, number};
use super::recorded::recorded;
use super::unit::{Outcome, Required, Unit};
use crate::connections::Slot;
use crate::error::Failure;
use crate::row;
use crate::session::{Parameter, Session};
use crate::statements::Which;

/// How often a unit is looked at again that was refused for a reason that is gone since.
const ATTEMPTS: usize = 10;

/// Writes the units one after the other, each seeing those before it, and answers for all of them in
/// their order.
pub(super) async fn write(units: &[Unit], slot: &Slot, lock: i64) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = units.iter().map(|_| None).collect();
    for _ in 0..ATTEMPTS {
        let open = || {
            outcomes
                .iter()
                .enumerate()
                .filter(|(_, outcome)| outcome.is_none())
        };
        let group: Vec<usize> = open().map(|(index, _)| index).collect();
        if group.is_empty() {
            break;
        }
        let members: Vec<&Unit> = group.iter().map(|index| &units[*index]).collect();
        match attempt(&members, slot, lock).await {
            Ok(answers) => {
                for (index, answer) in group.into_iter().zip(answers) {
                    outcomes[index] = answer;
                }
            }
            Err(failure) if failure.made_way() || failure.is_repeated() => {}
            Err(Failure::Replaced) => {}
            Err(failure) => {
                for index in group {
                    let error = failure.clone().at_writing(&units[index].doing());
                    outcomes[index] = Some(Err(error.into()));
                }
            }
        }
    }
    let answers = outcomes.into_iter().zip(units).map(|(outcome, unit)| {
        outcome.unwrap_or_else(|| {
            let message = format!(
                "failed to {}: others were faster, {ATTEMPTS} times",
                unit.doing()
            );
            Err(StoreError::new(StoreErrorKind::Unavailable, message).into())
        })
    });
    answers.collect()
}

/// What one unit asks, as the statement wants it.
struct Asked<'u> {
    unit: &'u Unit,
    columns: Columns<'u>,
    conditions: String,
    start: Start,
}

async fn attempt(units: &[&Unit], slot: &Slot, lock: i64) -> Result<Vec<Option<Outcome>>, Failure> {
    let session = slot.session().await?;
    let mut index = 0;
    let asked: Vec<Asked<'_>> = units
        .iter()
        .map(|unit| {
            let start = Start::new(lock, session.epoch(), index);
            index += unit.count();
            Asked::new(unit, start)
        })
        .collect();
    let transacting = transact(slot, &session, &asked, lock);
    let rows = session.in_time(transacting).await;
    let rows = rows.inspect_err(|failure| slot.give_up(&session, failure))?;
    let mut answers = Vec::with_capacity(rows.len());
    for (asked, row) in asked.iter().zip(&rows) {
        // Those that were made are made, whatever comes of asking why another was not.
        let answer = asked.answer(&session, row).await;
        answers.push(answer.unwrap_or_else(|failure| {
            slot.give_up(&session, &failure);
            Some(Err(failure.at(&asked.unit.doing()).into()))
        }));
    }
    Ok(answers)
}

/// Sends all at once. The answers come in the order in which it was sent.
async fn transact(
    slot: &Slot,
    session: &Arc<Session>,
    asked: &[Asked<'_>],
    lock: i64,
) -> Result<Vec<Row>, Failure> {
    // Preparing is a journey of its own, to be made before others wait.
    session.prepared(Which::LockAlone).await?;
    session.prepared(Which::AppendAlone).await?;
    let mut appends = Vec::with_capacity(asked.len());
    for asked in asked {
        appends.push(asked.append(session));
    }
    let lock_parameters: [Parameter<'_>; 1] = [&lock];
    // Polled in this order, they are sent in this order.
    let (begun, locked, rows, committed) = futures_util::future::join4(
        session.run("BEGIN"),
        session.query(Which::LockAlone, &lock_parameters),
        join_all(appends),
        session.run("COMMIT"),
    )
    .await;
    if committed.is_err() {
        // A commit that is cancelled before it has begun leaves the transaction open.
        slot.leave(session);
    }
    begun?;
    locked?;
    let rows: Vec<Row> = rows.into_iter().collect::<Result<_, _>>()?;
    committed?;
    Ok(rows)
}

impl<'u> Asked<'u> {
    fn new(unit: &'u Unit, start: Start) -> Self {
        let mut columns = Columns::default();
        let mut runs: HashMap<&StreamId, i32> = HashMap::new();
        for append in &unit.appends {
            if runs.contains_key(&append.stream) {
                continue;
            }
            let same_stream = unit
                .appends
                .iter()
                .filter(|one| one.stream == append.stream);
            columns.streams.push(append.stream.as_str());
            columns.required.push(Required::of(same_stream).number());
            runs.insert(&append.stream, number(columns.streams.len()));
        }
        if unit.overtakes_itself()
            && let Some(first) = columns.required.first_mut()
        {
            // The statement does not see what it writes itself.
            *first = Required::Nowhere.number();
        }
        let places: HashMap<&str, i32> = runs
            .into_iter()
            .map(|(stream, run)| (stream.as_str(), run))
            .collect();
        let mut steps: HashMap<i32, i32> = HashMap::new();
        columns.add(unit, |stream| {
            let run = places.get(stream).copied().unwrap_or_default();
            let step = steps.entry(run).or_default();
            *step += 1;
            (run, *step)
        });
        Self {
            unit,
            columns,
            conditions: conditions(unit),
            start,
        }
    }

    async fn append(&self, session: &Session) -> Result<Row, Failure> {
        let mut parameters = self.columns.parameters(&self.start).to_vec();
        parameters.push(&self.conditions);
        let rows = session.query(Which::AppendAlone, &parameters).await?;
        rows.into_iter().next().ok_or(Failure::Replaced)
    }

    /// What became of the unit; nothing where it was refused for what is not so any more.
    async fn answer(&self, session: &Session, row: &Row) -> Result<Option<Outcome>, Failure> {
        let base: i64 = row.try_get(0)?;
        let heads: Vec<i64> = row.try_get(1)?;
        let starts: Vec<i64> = row.try_get(2)?;
        let unmet: Vec<i32> = row.try_get(3)?;
        let mut heads: HashMap<&str, i64> =
            self.columns.streams.iter().copied().zip(heads).collect();
        if starts.iter().all(|start| *start >= 0) {
            let appended = self.start.appended(self.unit, base, |stream, events| {
                let head = heads.get_mut(stream);
                head.map_or(events, |head| {
                    *head += events;
                    *head
                })
            });
            return Ok(Some(Ok(appended)));
        }
        if let Some(id) = recorded(session, self.unit).await? {
            return Ok(Some(Err(AppendError::DuplicateEvent(id))));
        }
        let unmet: Vec<usize> = unmet
            .iter()
            .filter_map(|index| usize::try_from(*index).ok())
            .collect();
        let head = |stream: &StreamId| heads.get(stream.as_str()).copied().unwrap_or(0);
        let conflict = self.unit.conflict(head, &unmet);
        Ok(conflict.map(|conflict| Err(conflict.into())))
    }
}

/// What must not have happened, as the statement reads it. A list without entries leaves that open.
fn conditions(unit: &Unit) -> String {
    fn some(list: Vec<&str>) -> Option<Vec<&str>> {
        (!list.is_empty()).then_some(list)
    }
    let conditions = unit
        .appends
        .iter()
        .enumerate()
        .filter_map(|(index, append)| {
            let ExpectedVersion::NothingSince { query, after } = &append.expected else {
                return None;
            };
            let (epoch, place) = row::columns(*after);
            Some(json!({
                "n": index,
                "epoch": epoch,
                "place": place,
                "streams": some(query.streams.iter().map(StreamId::as_str).collect()),
                "categories": some(query.categories.iter().map(String::as_str).collect()),
                "names": some(query.names.iter().map(String::as_str).collect()),
            }))
        });
    conditions.collect::<serde_json::Value>().to_string()
}
