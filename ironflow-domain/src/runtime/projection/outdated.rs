//! Deleting the views of generations that nobody asks for any more.

use crate::Projection;
use crate::runtime::projection::checkpoint;
use crate::runtime::projection::follow::Following;
use crate::runtime::projection::head::{SeenHead, views_of};
use crate::runtime::projection::parked;
use crate::runtime::projection::tables::write_head;
use crate::runtime::projection::trouble::Trouble;
use crate::store::{Expected, KeyRange, Write};

/// How many outdated views to delete at once.
const DELETED_AT_ONCE: usize = 500;

impl<P: Projection> Following<P> {
    /// Whether there are some, and it is up to this process.
    pub(super) fn deletes_outdated_views(&self) -> bool {
        let SeenHead { head, revision } = &*self.head.borrow();
        head.serving == self.generation
            && !head.outdated.is_empty()
            && Some(*revision) > self.deleted_since
    }

    /// Deletes some of them. Nobody writes to them any more: what is written to a generation is
    /// guarded by its checkpoint, and that goes first.
    pub(super) async fn delete_outdated_views(&mut self) -> Result<(), Trouble> {
        let SeenHead { mut head, revision } = self.head.borrow().clone();
        let Some(outdated) = head.outdated.first().copied() else {
            return Ok(());
        };
        let some = |bucket| KeyRange::bucket(bucket).limit(DELETED_AT_ONCE);
        let mut entries = self.store.list(some(views_of(P::NAME, outdated))).await?;
        if entries.is_empty() {
            let parked = some(parked::bucket(P::NAME, outdated));
            entries = self.store.list(parked).await?;
        }
        let mut batch = vec![Write::delete(checkpoint::key(P::NAME, outdated))];
        if !entries.is_empty() {
            batch.extend(entries.into_iter().map(|entry| Write::delete(entry.key)));
            self.store.write(batch).await?;
            return Ok(());
        }
        let before = head.clone();
        head.is_deleted(outdated);
        // Where others have changed it meanwhile, there is another time.
        self.deleted_since = Some(revision);
        let expected = Expected::Revision(revision);
        let heads = (Some(&before), &head);
        let written = write_head(&*self.store, P::NAME, heads, expected, batch).await;
        match written.map_err(Trouble::from) {
            Ok(_) | Err(Trouble::Overtaken) => {}
            Err(error) => return Err(error),
        }
        self.lookout.look();
        Ok(())
    }
}
