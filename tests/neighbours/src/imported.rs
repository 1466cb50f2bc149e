//! With our macros imported, beside tracing's by path, and serde's and thiserror's everywhere.

use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Partition, Project, Projection, Recorded, command, event,
    events,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::instrument;

/// What happens, with serde's attributes on every level, for the stored form and for another.
#[event("account")]
#[derive(Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum AccountEvent {
    /// Somebody opened it.
    #[serde(alias = "created")]
    Opened {
        /// Whose it is.
        #[serde(rename = "owner")]
        owned_by: String,
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nick_name: Option<String>,
    },
    /// Somebody paid in.
    #[event(name = "account.paid_in", version = 2, upcast(_))]
    Deposited(Deposit),
}

/// What was paid in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deposit {
    /// How much.
    pub in_cents: u64,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// There is one.
    #[error("the account of {owner} is open already")]
    AlreadyOpen {
        /// Whose it is.
        owner: String,
    },
    /// Not a number.
    #[error("that is no amount")]
    NotAnAmount(#[from] std::num::ParseIntError),
}

/// An account.
#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(event = AccountEvent, error = Refused)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Whose it is.
    #[serde(rename = "owner")]
    owned_by: Option<String>,
    cents: u64,
}

impl Fold for Account {
    #[instrument(level = "trace")]
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { owned_by, .. } => self.owned_by = Some(owned_by.clone()),
            AccountEvent::Deposited(deposit) => self.cents += deposit.in_cents,
        }
    }
}

/// What may be asked of it, as it comes over the wire.
#[command(Account)]
#[derive(Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AccountCommand {
    /// Opens it.
    #[serde(rename = "create")]
    Open {
        /// Which.
        #[id]
        #[serde(rename = "id")]
        account_id: String,
        /// Whose.
        owned_by: String,
    },
    /// Pays in.
    Deposit {
        /// Which.
        #[serde(rename = "id")]
        #[id]
        account_id: String,
        /// How much, as it was typed.
        amount: String,
    },
}

impl Decide<AccountCommand> for Account {
    #[instrument(skip(self), err(Debug))]
    fn decide(&self, command: AccountCommand) -> Decision<Self> {
        tracing::event!(tracing::Level::DEBUG, ?command, "deciding");
        match (command, &self.owned_by) {
            (AccountCommand::Open { .. }, Some(owner)) => Err(Refused::AlreadyOpen {
                owner: owner.clone(),
            }),
            (AccountCommand::Open { owned_by, .. }, None) => Ok(events![AccountEvent::Opened {
                owned_by,
                nick_name: None
            }]),
            (AccountCommand::Deposit { amount, .. }, _) => {
                Ok(events![AccountEvent::Deposited(Deposit {
                    in_cents: amount.parse()?
                })])
            }
        }
    }
}

/// How much there is.
#[derive(Projection, Debug, Default, Serialize, Deserialize)]
#[projection("balance", partition = String, of(AccountEvent))]
#[serde(rename_all = "camelCase", default)]
pub struct Balance {
    /// How much.
    #[serde(rename = "cents")]
    pub in_cents: u64,
}

impl Project<AccountEvent> for Balance {
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    #[instrument(skip_all, fields(stream = %event.stream))]
    fn project(&mut self, event: &Recorded<AccountEvent>) {
        if let AccountEvent::Deposited(deposit) = &event.data {
            self.in_cents += deposit.in_cents;
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::{Addressed, Command, Event};
    use serde_json::json;

    use super::*;

    #[test]
    fn serde_shapes_the_stored_form_and_the_users_own() {
        let opened = AccountEvent::Opened {
            owned_by: "Ann".into(),
            nick_name: None,
        };
        assert_eq!(opened.encode().unwrap(), r#"{"owner":"Ann"}"#);
        assert_eq!(
            serde_json::to_value(&opened).unwrap(),
            json!({"type": "opened", "owner": "Ann"})
        );
        let deposited = AccountEvent::Deposited(Deposit { in_cents: 5 });
        assert_eq!(
            (deposited.kind().name, deposited.encode().unwrap().as_str()),
            ("account.paid_in", r#"{"inCents":5}"#)
        );
    }

    #[test]
    fn a_command_comes_over_the_wire_and_is_decided() {
        let open: AccountCommand =
            serde_json::from_value(json!({"create": {"id": "7", "ownedBy": "Ann"}})).unwrap();
        assert_eq!(open.name(), "open");
        assert_eq!(open.stream_id().unwrap().as_str(), "account-7");
        let account =
            Account::replay(&Command::decide(open.clone(), &Account::initial(), &()).unwrap());
        assert_eq!(
            Command::decide(open, &account, &()),
            Err(Refused::AlreadyOpen {
                owner: "Ann".into()
            })
        );
        let deposit = AccountCommand::Deposit {
            account_id: "7".into(),
            amount: "much".into(),
        };
        let refused = Command::decide(deposit, &account, &()).unwrap_err();
        assert_eq!(refused.to_string(), "that is no amount");
    }
}
