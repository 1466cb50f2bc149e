//! Decisions that are about more than one account, and facts that are about none.

use account::{Account, AccountCommand, AccountEvent};
use ironflow_domain::store::{Capabilities, EventQuery};
use ironflow_domain::{Aggregate, Fold, Ironflow, event};
use ironflow_sqlite::Sqlite;

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn bank() -> Result<Ironflow, Box<dyn std::error::Error>> {
    // ANCHOR: requires
    let bank = Ironflow::new(Sqlite::in_memory().await?)
        .requires(Capabilities::ALL)
        .start()
        .await?;
    // ANCHOR_END: requires
    for (id, cents) in [("ann", 100), ("bob", 1)] {
        let owner = id.to_owned();
        let account = || bank.of::<Account>(id);
        account().execute(AccountCommand::Open { owner }).await?;
        account().execute(AccountCommand::Deposit { cents }).await?;
    }
    Ok(bank)
}

#[tokio::test]
async fn a_transfer_is_recorded_on_both_accounts_or_on_none() -> Outcome {
    let bank = bank().await?;
    // ANCHOR: transfer
    let transactions = bank.transactions()?;
    let transfer = |cents| {
        transactions
            .execute_on("ann", AccountCommand::Withdraw { cents })
            .execute_on("bob", AccountCommand::Deposit { cents })
    };
    let done = transfer(40).command_id("transfer-1").await?;
    assert_eq!(done.receipts.len(), 2);

    let refused = transfer(400).command_id("transfer-2").await;
    assert!(refused.is_err(), "and nothing is deposited");
    // ANCHOR_END: transfer
    assert!(transfer(40).command_id("transfer-1").await?.duplicate);
    let bob = bank.of::<Account>("bob").load().await?;
    assert_eq!(bob.version.get(), 3);
    Ok(())
}

// ANCHOR: boundary
/// Who has an account.
#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
struct Owners(Vec<String>);

impl Fold for Owners {
    fn fold(&mut self, event: &AccountEvent) {
        if let AccountEvent::Opened { owner } = event {
            self.0.push(owner.clone());
        }
    }
}

/// Nobody has two accounts, whoever opens one at the same time.
async fn open(bank: &Ironflow, id: &str, owner: &str) -> Outcome {
    let opened = EventQuery::all().names(["account.opened"]);
    let owners = bank.fold::<Owners>(opened).await?;
    if owners.state.0.iter().any(|other| other == owner) {
        return Err(format!("{owner} has an account").into());
    }
    let owner = owner.to_owned();
    bank.of::<Account>(id)
        .execute(AccountCommand::Open { owner })
        .expected_version(owners.unchanged())
        .await?;
    Ok(())
}
// ANCHOR_END: boundary

#[tokio::test]
async fn nobody_has_two_accounts() -> Outcome {
    let bank = bank().await?;
    assert!(open(&bank, "ann-2", "ann").await.is_err());
    let (one, other) = tokio::join!(open(&bank, "cid-1", "cid"), open(&bank, "cid-2", "cid"));
    assert!(one.is_ok() != other.is_ok());
    Ok(())
}

// ANCHOR: fact
#[event("rates")]
pub enum RatesEvent {
    Published { percent: u32 },
}
// ANCHOR_END: fact

#[tokio::test]
async fn what_the_central_bank_says() -> Outcome {
    let bank = bank().await?;
    // ANCHOR: emit
    let published = RatesEvent::Published { percent: 3 };
    let receipt = bank
        .emit(published)
        .command_id("rates-2026-11")
        .source("webhook")
        .await?;
    // ANCHOR_END: emit
    assert_eq!(receipt.stream.as_str(), "rates-emitted");
    // ANCHOR: emit-named
    let data = serde_json::json!({ "percent": 3 });
    bank.emit_named("rates.published", &data).await?;
    // ANCHOR_END: emit-named
    Ok(())
}
