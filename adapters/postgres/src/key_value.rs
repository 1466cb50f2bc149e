//! Values under keys.

use std::collections::HashSet;
use std::time::Duration;

use ironflow_domain::store::{
    Entry, Expected, Key, KeyRange, Revision, StoreError, StoreErrorKind, Write, WriteError,
};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::session::{Parameter, Session};
use crate::statements::Which;
use crate::values::{Moment, bound};

/// What the function that writes says when a key is not as it has to be.
const UNMET: &str = "IF001";

/// The entry of one key.
pub(crate) async fn get(session: &Session, key: &Key) -> Result<Option<Entry>, Failure> {
    let Key { bucket, name } = key;
    if !is_storable(key) {
        return Ok(None);
    }
    let rows = session.query(Which::GetKey, &[bucket, name]).await?;
    let row = rows.first();
    row.map(|row| entry(key.clone(), row)).transpose()
}

/// The entries of several keys, in their order.
pub(crate) async fn get_all(
    session: &Session,
    keys: &[Key],
) -> Result<Vec<Option<Entry>>, Failure> {
    let texts = keys.iter().map(|key| {
        // No bucket, and nothing found.
        let bucket = Some(key.bucket.as_str()).filter(|_| is_storable(key));
        (bucket, bucket.map_or("", |_| key.name.as_str()))
    });
    let (buckets, names): (Vec<Option<&str>>, Vec<&str>) = texts.unzip();
    let rows = session.query(Which::GetKeys, &[&buckets, &names]).await?;
    let mut entries: Vec<Option<Entry>> = keys.iter().map(|_| None).collect();
    for row in &rows {
        let number: i64 = row.try_get(3)?;
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let (Some(place), Some(key)) = (entries.get_mut(index), keys.get(index)) else {
            let what = format!("there is no key {number} among {}", keys.len());
            return Err(Failure::Damaged(what));
        };
        *place = Some(entry(key.clone(), row)?);
    }
    Ok(entries)
}

/// Entries of one bucket in the order of their names.
pub(crate) async fn list(session: &Session, range: &KeyRange) -> Result<Vec<Entry>, Failure> {
    let KeyRange {
        bucket,
        prefix,
        after,
        limit,
    } = range;
    let end = after_all_with(prefix);
    let limit = bound(*limit as u64);
    let rows = session
        .query(Which::ListKeys, &[bucket, prefix, after, &end, &limit])
        .await?;
    let entry = |row: &Row| entry(Key::new(bucket, row.try_get::<_, String>(3)?), row);
    rows.iter().map(entry).collect()
}

/// The first text that comes after all with this prefix, where there is one.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut rest: Vec<char> = prefix.chars().collect();
    while let Some(last) = rest.pop() {
        let mut next = last..=char::MAX;
        if let Some(after) = next.nth(1) {
            rest.push(after);
            return Some(rest.into_iter().collect());
        }
    }
    None
}

fn entry(key: Key, row: &Row) -> Result<Entry, Failure> {
    let revision: i64 = row.try_get(0)?;
    let expires_at: Option<Moment> = row.try_get(1)?;
    Ok(Entry {
        key,
        value: row.try_get(2)?,
        revision: Revision::new(revision.unsigned_abs()),
        expires_at: expires_at.map(Into::into),
    })
}

/// What became of a batch: the revisions, or why nothing was written.
pub(crate) type Outcome = Result<Vec<Option<Revision>>, WriteError>;

/// Makes all the changes or none. Later ones see what earlier ones did.
pub(crate) async fn write(session: &Session, batch: &[Write]) -> Result<Outcome, Failure> {
    let keys = || batch.iter().map(|write| &write.key);
    let buckets: Vec<&str> = keys().map(|key| key.bucket.as_str()).collect();
    let names: Vec<&str> = keys().map(|key| key.name.as_str()).collect();
    let expected: Vec<i64> = batch
        .iter()
        .map(|write| expectation(write.expected))
        .collect();
    let values: Vec<Option<&[u8]>> = batch.iter().map(|write| write.value.as_deref()).collect();
    let lifetimes: Vec<Option<i64>> = batch
        .iter()
        .map(|write| write.expires_after.map(lifetime))
        .collect();
    let parameters: [Parameter<'_>; 6] = [
        &buckets,
        &names,
        &expected,
        &values,
        &lifetimes,
        &waves(batch),
    ];
    let rows = match session.query(Which::WriteKeys, &parameters).await {
        Ok(rows) => rows,
        Err(failure) => {
            return refusal(batch, &failure).map_or(Err(failure), |error| Ok(Err(error)));
        }
    };
    let row = rows
        .first()
        .ok_or_else(|| Failure::Damaged("no revisions came back".to_owned()))?;
    let revisions: Vec<Option<i64>> = row.try_get(0)?;
    let revision = |revision: i64| Revision::new(revision.unsigned_abs());
    let revisions = revisions.into_iter().map(|given| given.map(revision));
    Ok(Ok(revisions.collect()))
}

/// As the function has it.
fn expectation(expected: Expected) -> i64 {
    match expected {
        Expected::Absent => 0,
        Expected::Revision(revision) => match i64::try_from(revision.get()) {
            Ok(revision) if revision > 0 => revision,
            // No key ever has it.
            _ => i64::MAX,
        },
        _ => -1,
    }
}

/// In microseconds, and not longer than Postgres can count.
fn lifetime(time: Duration) -> i64 {
    const LONGEST: Duration = Duration::from_hours(24 * 365 * 1_000);
    i64::try_from(time.min(LONGEST).as_micros()).unwrap_or(i64::MAX)
}

/// Where the batch has to be cut so that no key occurs twice between two cuts.
fn waves(batch: &[Write]) -> Vec<i32> {
    let mut ends = Vec::new();
    let mut keys = HashSet::new();
    for (write, index) in batch.iter().zip(0..) {
        if !keys.insert(&write.key) {
            ends.push(index);
            keys.clear();
            keys.insert(&write.key);
        }
    }
    ends.push(i32::try_from(batch.len()).unwrap_or(i32::MAX));
    ends
}

/// What the function found a key to be that is not as it has to be.
fn refusal(batch: &[Write], failure: &Failure) -> Option<WriteError> {
    let said = failure.said().filter(|said| said.code().code() == UNMET)?;
    let (index, revision) = said.detail()?.split_once(' ')?;
    let write = batch.get(index.parse::<usize>().ok()?)?;
    let revision: u64 = revision.parse().ok()?;
    let actual = (revision > 0).then(|| Revision::new(revision));
    let key = write.key.clone();
    Some(WriteError::revision(key, write.expected, actual))
}

/// Whether Postgres can store it: no text has a NUL character there.
fn is_storable(key: &Key) -> bool {
    !key.bucket.contains('\0') && !key.name.contains('\0')
}

/// Refuses what Postgres cannot store.
pub(crate) fn check(batch: &[Write]) -> Result<(), StoreError> {
    let odd = batch.iter().find(|write| !is_storable(&write.key));
    match odd {
        None => Ok(()),
        Some(write) => {
            let message = format!(
                "failed to write key {:?}: it has a NUL character, which Postgres cannot store",
                write.key.to_string()
            );
            Err(StoreError::new(StoreErrorKind::Unsupported, message))
        }
    }
}
