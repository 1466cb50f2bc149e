//! The work of the harness.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use harness::{AccountCommand, CENTS, Contender, Failure, Seen, Statement, Target, account_id};
use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::schema::Settings;
use crate::writer::{self, Job};
use crate::{reader, views};

pub struct Raw {
    writer: mpsc::Sender<Job>,
    reader: Arc<Mutex<Connection>>,
    path: String,
    settings: Settings,
}

impl Raw {
    async fn execute(&self, account: u64, command: AccountCommand) -> Result<(), Failure> {
        let (reply, outcome) = oneshot::channel();
        let job = Job {
            account,
            command,
            reply,
        };
        self.writer.send(job)?;
        outcome.await?
    }

    /// Reads, in a thread that may wait for the disk.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let reader = Arc::clone(&self.reader);
        spawn_blocking(move || work(&reader.lock().unwrap_or_else(PoisonError::into_inner))).await?
    }
}

impl Contender for Raw {
    /// They are written in groups, so it pays to come in great numbers.
    const SEEDERS: usize = 64;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let settings = Settings::of(&target.variant);
        let connection = settings.open_writer(&target.url)?;
        let reader = Settings::open_reader(&target.url)?;
        Ok(Self {
            writer: writer::start(connection, settings),
            reader: Arc::new(Mutex::new(reader)),
            path: target.url.clone(),
            settings,
        })
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let owner = "Jo".to_owned();
        self.execute(account, AccountCommand::Open { owner }).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: events,
        };
        self.execute(account, deposit).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let stream = account_id(account);
        let (account, _) = self
            .read(move |reader| reader::load(reader, &stream))
            .await?;
        Ok(account.balance)
    }

    async fn rebuild(&self) -> Result<(), Failure> {
        let (path, settings) = (self.path.clone(), self.settings);
        spawn_blocking(move || views::rebuild(&settings.open_writer(&path)?)).await?
    }

    async fn views(&self) -> Result<Statement, Failure> {
        self.read(views::all).await
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let seen = seen.clone();
        self.read(move |reader| reader::replay(reader, &seen)).await
    }
}
