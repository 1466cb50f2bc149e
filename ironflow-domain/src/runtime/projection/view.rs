//! Asking for what a projection keeps.

use std::any::TypeId;

use serde_json::value::RawValue;

use crate::model::projection::State;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::head::{SeenHead, view_key};
use crate::store::{KeyValueStore, StoreError};
use crate::{Position, Projection, View};

/// A view could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// What is stored does not have the shape of the view's type.
    #[error(
        "the view {key} of projection {projection} does not fit its type: raise the `version` in \
         `#[projection(\"{projection}\", version = …)]`, to fill new views from the start of the log"
    )]
    #[non_exhaustive]
    Unreadable {
        /// The projection.
        projection: String,
        /// The view.
        key: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// What is stored was filled by a program in which the projection is another: in the shape of
    /// its state, in the categories it reads, or in its version. Follow it here, to fill views of
    /// this one.
    #[error("the views of projection {projection} are not this program's: {changes}")]
    #[non_exhaustive]
    OtherShape {
        /// The projection.
        projection: String,
        /// What has changed.
        changes: String,
    },
    /// The views are being filled from the start of the log, since what they depend on has changed,
    /// and are not complete yet.
    #[error(
        "the views of projection {projection} are being filled: they are at position {position} of \
         the log"
    )]
    #[non_exhaustive]
    Rebuilding {
        /// The projection.
        projection: String,
        /// How far they are.
        position: Position,
    },
    /// The views that this process follows have been deleted: others have replaced them twice since.
    #[error(
        "generation {generation} of the views of projection {projection} has been deleted: \
         generation {serving} serves now"
    )]
    #[non_exhaustive]
    Deleted {
        /// The projection.
        projection: String,
        /// The generation that is asked for here.
        generation: u32,
        /// The generation that serves.
        serving: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a stored view as `S`.
pub(crate) async fn read_view<S: serde::de::DeserializeOwned>(
    store: &(impl KeyValueStore + ?Sized),
    projection: &str,
    generation: u32,
    key: &str,
) -> Result<Option<View<S>>, QueryError> {
    let key_of_view = view_key(projection, generation, key);
    let Some(entry) = store.get(&key_of_view).await? else {
        return Ok(None);
    };
    parse_view(projection, key, &entry.value).map(Some)
}

/// Reads what is stored of a view as `S`.
pub(crate) fn parse_view<S: serde::de::DeserializeOwned>(
    projection: &str,
    key: &str,
    stored: &[u8],
) -> Result<View<S>, QueryError> {
    serde_json::from_slice(stored).map_err(|source| QueryError::Unreadable {
        projection: projection.to_owned(),
        key: key.to_owned(),
        source,
    })
}

impl<X> Ironflow<X> {
    /// The state of one view; nothing where no event has reached it.
    ///
    /// # Errors
    ///
    /// As those of [`view`](Self::view).
    pub async fn query<P: Projection>(&self, key: &P::Key) -> Result<Option<P>, QueryError> {
        Ok(self.view::<P>(key).await?.map(|view| view.state))
    }

    /// One view with the event that last changed it; nothing where no event has reached it.
    ///
    /// It is one of those that were filled by the same definition of `P`, the ones that serve where
    /// there are several.
    ///
    /// # Errors
    ///
    /// [`QueryError::OtherShape`] when the views were filled by a program in which the projection
    /// is another, [`QueryError::Rebuilding`] when those of this one are not complete yet,
    /// [`QueryError::Deleted`] when the ones this process follows are gone,
    /// [`QueryError::Unreadable`] when what is stored does not fit the type all the same.
    pub async fn view<P: Projection>(&self, key: &P::Key) -> Result<Option<View<P>>, QueryError> {
        // The text is made before the await, so that a key that cannot cross threads can still be
        // asked for.
        let key = key.to_string();
        self.view_named::<P>(&key).await
    }

    pub(super) async fn view_named<P: Projection>(
        &self,
        key: &str,
    ) -> Result<Option<View<P>>, QueryError> {
        match self.generation_of::<P>().await? {
            Some(generation) => {
                let view = self.read::<State<P>>(P::NAME, generation, key).await?;
                Ok(view.map(|view| view.map(|state| state.0)))
            }
            None => Ok(None),
        }
    }

    /// One view by the name of its projection, its state as the stored JSON: of the views that answer
    /// here, or else of those that serve.
    ///
    /// # Errors
    ///
    /// [`QueryError::Deleted`] when the views this process follows are gone.
    pub async fn view_json(
        &self,
        projection: &str,
        key: &str,
    ) -> Result<Option<View<Box<RawValue>>>, QueryError> {
        let generation = match self.projections().get(projection) {
            Some(followed) => followed.complete().unwrap_or_else(|| followed.serving()),
            None => match SeenHead::read(self.store(), projection).await? {
                Some(SeenHead { head, .. }) => head.serving,
                None => return Ok(None),
            },
        };
        self.read(projection, generation, key).await
    }

    /// The views of `P`: those that answer here, or else those that fit. Nothing where there are none.
    pub(super) async fn generation_of<P: Projection>(&self) -> Result<Option<u32>, QueryError> {
        let other_shape = |changes: String| QueryError::OtherShape {
            projection: P::NAME.to_owned(),
            changes,
        };
        if let Some(followed) = self.projections().get(P::NAME) {
            if followed.state != TypeId::of::<P>()
                && let Some(changes) = self.definition::<P>().changes(&followed.definition)
            {
                return Err(other_shape(changes));
            }
            let generation = followed.complete();
            return generation.map(Some).ok_or_else(|| QueryError::Rebuilding {
                projection: P::NAME.to_owned(),
                position: followed.status.borrow().position,
            });
        }
        let Some(SeenHead { head, .. }) = SeenHead::read(self.store(), P::NAME).await? else {
            return Ok(None);
        };
        let definition = self.definition::<P>();
        let other_shape = || {
            let serving = head.serving();
            let changes = serving.and_then(|serving| definition.changes(&serving.definition));
            other_shape(changes.unwrap_or_default())
        };
        let fitting = head.fitting(&definition).ok_or_else(other_shape)?;
        if fitting.number == head.serving {
            return Ok(Some(fitting.number));
        }
        let checkpoint = Checkpoint::read(self.store(), P::NAME, fitting.number).await?;
        let progress = checkpoint.ok_or_else(other_shape)?.progress;
        if fitting.is_building {
            return Err(QueryError::Rebuilding {
                projection: P::NAME.to_owned(),
                position: progress.position,
            });
        }
        // Where nobody follows them any more, they are not what the log says.
        progress.owner.ok_or_else(other_shape)?;
        Ok(Some(fitting.number))
    }

    /// Reads a view of a generation. One that is not there must not be one that was deleted.
    async fn read<S: serde::de::DeserializeOwned>(
        &self,
        projection: &str,
        generation: u32,
        key: &str,
    ) -> Result<Option<View<S>>, QueryError> {
        let view = read_view(self.store(), projection, generation, key).await?;
        if view.is_some() {
            return Ok(view);
        }
        match SeenHead::read(self.store(), projection).await? {
            Some(SeenHead { head, .. }) if head.generation(generation).is_none() => {
                Err(QueryError::Deleted {
                    projection: projection.to_owned(),
                    generation,
                    serving: head.serving,
                })
            }
            _ => Ok(None),
        }
    }
}
