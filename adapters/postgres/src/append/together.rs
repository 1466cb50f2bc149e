//! Appends that have nothing to do with each other, in one statement.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use ironflow_domain::store::AppendError;
use tokio_postgres::Row;

use super::alone;
use super::columns::{Columns, Start, number};
use super::recorded::recorded;
use super::unit::{Outcome, Required, Unit};
use crate::connections::Slot;
use crate::error::Failure;
use crate::session::Session;
use crate::statements::Which;

/// How often units that others are in the way of are tried again before they are made alone. Each
/// time, one of the others got through, but that may be another one for ever.
const ATTEMPTS: usize = 30;

/// What came of one attempt to write several units.
enum Attempt {
    /// One answer for each; none where it is to be tried again.
    Answered(Vec<Option<Outcome>>),
    /// Someone else wrote at the same moment, to one of the streams or under one of the ids, so
    /// that nothing was written.
    Disturbed,
}

/// Writes units that are a single run of events each, and answers for all of them in their order.
pub(super) async fn write(units: &[Unit], slot: &Slot, lock: i64) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = units.iter().map(|_| None).collect();
    let mut groups = VecDeque::from([(0..units.len()).collect::<Vec<_>>()]);
    let mut attempts = 0;
    while let Some(group) = groups.pop_front() {
        let members: Vec<&Unit> = group.iter().map(|index| &units[*index]).collect();
        attempts += 1;
        match attempt(&members, slot, lock).await {
            Ok(Attempt::Answered(answers)) => {
                for (index, answer) in group.into_iter().zip(answers) {
                    match answer {
                        Some(answer) => outcomes[index] = Some(answer),
                        None => groups.push_back(vec![index]),
                    }
                }
            }
            // Who is not concerned must not suffer from it.
            Ok(Attempt::Disturbed) if group.len() > 1 => {
                let (one, other) = group.split_at(group.len() / 2);
                groups.push_back(one.to_vec());
                groups.push_back(other.to_vec());
            }
            Ok(Attempt::Disturbed) if attempts < ATTEMPTS + 2 * units.len() => {
                groups.push_back(group);
            }
            Ok(Attempt::Disturbed) => {
                for index in group {
                    let one = alone::write(&units[index..=index], slot, lock).await;
                    outcomes[index] = one.into_iter().next();
                }
            }
            Err(failure) => {
                for index in group {
                    let error = failure.clone().at_writing(&units[index].doing());
                    outcomes[index] = Some(Err(error.into()));
                }
            }
        }
    }
    outcomes.into_iter().flatten().collect()
}

/// The units that follow each other on one stream.
struct Run<'u> {
    required: Required,
    members: Vec<(usize, &'u Unit)>,
    events: i32,
}

/// Units, sorted into runs.
struct Runs<'u> {
    all: Vec<Run<'u>>,
    columns: Columns<'u>,
    /// How many events come before each unit's.
    before: Vec<usize>,
}

impl<'u> Runs<'u> {
    fn of(units: &[&'u Unit]) -> Self {
        let mut runs: Vec<Run<'_>> = Vec::with_capacity(units.len());
        let mut run_of: HashMap<&str, usize> = HashMap::with_capacity(units.len());
        let mut columns = Columns::default();
        // Streams are locked in the order in which they are written. Where everybody has the same
        // order, nobody waits for one who waits for them.
        let mut order: Vec<usize> = (0..units.len()).collect();
        order.sort_by_key(|index| units[*index].stream());
        let mut before = vec![0; units.len()];
        let mut count = 0;
        for index in order {
            let unit = units[index];
            let stream = unit.stream().as_str();
            let run = *run_of.entry(stream).or_insert_with(|| {
                runs.push(Run {
                    required: Required::Anywhere,
                    members: Vec::new(),
                    events: 0,
                });
                columns.streams.push(stream);
                runs.len() - 1
            });
            let number_of_run = number(run + 1);
            let run = &mut runs[run];
            let required = unit.run.unwrap_or(Required::Nowhere);
            run.required = run.required.and(required.before_events(run.events.into()));
            run.members.push((index, unit));
            before[index] = count;
            count += unit.count();
            columns.add(unit, |_| {
                run.events += 1;
                (number_of_run, run.events)
            });
        }
        columns.required = runs.iter().map(|run| run.required.number()).collect();
        Self {
            all: runs,
            columns,
            before,
        }
    }

    /// Writes those that find their streams as they expect them.
    async fn write(&self, session: &Session, start: &Start) -> Result<Row, Failure> {
        let rows = if let Some(parameters) = self.columns.of_one_run(start) {
            session.query(Which::AppendRun, &parameters).await?
        } else {
            let parameters = self.columns.parameters(start);
            session.query(Which::Append, &parameters).await?
        };
        rows.into_iter().next().ok_or(Failure::Replaced)
    }

    /// What the row says to each unit.
    async fn answers(
        &self,
        row: &Row,
        start: &Start,
        session: &Arc<Session>,
        slot: &Slot,
    ) -> Result<Vec<Option<Outcome>>, Failure> {
        let base: i64 = row.try_get(0)?;
        let heads: Vec<i64> = row.try_get(1)?;
        let starts: Vec<i64> = row.try_get(2)?;
        let mut answers: Vec<Option<Outcome>> = self.before.iter().map(|_| None).collect();
        for ((run, head), start_of_run) in self.all.iter().zip(heads).zip(starts) {
            if start_of_run < 0 {
                // Where several follow each other, each is to be judged by what is there without those
                // that are refused.
                if let [(index, unit)] = run.members[..] {
                    // The others are made, whatever comes of asking why this one was not.
                    let refused = refusal(session, unit, head).await;
                    answers[index] = refused.map_or_else(
                        |failure| {
                            slot.give_up(session, &failure);
                            Some(Err(failure.at(&unit.doing()).into()))
                        },
                        |refusal| refusal.map(Err),
                    );
                }
                continue;
            }
            let mut version = start_of_run;
            for (index, unit) in &run.members {
                let base = base + i64::from(number(self.before[*index]));
                let appended = start.appended(unit, base, |_, events| {
                    version += events;
                    version
                });
                answers[*index] = Some(Ok(appended));
            }
        }
        Ok(answers)
    }
}

async fn attempt(units: &[&Unit], slot: &Slot, lock: i64) -> Result<Attempt, Failure> {
    let runs = Runs::of(units);
    let session = slot.session().await?;
    let start = Start::new(lock, session.epoch(), 0);
    match runs.write(&session, &start).await {
        Ok(row) => {
            let answers = runs.answers(&row, &start, &session, slot).await?;
            Ok(Attempt::Answered(answers))
        }
        Err(failure) if failure.is_repeated() => {
            if let [unit] = units
                && let Some(id) = recorded(&session, unit).await?
            {
                let error = AppendError::DuplicateEvent(id);
                return Ok(Attempt::Answered(vec![Some(Err(error))]));
            }
            Ok(Attempt::Disturbed)
        }
        Err(failure) if failure.made_way() => Ok(Attempt::Disturbed),
        Err(failure @ Failure::Replaced) => {
            slot.give_up(&session, &failure);
            Ok(Attempt::Disturbed)
        }
        Err(failure) => {
            slot.give_up(&session, &failure);
            Err(failure)
        }
    }
}

/// Why a unit is refused whose stream is at `head`; nothing where it may not be by now.
async fn refusal(
    session: &Session,
    unit: &Unit,
    head: i64,
) -> Result<Option<AppendError>, Failure> {
    if let Some(id) = recorded(session, unit).await? {
        return Ok(Some(AppendError::DuplicateEvent(id)));
    }
    Ok(unit.conflict(|_| head, &[]).map(AppendError::from))
}
