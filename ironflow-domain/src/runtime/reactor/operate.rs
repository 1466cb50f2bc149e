//! What operators do with reactors.
//!
//! It can be done from any process. Whoever reacts sees it within its poll interval.

use std::time::SystemTime;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::reactor::operations::{self, ReactorOperation};
use crate::runtime::reactor::parked::{self, Kept, ParkedReaction};
use crate::runtime::reactor::paused;
use crate::runtime::reactor::place::{self, Place};
use crate::store::{Expected, StoreError, Write, WriteError};
use crate::{EventId, Position, Reactor};

/// An operation on a reactor did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReactorError {
    /// There is no reactor of that name: nobody has started it yet.
    #[error("there is no reactor {reactor}: it is there once a process has started it")]
    #[non_exhaustive]
    Unknown {
        /// The name.
        reactor: String,
    },
    /// The event is not parked.
    #[error("event {event} is not parked by reactor {reactor}")]
    #[non_exhaustive]
    NotParked {
        /// The reactor.
        reactor: String,
        /// The event.
        event: EventId,
    },
    /// Its type does not say that it may do anything again.
    #[error(
        "reactor {reactor} may not do it all again; where that is harmless, say so: \
         `#[reactor(\"{reactor}\", repeatable, …)]`"
    )]
    #[non_exhaustive]
    NotRepeatable {
        /// The reactor.
        reactor: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<X> Ironflow<X> {
    /// The events that a reactor failed at, in the order of their streams. Later events of these
    /// streams wait for them.
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn parked_reactions(
        &self,
        reactor: &str,
    ) -> Result<Vec<ParkedReaction>, ReactorError> {
        self.place_of(reactor).await?;
        let parked = parked::read_all(self.store(), reactor).await?;
        Ok(parked.into_values().map(|kept| kept.reaction).collect())
    }

    /// Tries a parked event again, and then what its stream has missed. Whoever reacts does that; where
    /// it fails again, the stream stays parked.
    ///
    /// # Errors
    ///
    /// When the event is not parked, or the store fails.
    pub async fn retry_reaction(&self, reactor: &str, event: EventId) -> Result<(), ReactorError> {
        self.wish(reactor, event, None).await
    }

    /// Goes on without a parked event: what it should have led to never happens. The events after it
    /// in its stream are reacted to. That, and the reason, is
    /// [recorded](Self::reactor_operations).
    ///
    /// # Errors
    ///
    /// When the event is not parked, or the store fails.
    pub async fn skip_reaction(
        &self,
        reactor: &str,
        event: EventId,
        reason: impl Into<String>,
    ) -> Result<(), ReactorError> {
        tracing::warn!(reactor, %event, "an event is skipped by a reactor");
        self.wish(reactor, event, Some(reason.into())).await
    }

    /// Reacts again to all that comes after a position, with the same event ids. What is parked there is
    /// forgotten, and tried again like the rest.
    ///
    /// # Errors
    ///
    /// [`ReactorError::NotRepeatable`] unless the reactor's attribute says `repeatable`. When nobody
    /// has started it yet, or the store fails.
    pub async fn repeat_reactions<R: Reactor>(
        &self,
        after: Position,
        reason: impl Into<String>,
    ) -> Result<(), ReactorError> {
        if !R::REPEATABLE {
            return Err(ReactorError::NotRepeatable {
                reactor: R::NAME.to_owned(),
            });
        }
        let (store, reason) = (self.store(), reason.into());
        loop {
            let (before, revision) = self.place_of(R::NAME).await?;
            let mut parked = parked::read_all(store, R::NAME).await?;
            let is_repeated = |kept: &Kept| kept.reaction.event.position > after;
            let forgotten = parked.extract_if(.., |_, kept| is_repeated(kept));
            let forgotten = forgotten.map(|(stream, _)| parked::key(R::NAME, &stream));
            let mut batch: Vec<Write> = forgotten.map(Write::delete).collect();
            let operations = operations::read(store, R::NAME).await?;
            let operation = ReactorOperation::Repeated {
                at: SystemTime::now().into(),
                after,
                reason: reason.clone(),
            };
            batch.push(operations.with(operation)?);
            let place = Place {
                reacted: before.reacted,
                parked: parked.len() as u64,
                // Nothing is left out.
                ..Place::after(after.min(before.position))
            };
            // Nobody owns it, so whoever does reads it again.
            batch.push(place.write(R::NAME, Expected::Revision(revision))?);
            if is_written(store.write(batch).await)? {
                return Ok(());
            }
        }
    }

    /// Has a reactor do nothing, in all processes, until [`resume_reactor`](Self::resume_reactor): such
    /// as while what it calls is out of order. It comes to an end with the event it is at, or gives up
    /// trying that one again. That, and the reason, is [recorded](Self::reactor_operations).
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn pause_reactor(
        &self,
        reactor: &str,
        reason: impl Into<String>,
    ) -> Result<(), ReactorError> {
        let reason = reason.into();
        let paused = || ReactorOperation::Paused {
            at: SystemTime::now().into(),
            reason: reason.clone(),
        };
        self.record(reactor, paused::pause(reactor), paused).await
    }

    /// Lets a reactor go on that is paused, or that has stopped at an event.
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn resume_reactor(&self, reactor: &str) -> Result<(), ReactorError> {
        let resumed = || ReactorOperation::Resumed {
            at: SystemTime::now().into(),
        };
        self.record(reactor, paused::resume(reactor), resumed).await
    }

    /// Deletes all that is known of a reactor: how far it has come, what is parked, and what operators
    /// have done. Processes that have it stop reacting; one that is started later begins as with a new
    /// one, unless its type says [otherwise](crate::Reactor) with what is recorded from then on.
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn delete_reactor(&self, reactor: &str) -> Result<(), ReactorError> {
        let store = self.store();
        loop {
            let (_, revision) = self.place_of(reactor).await?;
            let parked = parked::read_all(store, reactor).await?;
            let parked = parked.keys().map(|stream| parked::key(reactor, stream));
            let mut batch: Vec<Write> = parked.map(Write::delete).collect();
            batch.push(paused::resume(reactor));
            batch.push(Write::delete(operations::key(reactor)));
            // Whoever parks something writes this, too.
            let place = Write::delete(place::key(reactor));
            batch.push(place.expecting(Expected::Revision(revision)));
            if is_written(store.write(batch).await)? {
                return Ok(());
            }
        }
    }

    /// Writes something, and records what it is.
    async fn record(
        &self,
        reactor: &str,
        write: Write,
        operation: impl Fn() -> ReactorOperation,
    ) -> Result<(), ReactorError> {
        let store = self.store();
        loop {
            self.place_of(reactor).await?;
            let operations = operations::read(store, reactor).await?;
            let batch = vec![write.clone(), operations.with(operation())?];
            if is_written(store.write(batch).await)? {
                return Ok(());
            }
        }
    }

    /// What operators have told a reactor to do, the last five hundred times, the first of them first.
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn reactor_operations(
        &self,
        reactor: &str,
    ) -> Result<Vec<ReactorOperation>, ReactorError> {
        self.place_of(reactor).await?;
        Ok(operations::read(self.store(), reactor).await?.all)
    }

    /// Records what is to become of a parked event: it is tried again, or skipped for a reason.
    async fn wish(
        &self,
        reactor: &str,
        event: EventId,
        reason: Option<String>,
    ) -> Result<(), ReactorError> {
        let store = self.store();
        loop {
            self.place_of(reactor).await?;
            let parked = parked::read_all(store, reactor).await?;
            let is_meant = |kept: &Kept| kept.reaction.event.id == event;
            let kept = parked.into_values().find(is_meant);
            let Some(Kept { reaction, revision }) = kept else {
                return Err(ReactorError::NotParked {
                    reactor: reactor.to_owned(),
                    event,
                });
            };
            let (at, parked_event) = (SystemTime::now().into(), reaction.event.clone());
            let operation = match reason.clone() {
                Some(reason) => ReactorOperation::Skipped {
                    at,
                    event: parked_event,
                    reason,
                },
                None => ReactorOperation::Retried {
                    at,
                    event: parked_event,
                },
            };
            let skipped = reason.is_some().then_some(event);
            let kept = Kept {
                reaction: reaction.retried(skipped),
                revision,
            };
            let operations = operations::read(store, reactor).await?;
            let batch = vec![parked::write(&kept, reactor)?, operations.with(operation)?];
            if is_written(store.write(batch).await)? {
                return Ok(());
            }
        }
    }

    pub(super) async fn place_of(
        &self,
        reactor: &str,
    ) -> Result<(Place, crate::store::Revision), ReactorError> {
        let place = Place::read(self.store(), reactor).await?;
        place.ok_or_else(|| ReactorError::Unknown {
            reactor: reactor.to_owned(),
        })
    }
}

/// Whether it is written; not where others have changed the same meanwhile.
fn is_written<T>(written: Result<T, WriteError>) -> Result<bool, StoreError> {
    match written {
        Ok(_) => Ok(true),
        Err(WriteError::Revision { .. }) => Ok(false),
        Err(error) => Err(error.of_the_store()),
    }
}
