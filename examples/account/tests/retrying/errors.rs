//! The table of errors in the book, line by line: whether something was recorded, and what the same
//! id does afterwards.

use std::time::Duration;

use account::{Account, AccountCommand::*, Refused};
use ironflow_domain::store::{ExpectedVersion, MemoryStore, StoreErrorKind};
use ironflow_domain::{
    BoxError, CommandMetadata, CommandPolicy, Decide, DecideWith, Decision, Enrich, ExecuteError,
    Ironflow, command, events,
};

use crate::lossy::Lossy;
use crate::{Tested, open_bank, pay_in, version};

#[tokio::test]
async fn what_the_caller_did_wrong_records_nothing() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    bank.execute(pay_in(1)).command_id("used").await?;
    let account = |id| bank.of::<Account>(id);
    let withdraw = || Withdraw { cents: 40 };

    let error = account("acc-1").execute(withdraw()).await;
    assert!(matches!(error, Err(ExecuteError::Rejected(_))));
    let stale = bank
        .execute(pay_in(1))
        .expected_version(ExpectedVersion::NoStream);
    let Err(ExecuteError::Conflict { attempts, .. }) = stale.await else {
        panic!("it exists")
    };
    assert_eq!(attempts, 1); // whoever names a version is told at once
    let error = account("acc-2").execute(pay_in(1)).await;
    assert!(matches!(error, Err(ExecuteError::OtherAggregate { .. })));
    let error = account("acc-2")
        .execute(withdraw())
        .command_id("used")
        .await;
    assert!(matches!(error, Err(ExecuteError::CommandIdReused { .. })));
    let error = account("a\nb").execute(withdraw()).await;
    assert!(matches!(error, Err(ExecuteError::StreamId(_))));
    let error = bank.execute(pay_in(1)).command_id("").await;
    assert!(matches!(error, Err(ExecuteError::CommandId(_))));
    for (key, value) in [("note", &*"x".repeat(4_097)), ("", "x"), ("note", "a\nb")] {
        let error = bank.execute(pay_in(1)).metadata(key, value).await;
        assert!(matches!(error, Err(ExecuteError::Metadata(_))), "{error:?}");
    }
    assert_eq!(version(&bank).await, 2);
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_away_records_nothing_and_one_that_is_in_doubt_may_have() -> Tested {
    let store = Lossy::default();
    let bank = open_bank(store.clone()).await?;
    let pay = || bank.execute(pay_in(500)).command_id("pay-1");
    store.refuse(1);
    let Err(ExecuteError::Store(error)) = pay().await else {
        panic!("it was refused")
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(version(&bank).await, 1);
    assert!(!pay().await?.duplicate);
    Ok(())
}

/// Asks the post office for the postage, which now and then does not answer.
struct PostOffice;

#[command(Account, context = u64)]
struct Refund {
    #[id]
    account: &'static str,
    answers_after: Option<Duration>,
}

impl Enrich<Refund> for PostOffice {
    async fn enrich(&self, refund: &Refund, _: &CommandMetadata) -> Result<u64, BoxError> {
        let after = refund.answers_after.ok_or("no answer")?;
        tokio::time::sleep(after).await;
        Ok(85)
    }
}

impl DecideWith<Refund> for Account {
    fn decide(&self, _: Refund, postage: &u64) -> Decision<Self> {
        Ok(events![account::AccountEvent::Deposited {
            cents: *postage
        }])
    }
}

/// Records what cannot be folded.
#[command(Account)]
struct Overdraw {
    #[id]
    account: &'static str,
}

impl Decide<Overdraw> for Account {
    fn decide(&self, _: Overdraw) -> Decision<Self> {
        let cents = u64::MAX;
        Ok(events![
            account::AccountEvent::Deposited { cents },
            account::AccountEvent::Deposited { cents }
        ])
    }
}

#[tokio::test]
async fn a_panic_is_the_callers_and_records_nothing() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    let overdraw = {
        let bank = bank.clone();
        async move { bank.execute(Overdraw { account: "acc-1" }).await }
    };
    let panicked = tokio::spawn(overdraw).await.unwrap_err();
    assert!(panicked.is_panic());
    assert_eq!(version(&bank).await, 1);
    bank.execute(pay_in(500)).await?;
    Ok(())
}

/// The program after a deployment: the command has a field more.
mod tomorrow {
    use super::*;

    #[command(Account)]
    #[derive(serde::Serialize)]
    pub struct PayIn {
        #[id]
        pub account: String,
        pub cents: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub note: Option<String>,
    }

    impl Decide<PayIn> for Account {
        fn decide(&self, PayIn { cents, .. }: PayIn) -> Decision<Self> {
            Ok(events![account::AccountEvent::Deposited { cents }])
        }
    }
}

#[tokio::test]
async fn a_repeat_may_come_after_a_deployment() -> Tested {
    let bank = open_bank(MemoryStore::new()).await?;
    bank.execute(pay_in(500)).command_id("pay-1").await?;
    let tomorrow = |note| {
        let account = "acc-1".into();
        let cents = 500;
        let pay_in = tomorrow::PayIn {
            account,
            cents,
            note,
        };
        bank.execute(pay_in).command_id("pay-1")
    };
    assert!(tomorrow(None).await?.duplicate);
    let noted = tomorrow(Some("rent".into())).await;
    assert!(matches!(noted, Err(ExecuteError::CommandIdReused { .. })));
    Ok(())
}

#[command(Account, creates)]
struct OpenAnew {
    #[id]
    account: &'static str,
}

impl Decide<OpenAnew> for Account {
    fn decide(&self, _: OpenAnew) -> Decision<Self> {
        let owner = "Jo".into();
        Ok(events![account::AccountEvent::Opened { owner }])
    }
}

#[tokio::test]
async fn what_did_not_get_as_far_as_the_store_may_be_sent_again() -> Tested {
    let bank = Ironflow::new(MemoryStore::new()).enrich(PostOffice);
    let bank = bank.start().await?;
    let create = || bank.execute(OpenAnew { account: "acc-1" });
    create().command_id("open-1").await?;
    let error = create().await;
    assert!(matches!(error, Err(ExecuteError::AlreadyExists { .. })));
    assert!(create().command_id("open-1").await?.duplicate);

    let refund = |answers_after| {
        let soon = CommandPolicy::new().deadline(Duration::from_millis(20));
        let account = "acc-1";
        let refund = bank.execute(Refund {
            account,
            answers_after,
        });
        refund.command_id("refund-1").policy(soon)
    };
    let error: Result<_, ExecuteError<Refused>> = refund(None).await;
    assert!(matches!(error, Err(ExecuteError::Enrichment { .. })));
    let error = refund(Some(Duration::from_secs(60))).await;
    assert!(matches!(error, Err(ExecuteError::DeadlineExceeded { .. })));
    let loaded = bank.of::<Account>("acc-1").load().await?;
    assert_eq!(loaded.version.get(), 1);
    assert!(!refund(Some(Duration::ZERO)).await?.duplicate);
    assert!(refund(None).await?.duplicate); // nobody is asked for what is known
    Ok(())
}
