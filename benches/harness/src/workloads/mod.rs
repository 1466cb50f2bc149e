//! The pieces of work.

mod commands;
mod hot;
mod live;
mod load;
mod rebuild;
mod replay;

use std::sync::Arc;

use crate::{Answer, Contender, Failure, Work};

/// Does a piece of work.
pub(crate) async fn perform<C: Contender>(
    contender: &Arc<C>,
    work: &Work,
) -> Result<Answer, Failure> {
    match work {
        Work::Seed {
            first,
            accounts,
            events,
        } => {
            let numbers = *first..first + accounts;
            contender.seed(numbers, *events).await?;
            Ok(Answer {
                done: *accounts,
                ..Answer::default()
            })
        }
        Work::Commands(work) => commands::measure(contender, work).await,
        Work::Load { events, seconds } => load::measure(&**contender, *events, *seconds).await,
        Work::Replay { events, seconds } => replay::measure(contender, *events, *seconds).await,
        Work::Rebuild { events, seconds } => {
            rebuild::measure(&**contender, *events, *seconds).await
        }
        Work::Live {
            accounts,
            prior,
            rate,
            seconds,
        } => live::measure(contender, *accounts, *prior, *rate, *seconds).await,
        Work::Hot {
            writers,
            deposits,
            seconds,
        } => hot::measure(contender, *writers, *deposits, *seconds).await,
        Work::Pure { .. } => Err(Failure::Unsupported("it is measured without a store")),
    }
}
