//! A small domain for the tests of the runtime.

use ironflow_domain::store::{Append, ExpectedVersion, MemoryStore, NewEvent, StreamStore};
use ironflow_domain::{
    Aggregate, BoxError, CommandMetadata, Decide, DecideWith, Decision, Enrich, EventId, Events,
    Fold, Metadata, Partition, Project, Projection, Recorded, SchemaVersion, Timestamp, command,
    event, events,
};
use serde::{Deserialize, Serialize};

#[event("account")]
pub(crate) enum AccountEvent {
    Opened { owner: String, at: Timestamp },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
    Audited,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the account is open already")]
    AlreadyOpen,
    #[error("the account is not open")]
    NotOpen,
    #[error("the balance is {0} cents")]
    Overdraft(u64),
}

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(event = AccountEvent, error = Refused)]
pub(crate) struct Account {
    pub(crate) open: bool,
    pub(crate) balance: u64,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { cents } => self.balance += cents,
            AccountEvent::Withdrawn { cents } => self.balance -= cents,
            AccountEvent::Audited => {}
        }
    }
}

/// Opening needs to know whether the owner may, and when it was asked for.
#[command(Account, context = Clerk, creates)]
pub(crate) struct Open {
    #[id]
    pub(crate) account: String,
    pub(crate) owner: String,
}

pub(crate) struct Clerk {
    pub(crate) issued_at: Timestamp,
}

impl DecideWith<Open> for Account {
    fn decide(&self, command: Open, clerk: &Clerk) -> Decision<Self> {
        if self.open {
            return Err(Refused::AlreadyOpen);
        }
        Ok(events![AccountEvent::Opened {
            owner: command.owner,
            at: clerk.issued_at
        }])
    }
}

#[command(Account)]
pub(crate) enum Move {
    Deposit {
        cents: u64,
    },
    /// Several deposits at once: all or none.
    DepositEach {
        cents: Vec<u64>,
    },
    Withdraw {
        cents: u64,
    },
}

impl Decide<Move> for Account {
    fn decide(&self, command: Move) -> Decision<Self> {
        match command {
            _ if !self.open => Err(Refused::NotOpen),
            Move::Deposit { cents } => Ok(events![AccountEvent::Deposited { cents }]),
            Move::DepositEach { cents } => Ok(cents
                .into_iter()
                .map(|cents| AccountEvent::Deposited { cents })
                .collect::<Events<_>>()),
            Move::Withdraw { cents } if cents > self.balance => {
                Err(Refused::Overdraft(self.balance))
            }
            Move::Withdraw { cents } => Ok(events![AccountEvent::Withdrawn { cents }]),
        }
    }
}

/// Creates without a rule of its own, so that only the expected version guards it.
#[command(Account, creates)]
pub(crate) struct Import {
    #[id]
    pub(crate) account: String,
}

impl Decide<Import> for Account {
    fn decide(&self, _: Import) -> Decision<Self> {
        Ok(events![AccountEvent::Audited])
    }
}

/// Fetches contexts; refuses to for the owner `nobody`.
pub(crate) struct Branch;

impl Enrich<Open> for Branch {
    async fn enrich(&self, command: &Open, issued: &CommandMetadata) -> Result<Clerk, BoxError> {
        if command.owner == "nobody" {
            return Err("the register of owners is closed".into());
        }
        Ok(Clerk {
            issued_at: issued.issued_at,
        })
    }
}

/// Appends what no program of ours would: an event with that name and payload.
pub(crate) async fn append_stray(
    store: &MemoryStore,
    stream: &str,
    name: &'static str,
    data: &str,
) -> EventId {
    let id = EventId::from(uuid::Uuid::now_v7());
    let event = NewEvent {
        id,
        name: name.into(),
        schema_version: SchemaVersion::new(1),
        source: "api".into(),
        data: data.to_owned(),
        metadata: Metadata::default(),
    };
    let append = Append {
        stream: stream.parse().unwrap(),
        expected: ExpectedVersion::Any,
        events: vec![event],
    };
    store.append(append).await.unwrap();
    id
}

/// One view for each account.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("balance", partition = String, of(AccountEvent))]
pub(crate) struct Balance {
    pub(crate) cents: u64,
    pub(crate) moves: u32,
}

impl Project<AccountEvent> for Balance {
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        match event.data {
            AccountEvent::Audited => Partition::Nowhere,
            _ => Partition::Key(event.stream.id().to_owned()),
        }
    }

    fn project(&mut self, event: &Recorded<AccountEvent>) {
        match &event.data {
            AccountEvent::Deposited { cents: 666 } => panic!("an unlucky number"),
            AccountEvent::Deposited { cents } => {
                (self.cents, self.moves) = (self.cents + cents, self.moves + 1);
            }
            AccountEvent::Withdrawn { cents } => {
                (self.cents, self.moves) = (self.cents - cents, self.moves + 1);
            }
            AccountEvent::Opened { .. } | AccountEvent::Audited => {}
        }
    }
}

/// One view for each owner, though only the first event of an account names its owner.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("owner", partition = String, of(AccountEvent))]
pub(crate) struct Owner {
    pub(crate) accounts: u32,
    pub(crate) deposited: u64,
}

impl Project<AccountEvent> for Owner {
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        match &event.data {
            AccountEvent::Opened { owner, .. } => Partition::Key(owner.clone()),
            _ => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<AccountEvent>) {
        match &event.data {
            AccountEvent::Opened { .. } => self.accounts += 1,
            AccountEvent::Deposited { cents } => self.deposited += cents,
            AccountEvent::Withdrawn { .. } | AccountEvent::Audited => {}
        }
    }
}
