//! Appending what a sentence says has happened.

use std::fmt::Display;

use ironflow_domain::{Event, Metadata, StreamId, Timestamp};

use crate::log::Log;
use crate::scenario::story::Story;
use crate::scenario::{Happened, story};

/// Appends what has happened to the stream of an aggregate. Says whether that was anything.
#[track_caller]
pub(crate) fn append<E: Event>(
    story: &mut Story,
    log: &mut Log,
    (now, metadata): (Timestamp, &Metadata),
    id: impl Display,
    happened: impl Happened<E>,
) -> bool {
    let stream = match StreamId::new(E::CATEGORY, id) {
        Ok(stream) => stream,
        Err(error) => story.fail(
            "that cannot be what an aggregate is called",
            &[("But", story::chain(&error))],
        ),
    };
    let version = log.next_version(&stream);
    let told = happened.append(&stream, version, story);
    let before = log.appends().len();
    let metadata = told
        .metadata
        .unwrap_or_else(|| of_the_next_command(metadata.clone(), before, now));
    let metadata = match serde_json::to_string(&metadata) {
        Ok(metadata) => metadata,
        Err(error) => story.fail(
            "the metadata cannot be stored",
            &[("But", story::chain(&error))],
        ),
    };
    log.append(stream, told.payloads, metadata, told.time.unwrap_or(now));
    log.appends().len() > before
}

/// What a command would have left there, as far as nothing else was said.
fn of_the_next_command(mut metadata: Metadata, before: usize, now: Timestamp) -> Metadata {
    let command = || format!("command-{}", before + 1);
    let cause = metadata.causation_id.get_or_insert_with(command).clone();
    metadata.correlation_id.get_or_insert(cause);
    metadata.issued_at.get_or_insert(now);
    metadata
}
