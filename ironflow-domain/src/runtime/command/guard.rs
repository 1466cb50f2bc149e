//! Whether what was expected holds, where nothing is recorded and so no store has to look.

use crate::store::{Conflict, ExpectedVersion, ReadLog, Store, StoreError};
use crate::{StreamId, StreamVersion};

/// What is in the way of it; nothing where it holds.
pub(super) async fn unmet(
    store: &dyn Store,
    stream: &StreamId,
    expected: &ExpectedVersion,
) -> Result<Option<Conflict>, StoreError> {
    let info = store.stream_info(stream).await?;
    let actual = info.map_or(StreamVersion::EMPTY, |info| info.version);
    let holds = match expected {
        ExpectedVersion::NothingSince { query, after } => {
            let mut read = ReadLog::after(*after).limit(1);
            read.query = (**query).clone();
            loop {
                let page = store.read_log(read.clone()).await?;
                if page.events.iter().next().is_some() || page.at_end {
                    break page.events.iter().next().is_none();
                }
                read.after = page.read_to;
            }
        }
        expected => expected.holds_at(actual),
    };
    Ok((!holds).then(|| Conflict {
        stream: stream.clone(),
        expected: expected.clone(),
        actual,
    }))
}
