use std::error::Error;

use account::{Account, AccountCommand::Deposit};
use ironflow_domain::{Claimed, Claims, Ironflow, Timestamp};
use serde::{Deserialize, Serialize};

use crate::provider::{Payment, Provider};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopUp {
    pub account: String,
    pub cents: u64,
}

#[derive(Debug, PartialEq)]
pub enum Answer {
    ToppedUp(Payment),
    Declined,
    TryAgainAfter(Timestamp),
    OtherCommand,
}

pub async fn top_up(
    (bank, claims, provider): (&Ironflow, &Claims, &Provider),
    id: &str,
    wanted: TopUp,
) -> Result<Answer, Box<dyn Error>> {
    let claim = match claims.try_claim(id, &wanted).await? {
        Claimed::Won(claim) => claim,
        Claimed::Pending(pending) => return Ok(Answer::TryAgainAfter(pending.until())),
        Claimed::Finalized(done) if done.claim::<TopUp>()? != wanted => {
            return Ok(Answer::OtherCommand);
        }
        Claimed::Finalized(done) => return Ok(Answer::ToppedUp(done.result()?)),
    };
    let mut payment = None;
    if claim.taken_over().is_some() {
        // Someone has begun and did not get to the end: the card may be charged already.
        payment = provider.find(id).await?;
    }
    let payment = match payment {
        Some(payment) => payment,
        None => match provider.charge(id, wanted.cents).await? {
            Some(payment) => payment,
            None => {
                // The answer says that nothing was charged, so anyone may try again at once.
                claim.release().await?;
                return Ok(Answer::Declined);
            }
        },
    };
    // With the same id, for whoever takes over after this: it is recorded once.
    let deposit = Deposit {
        cents: payment.cents,
    };
    bank.of::<Account>(&wanted.account)
        .execute(deposit)
        .command_id(id)
        .await?;
    claim.finalize(&payment).await?;
    Ok(Answer::ToppedUp(payment))
}
