//! How far projections are behind, and which there are.

use crate::runtime::ironflow::Ironflow;
use crate::runtime::lag::{Lag, names_in};
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::head::{self, SeenHead};
use crate::runtime::projection::operate::OperationError;

impl<X> Ironflow<X> {
    /// How far a projection is behind, in whatever process it is followed. It reads the log after the
    /// views' position: to be asked every now and then.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn projection_lag(&self, projection: &str) -> Result<Lag, OperationError> {
        let unknown = || OperationError::Unknown {
            projection: projection.to_owned(),
        };
        let followed = self.projections().get(projection);
        let generation = self.generation_by_name(projection).await?;
        let seen = SeenHead::read(self.store(), projection).await?;
        let SeenHead { head, .. } = seen.ok_or_else(unknown)?;
        let generation = head.generation(generation).ok_or_else(unknown)?;
        let checkpoint = Checkpoint::read(self.store(), projection, generation.number).await?;
        let mut position = checkpoint.ok_or_else(unknown)?.progress.position;
        if let Some(followed) = followed {
            let status = followed.status.borrow();
            // What has changed no view need not be written.
            if status.generation == generation.number {
                position = position.max(status.position);
            }
        }
        Ok(self.lag(position, generation.definition.reads()).await?)
    }

    /// The names of all projections that some process has followed, in their order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn projection_names(&self) -> Result<Vec<String>, OperationError> {
        Ok(names_in(self.store(), head::BUCKET).await?)
    }
}
