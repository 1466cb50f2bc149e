//! Reading the log page by page.

use std::sync::atomic::Ordering;

use ironflow_domain::store::{Append, ExpectedVersion, NewEvent, ReadLog, StreamStore};
use ironflow_domain::{EventId, Ironflow, LogReader, Metadata, Position, SchemaVersion};

use crate::faulty::Faulty;

/// Five appends of one event each.
async fn with_five_events() -> Faulty {
    let store = Faulty::default();
    for number in 1..=5 {
        let event = NewEvent {
            id: EventId::from_bytes([number; 16]),
            name: "thing.happened".into(),
            schema_version: SchemaVersion::new(1),
            source: "test".into(),
            data: "{}".to_owned(),
            metadata: Metadata::default(),
        };
        let append = Append {
            stream: "thing-1".parse().unwrap(),
            expected: ExpectedVersion::Any,
            events: vec![event],
        };
        store.append(append).await.unwrap();
    }
    store
}

/// The first bytes of the ids of the events in the next page; nothing where there is none.
async fn next(log: &mut LogReader) -> Option<Vec<u8>> {
    let page = log.next().await.unwrap()?;
    let ids = page.events.iter().map(|event| event.id.as_bytes()[0]);
    Some(ids.collect())
}

#[tokio::test]
async fn after_an_error_it_goes_on_with_the_page_that_failed() {
    let store = with_five_events().await;
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let mut log = ironflow.log(ReadLog::after(Position::START).limit(2));
    store.refused_log_reads.store(1, Ordering::SeqCst);
    assert!(log.next().await.is_err(), "the first page is asked for");
    store.refused_log_reads.store(1, Ordering::SeqCst);
    assert!(log.next().await.is_err(), "and again");
    assert_eq!(next(&mut log).await.unwrap(), [1, 2]);
    // The next one is on its way already, and has not begun.
    store.refused_log_reads.store(1, Ordering::SeqCst);
    assert!(log.next().await.is_err(), "the page that was read ahead");
    assert_eq!(next(&mut log).await.unwrap(), [3, 4]);
    assert_eq!(next(&mut log).await.unwrap(), [5]);
    assert_eq!(next(&mut log).await, None);
    assert_eq!(next(&mut log).await, None, "and stays at its end");
}
