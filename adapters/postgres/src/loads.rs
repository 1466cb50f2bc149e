//! Reading many streams in one journey.
//!
//! To load an aggregate takes little work and a journey to the server, and so does each of many
//! that are loaded at the same time.

use std::sync::Arc;

use ironflow_domain::StreamId;
use ironflow_domain::store::{ReadStream, StreamPage};
use tokio::runtime::Handle;

use crate::connections::Connections;
use crate::error::Failure;
use crate::lanes::{Lanes, Together};
use crate::row::Columns;
use crate::session::Session;
use crate::statements::Which;
use crate::streams;
use crate::values::bound;

/// The most streams that are read together, so that the first one does not wait long for the last.
const MOST: usize = 64;
/// How many of such journeys are on their way at the same time. The others wait for one of them to
/// end, and go together then.
const JOURNEYS: usize = 2;

/// A page to be read.
pub(crate) struct Load {
    pub(crate) stream: StreamId,
    pub(crate) read: ReadStream,
}

/// Reads pages of streams, forward.
pub(crate) type Loads = Lanes<Journeys>;

impl Loads {
    pub(crate) fn on(readers: &Arc<Connections>, runtime: Handle) -> Self {
        let readers = Arc::clone(readers);
        Self::new(Journeys { readers }, JOURNEYS, runtime)
    }
}

/// What goes together.
#[derive(Default)]
pub(crate) struct Journey {
    loads: usize,
    payload_only: bool,
}

/// How journeys are made.
pub(crate) struct Journeys {
    readers: Arc<Connections>,
}

impl Together for Journeys {
    type One = Load;
    type Answer = Result<StreamPage, Failure>;
    type Group = Journey;
    type Held = ();

    fn goes_with(&self, journey: &mut Journey, load: &Load, (): &()) -> bool {
        if journey.loads == 0 {
            journey.payload_only = load.read.payload_only;
        }
        if journey.loads == MOST || journey.payload_only != load.read.payload_only {
            return false;
        }
        journey.loads += 1;
        true
    }

    async fn make(&self, _: usize, all: &[Load]) -> Vec<Self::Answer> {
        if let [Load { stream, read }] = all {
            let page =
                |session: Arc<Session>| async move { streams::read(&session, stream, *read).await };
            return vec![self.readers.read(page).await];
        }
        let pages = |session: Arc<Session>| async move { read(&session, all).await };
        match self.readers.read(pages).await {
            Ok(pages) => pages.into_iter().map(Ok).collect(),
            Err(failure) => all.iter().map(|_| Err(failure.clone())).collect(),
        }
    }
}

async fn read(session: &Session, all: &[Load]) -> Result<Vec<StreamPage>, Failure> {
    let names: Vec<&str> = all.iter().map(|load| load.stream.as_str()).collect();
    let from: Vec<i64> = all.iter().map(|load| bound(load.read.from.get())).collect();
    let limits: Vec<i64> = all
        .iter()
        .map(|load| streams::one_more(&load.read))
        .collect();
    let payload_only = all.iter().all(|load| load.read.payload_only);
    let which = if payload_only {
        Which::ReadPayloadsTogether
    } else {
        Which::ReadTogether
    };
    let mut rows = session.stream(which, &[&names, &from, &limits]).await?;
    let mut pages: Vec<StreamPage> = all.iter().map(|_| StreamPage::default()).collect();
    while let Some(row) = rows.next().await? {
        let number: i64 = row.try_get(0)?;
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let (Some(page), Some(load)) = (pages.get_mut(index), all.get(index)) else {
            let what = format!("there is no stream {number} among {}", all.len());
            return Err(Failure::Damaged(what));
        };
        streams::take(page, Columns::from(&row, 1), &load.stream, &load.read)?;
    }
    Ok(pages)
}
