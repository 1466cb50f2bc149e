//! Parking streams, and trying them again.

use crate::model::projection::Named;
use crate::runtime::projection::ParkedEvent;
use crate::runtime::reactor::attempt::{Outcome, read};
use crate::runtime::reactor::parked::{Kept, ParkedReaction};
use crate::runtime::reactor::run::Reacting;
use crate::runtime::reactor::trouble::Trouble;
use crate::runtime::trying::full_text;
use crate::store::ReadStream;
use crate::{EventRef, Reactor, StreamVersion};

impl<R: Reactor> Reacting<R> {
    pub(super) fn is_parked(&self, stream: &str) -> bool {
        let parked = self.parked.as_ref();
        parked.is_some_and(|parked| parked.contains_key(stream))
    }

    /// Whether somebody wants a stream to be tried again.
    pub(super) fn has_retried(&self) -> bool {
        let mut parked = self.parked.iter().flatten();
        parked.any(|(_, kept)| kept.reaction.is_retried)
    }

    /// Parks the stream of an event that failed too often.
    pub(super) fn park(
        &mut self,
        event: ParkedEvent,
        from: StreamVersion,
        attempts: u32,
    ) -> Result<(), Trouble> {
        let parked = self.parked.get_or_insert_default();
        if parked.len() >= R::MOST_PARKED as usize {
            return Err(Trouble::TooManyParked {
                parked: parked.len(),
                error: event.error,
            });
        }
        tracing::error!(
            reactor = R::NAME,
            stream = event.stream,
            error = event.error,
            "parked"
        );
        let stream = event.stream.clone();
        let reaction = ParkedReaction::new(event, from, attempts);
        let kept = Kept {
            reaction,
            revision: None,
        };
        parked.insert(stream.clone(), kept);
        self.changed.insert(stream);
        Ok(())
    }

    /// Tries the streams again that somebody wants to be. Says whether it is done with them: not where
    /// it was told to stop.
    pub(super) async fn retry_parked(&mut self) -> Result<bool, Trouble> {
        let parked = self.parked.iter().flatten();
        let retried = parked.filter(|(_, kept)| kept.reaction.is_retried);
        let retried: Vec<String> = retried.map(|(stream, _)| stream.clone()).collect();
        for stream in retried {
            if !self.retry(&stream).await? {
                return Ok(false);
            }
            self.write_place().await?;
        }
        Ok(true)
    }

    /// Reacts to what a stream has missed, up to where the others are.
    async fn retry(&mut self, stream: &str) -> Result<bool, Trouble> {
        let Some(reaction) = self.reaction(stream) else {
            return Ok(true);
        };
        let (id, to, skipped) = (stream.parse()?, self.place.done(), reaction.skipped);
        let mut next = Some(reaction.from);
        let mut reactions = R::reactions();
        let mut begun = None;
        while let Some(from) = next {
            let page = self
                .store
                .read_stream(&id, ReadStream::forward(from))
                .await?;
            next = page.next;
            for event in page.events.iter() {
                if self.is_interrupted() {
                    return Ok(false);
                }
                if event.position > to {
                    next = None;
                    break;
                }
                let from = *begun.get_or_insert(event.version);
                let Some(before) = self.reaction(stream) else {
                    return Ok(true);
                };
                let delivered = match read(&mut reactions, &event) {
                    Ok(delivered) => delivered,
                    // The others do not wait for it.
                    Err(trouble) => {
                        let error = full_text(&trouble);
                        self.failed(stream, before, &event, from, (error, 1));
                        return Ok(true);
                    }
                };
                if !reactions.sets.are_within_a_merge() {
                    begun = None;
                }
                if event.version < before.next {
                    continue;
                }
                if skipped != Some(event.id) {
                    match self.deliver(&reactions, &event, delivered).await? {
                        Outcome::Done => {}
                        Outcome::Stopped => return Ok(false),
                        Outcome::Failed { error, attempts } => {
                            self.failed(stream, before, &event, from, (error, attempts));
                            return Ok(true);
                        }
                    }
                }
                let after = event.version.next();
                let from = begun.unwrap_or(after);
                self.keep(ParkedReaction {
                    next: after,
                    from,
                    ..before
                });
                self.write_if_much().await?;
            }
        }
        if let Some(parked) = &mut self.parked {
            parked.remove(stream);
        }
        self.changed.insert(stream.to_owned());
        Ok(true)
    }

    fn reaction(&self, stream: &str) -> Option<ParkedReaction> {
        let kept = self.parked.as_ref()?.get(stream)?;
        Some(kept.reaction.clone())
    }

    fn failed(
        &mut self,
        stream: &str,
        before: ParkedReaction,
        event: &EventRef<'_>,
        from: StreamVersion,
        (error, attempts): (String, u32),
    ) {
        tracing::error!(reactor = R::NAME, stream, error, "parked again");
        let event = ParkedEvent::new(Named::new(event), error);
        self.keep(before.failed(event, from, attempts));
    }

    /// Changes what is known of a parked stream.
    fn keep(&mut self, reaction: ParkedReaction) {
        let stream = reaction.event.stream.clone();
        let kept = self.parked.as_mut().and_then(|it| it.get_mut(&stream));
        if let Some(kept) = kept {
            kept.reaction = reaction;
            self.changed.insert(stream);
        }
    }
}
