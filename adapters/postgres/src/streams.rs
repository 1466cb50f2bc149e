//! Reading streams.

use futures_util::future::try_join;
use ironflow_domain::store::{
    Direction, EventPage, Key, ListStreams, ReadStream, Resumed, StreamInfo, StreamPage,
};
use ironflow_domain::{EventId, StreamId, StreamVersion};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::key_value;
use crate::row::Columns;
use crate::session::{Parameter, Rows, Session};
use crate::statements::Which;
use crate::values::{Id, Moment, bound};

/// A page of one stream, and a look whether there is more.
pub(crate) async fn read(
    session: &Session,
    stream: &StreamId,
    read: ReadStream,
) -> Result<StreamPage, Failure> {
    let which = match read.direction {
        Direction::Forward if read.payload_only => Which::ReadPayloads,
        Direction::Forward => Which::ReadForward,
        Direction::Backward => Which::ReadBackward,
    };
    let parameters: [Parameter<'_>; 3] =
        [&stream.as_str(), &bound(read.from.get()), &one_more(&read)];
    page(session.stream(which, &parameters).await?, stream, &read).await
}

/// What is kept under a key, and a page of the stream from where it says. Both are asked for before
/// either is answered.
pub(crate) async fn resume(
    session: &Session,
    stream: &StreamId,
    key: &Key,
    read: ReadStream,
) -> Result<Resumed, Failure> {
    let whole = ReadStream {
        direction: Direction::Forward,
        payload_only: false,
        ..read
    };
    let parameters: [Parameter<'_>; 5] = [
        &stream.as_str(),
        &bound(read.from.get()),
        &one_more(&read),
        &key.bucket,
        &key.name,
    ];
    let resumed = async {
        let rows = session.stream(Which::ReadResumed, &parameters).await?;
        page(rows, stream, &whole).await
    };
    let (entry, page) = try_join(key_value::get(session, key), resumed).await?;
    Ok(Resumed { entry, page })
}

/// As many events as a page has and one, to know whether there is more.
pub(crate) fn one_more(read: &ReadStream) -> i64 {
    bound((read.limit.max(1) as u64).saturating_add(1))
}

async fn page(
    mut rows: Rows<'_>,
    stream: &StreamId,
    read: &ReadStream,
) -> Result<StreamPage, Failure> {
    let mut page = StreamPage::default();
    while let Some(row) = rows.next().await? {
        take(&mut page, Columns::from(&row, 0), stream, read)?;
    }
    Ok(page)
}

/// Puts the event in a row into the page; where that is full, it is the one to go on with.
pub(crate) fn take(
    page: &mut StreamPage,
    row: Columns<'_>,
    stream: &StreamId,
    read: &ReadStream,
) -> Result<(), Failure> {
    let event = match read.direction {
        Direction::Forward if read.payload_only => row.payload(stream.as_str())?,
        Direction::Forward | Direction::Backward => row.event()?,
    };
    if page.events.len() == read.limit.max(1) {
        page.next = Some(event.version);
    } else {
        page.events.push(&event);
    }
    Ok(())
}

/// The event with that id, in a page of its own; an empty one where there is none.
pub(crate) async fn find(session: &Session, id: EventId) -> Result<EventPage, Failure> {
    let rows = session.query(Which::FindEvent, &[&Id(id)]).await?;
    let mut page = EventPage::new();
    if let Some(row) = rows.first() {
        page.push(&Columns::from(row, 0).event()?);
    }
    Ok(page)
}

/// What is known about a stream.
pub(crate) async fn info(
    session: &Session,
    stream: &StreamId,
) -> Result<Option<StreamInfo>, Failure> {
    let rows = session
        .query(Which::StreamInfo, &[&stream.as_str()])
        .await?;
    let row = rows.first();
    row.map(|row| known(stream.clone(), row, 0)).transpose()
}

/// Streams in the order of their ids.
pub(crate) async fn list(
    session: &Session,
    list: &ListStreams,
) -> Result<Vec<StreamInfo>, Failure> {
    // A category is all before the first hyphen, so its streams lie together, from `category-` up
    // to `category.`: the point comes right after the hyphen.
    let (from, to) = match &list.category {
        None => (String::new(), None),
        Some(category) if category.contains('-') => return Ok(Vec::new()),
        Some(category) => (format!("{category}-"), Some(format!("{category}."))),
    };
    // No id ends in `-`, so none is left out where the list begins after `category-` itself.
    let after = list.after.as_ref().map_or("", StreamId::as_str).max(&from);
    let limit = bound(list.limit as u64);
    let rows = session
        .query(Which::ListStreams, &[&after, &to, &limit])
        .await?;
    rows.iter()
        .map(|row| {
            let name: &str = row.try_get(0)?;
            let stream = name.parse().map_err(|_| {
                Failure::Damaged(format!(
                    "{name:?} is recorded as a stream, and cannot be one"
                ))
            })?;
            known(stream, row, 1)
        })
        .collect()
}

/// What the columns of a row from `first` on say about a stream.
fn known(stream: StreamId, row: &Row, first: usize) -> Result<StreamInfo, Failure> {
    let version: i64 = row.try_get(first)?;
    let created: Moment = row.try_get(first + 1)?;
    let updated: Moment = row.try_get(first + 2)?;
    Ok(StreamInfo::new(
        stream,
        StreamVersion::new(version.unsigned_abs()),
        created.into(),
        updated.into(),
    ))
}
