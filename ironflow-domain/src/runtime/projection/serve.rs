//! What is asked where nothing else is known should be what is followed.

use std::time::Instant;

use crate::Projection;
use crate::runtime::lag::age;
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::follow::Following;
use crate::runtime::projection::head::SeenHead;
use crate::runtime::projection::tables::write_head;
use crate::runtime::projection::trouble::Trouble;
use crate::store::Expected;

impl<P: Projection> Following<P> {
    /// Lets these views serve, where those that do are of another program and nobody follows them any
    /// more: as after going back to the program before.
    pub(super) async fn serve_if_nobody_does(&mut self) -> Result<(), Trouble> {
        let SeenHead { mut head, revision } = self.head.borrow().clone();
        let is_asked = self
            .asked_who_serves
            .is_some_and(|asked| asked.elapsed() < self.times.take_over_after);
        if head.serving == self.generation || !head.is_complete(self.generation) || is_asked {
            return Ok(());
        }
        self.asked_who_serves = Some(Instant::now());
        let serving = Checkpoint::read(&*self.store, P::NAME, head.serving).await?;
        let is_followed = serving.is_some_and(|Checkpoint { progress, .. }| {
            let is_behind = progress.position < self.position;
            let is_late = is_behind && age(progress.at) >= 2 * self.times.take_over_after;
            progress.owner.is_some() && !is_late
        });
        if is_followed {
            return Ok(());
        }
        let before = head.clone();
        head.serve(self.generation);
        let expected = Expected::Revision(revision);
        let heads = (Some(&before), &head);
        let written = write_head(&*self.store, P::NAME, heads, expected, Vec::new()).await;
        match written.map_err(Trouble::from) {
            // Others have changed it meanwhile: there is another time.
            Ok(_) | Err(Trouble::Overtaken) => {}
            Err(error) => return Err(error),
        }
        self.lookout.look();
        Ok(())
    }
}
