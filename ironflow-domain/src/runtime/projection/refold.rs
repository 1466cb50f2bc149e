//! Parking views, and filling them again from the log.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::model::projection::{State, Unapplied};
use crate::runtime::projection::fold::{InMemory, fold};
use crate::runtime::projection::follow::Following;
use crate::runtime::projection::head::view_key;
use crate::runtime::projection::parked::{self, ATTEMPTS, Parked, ParkedEvent, ParkedView};
use crate::runtime::projection::trouble::Trouble;
use crate::runtime::trying::full_text;
use crate::store::{Store, Write};
use crate::{Position, Projection, Unpartitioned, View};

/// A parked view that is filled again, in a task of its own: the others go on meanwhile.
pub(super) struct Refold<P> {
    key: String,
    /// Up to where.
    to: Position,
    task: JoinHandle<Result<Filled<P>, Trouble>>,
}

/// The view, which there is not where no event has reached it.
type Filled<P> = Option<View<State<P>>>;

impl<P> Drop for Refold<P> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<P: Projection> Following<P> {
    /// Why the only view there is does not change any more.
    pub(super) fn stuck(parked: &Parked) -> Option<String> {
        let parked = parked.get(&Unpartitioned.to_string())?;
        parked.event.as_ref().map(|event| event.error.clone())
    }

    /// Reads what is parked, where that is not known.
    pub(super) async fn look_at_parked(&mut self) -> Result<(), Trouble> {
        if self.parked.is_none() {
            self.parked = Some(match self.progress.parked {
                0 => Parked::new(),
                _ => parked::read_all(&*self.store, P::NAME, self.generation).await?,
            });
        }
        Ok(())
    }

    /// Whether somebody wants a parked view to be filled again.
    pub(super) fn has_retried(&self) -> bool {
        let mut parked = self.parked.iter().flatten();
        parked.any(|(_, view)| view.is_retried)
    }

    /// Parks the view that an event could not be applied to, once that was tried often enough. Other
    /// trouble, and that before, is given back.
    pub(super) async fn fails_at_a_view(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        let Some((event, key)) = trouble.at_a_view() else {
            return Err(trouble);
        };
        let attempts = match &self.failing {
            Some((at, of, attempts)) if *at == event && of == key => attempts + 1,
            // All of the append was tried often enough. Without the event that was taken to be at
            // fault, what comes before it is refused as well.
            _ if self.parking.as_deref() == Some(key) => ATTEMPTS,
            _ => 1,
        };
        let key = key.to_owned();
        self.failing = Some((event, key.clone(), attempts));
        if attempts < ATTEMPTS {
            return Err(trouble);
        }
        let all = parked::read_all(&*self.store, P::NAME, self.generation).await?;
        let error = full_text(&trouble);
        let view = if let Some(event) = trouble.event() {
            ParkedView::at(key, ParkedEvent::new(event.clone(), error), self.position)
        } else {
            // It cannot be told which event has made it so: none of them is in it.
            let Some(recorded) = self.store.find_event(event).await? else {
                return Err(trouble);
            };
            let event = ParkedEvent::of(&recorded, error);
            ParkedView::before_all(key, event, self.position)
        };
        let event = view.event.as_ref().map(|event| &*event.error);
        tracing::error!(
            projection = P::NAME,
            key = view.key,
            error = event,
            "view is parked"
        );
        self.failing = None;
        self.parking = Some(view.key.clone());
        self.besides
            .push(parked::write(&view, P::NAME, self.generation)?);
        let parked = self.parked.insert(all);
        parked.insert(view.key.clone(), view);
        Ok(())
    }

    /// Whether the trouble is with an event that is tried some more times.
    pub(super) fn is_tried_again(&self, trouble: &Trouble) -> bool {
        trouble.at_a_view().is_some() && self.failing.is_some()
    }

    /// Fills parked views again that somebody wants to be, one after the other.
    pub(super) async fn retry_parked_views(&mut self) -> Result<(), Trouble> {
        // What is not written yet comes first.
        if !self.views.changed().is_empty() || self.taken.read_to > self.position {
            return Ok(());
        }
        let Some(parked) = &self.parked else {
            return Ok(());
        };
        match self.refold.take() {
            Some(refold) if refold.task.is_finished() => self.finish(refold).await,
            Some(refold) => {
                self.refold = Some(refold);
                Ok(())
            }
            None if Self::fills_tables() => {
                let retried = parked.values().find(|parked| parked.is_retried).cloned();
                match retried {
                    Some(parked) => self.refill_tables(parked).await,
                    None => Ok(()),
                }
            }
            None => {
                let Some(parked) = parked.values().find(|parked| parked.is_retried).cloned() else {
                    return Ok(());
                };
                self.begin(parked).await
            }
        }
    }

    async fn begin(&mut self, parked: ParkedView) -> Result<(), Trouble> {
        let key = parked.key.clone();
        let stored = self.read_views(&[&key]).await?.remove(&*key);
        let view = stored.filter(|_| parked.keeps_what_is_stored());
        let (store, to) = (Arc::clone(&self.store), self.position);
        let done = Arc::clone(&self.refolded);
        let from = parked.read_from();
        let task = tokio::spawn(async move {
            let filled = fill::<P>(&store, &parked, view, from, to).await;
            done.notify_one();
            filled
        });
        self.refold = Some(Refold { key, to, task });
        Ok(())
    }

    /// Takes what was recorded since into the view, too, and writes it.
    async fn finish(&mut self, mut refold: Refold<P>) -> Result<(), Trouble> {
        let (key, to) = (std::mem::take(&mut refold.key), refold.to);
        let filled = match (&mut refold.task).await {
            Ok(filled) => filled,
            Err(error) => return Err(Trouble::ShuttingDown(error)),
        };
        let Some(parked) = self.parked.as_mut().and_then(|parked| parked.remove(&key)) else {
            return Ok(());
        };
        let filled = match filled {
            Ok(view) => fill(&self.store, &parked, view, to, self.position).await,
            failed => failed,
        };
        match filled {
            Ok(view) => {
                self.besides
                    .push(Write::delete(parked::key(P::NAME, self.generation, &key)));
                // What was known of it is not so any more.
                drop(self.views.take(&key));
                if let Some(view) = view {
                    self.views.change([(key, view)]);
                } else {
                    let view = view_key(P::NAME, self.generation, &key);
                    self.besides.push(Write::delete(view));
                }
            }
            Err(Trouble::Event(Unapplied::Unprojected { event, key, panic })) => {
                let error = Unapplied::Unprojected { event, key, panic };
                let text = error.to_string();
                let Unapplied::Unprojected { event, key, .. } = error else {
                    return Ok(());
                };
                let failed = parked.failed_again(ParkedEvent::new(*event, text));
                self.besides
                    .push(parked::write(&failed, P::NAME, self.generation)?);
                if let Some(parked) = &mut self.parked {
                    parked.insert(key, failed);
                }
            }
            Err(trouble) => return Err(trouble),
        }
        self.write_views(false).await
    }
}

/// Takes the events between two positions into a parked view, but for those that it has already, and
/// those that it is to do without.
async fn fill<P: Projection>(
    store: &Arc<dyn Store>,
    parked: &ParkedView,
    view: Filled<P>,
    from: Position,
    to: Position,
) -> Result<Filled<P>, Trouble> {
    let key = &parked.key;
    let view = view.map(|view| (key.clone(), view));
    let mut views: InMemory<P> = view.into_iter().collect();
    fold(store, &mut views, (from, Some(to)), |of, event| {
        of != key || parked.has(event) || parked.skips(event)
    })
    .await?;
    Ok(views.remove(key))
}
