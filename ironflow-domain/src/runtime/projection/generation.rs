//! Generations of views: where the definition of a projection has changed, new views are filled
//! beside the old ones.

use crate::runtime::projection::checkpoint::{Checkpoint, Progress};
use crate::runtime::projection::definition::Definition;
use crate::store::{Expected, Key, Store, StoreError, StoreErrorKind, WriteError};

/// Finds the generation of views that fits the definition: the one that is there, or a new one.
///
/// The checkpoint's revision decides between programs that begin one at the same time: whoever
/// loses looks again, and goes on with the winner's where that fits.
pub(crate) async fn find_or_begin(
    store: &dyn Store,
    projection: &str,
    definition: &Definition,
) -> Result<Checkpoint, StoreError> {
    loop {
        let (progress, expected, reason) = match Checkpoint::read(store, projection).await? {
            None => (Progress::first(definition.clone()), Expected::Absent, None),
            Some(Checkpoint { progress, revision }) => {
                let Some(reason) = progress.definition.changes(definition) else {
                    return Ok(Checkpoint { progress, revision });
                };
                let next = progress.next(definition.clone());
                (next, Expected::Revision(revision), Some(reason))
            }
        };
        let revisions = match store
            .write(vec![progress.write(projection, expected)?])
            .await
        {
            Ok(revisions) => revisions,
            Err(WriteError::Revision { .. }) => continue,
            Err(WriteError::Store(error)) => return Err(error),
        };
        if let Some(reason) = reason {
            let generation = progress.generation;
            tracing::info!(
                projection,
                generation,
                reason,
                "projection fills new views from the start of the log"
            );
        }
        let revision = revisions.last().copied().flatten().ok_or_else(|| {
            let doing = format!("the checkpoint of projection {projection} got no revision");
            StoreError::new(StoreErrorKind::Other, doing)
        })?;
        return Ok(Checkpoint { progress, revision });
    }
}

/// Where the views of a generation are kept.
pub(crate) fn views_of(projection: &str, generation: u32) -> String {
    format!("projection/{projection}/{generation}")
}

/// Where one of them is kept.
pub(crate) fn view_key(projection: &str, generation: u32, partition: &str) -> Key {
    Key::new(views_of(projection, generation), partition)
}
