//! The thread that writes. Accounts are loaded and decide inside the transaction, so there is no
//! conflict; each command lies in a savepoint, so that one that fails does so alone.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;

use harness::{Account, AccountCommand, Envelope, Failure, Random, account_id};
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use tokio::sync::oneshot;

use crate::reader;
use crate::schema::Settings;

/// At most that many commands are committed together.
const GROUP: usize = 256;

/// At most that many accounts stay in memory.
const CACHED: usize = 1_024;

/// A command, and where its outcome goes.
pub struct Job {
    pub account: u64,
    pub command: AccountCommand,
    pub reply: oneshot::Sender<Outcome>,
}

type Outcome = Result<(), Failure>;

/// Starts the thread. It ends when nobody is left to send it something.
pub fn start(mut connection: Connection, settings: Settings) -> mpsc::Sender<Job> {
    let (sender, jobs) = mpsc::channel();
    thread::spawn(move || {
        let mut writer = Writer {
            settings,
            random: Random::unpredictable(),
            cache: HashMap::new(),
        };
        while let Ok(first) = jobs.recv() {
            let others = std::iter::from_fn(|| jobs.try_recv().ok());
            let group: Vec<Job> = std::iter::once(first).chain(others).take(GROUP).collect();
            writer.commit(&mut connection, group);
        }
    });
    sender
}

struct Writer {
    settings: Settings,
    random: Random,
    cache: HashMap<String, (Account, i64)>,
}

impl Writer {
    fn commit(&mut self, connection: &mut Connection, group: Vec<Job>) {
        let (commands, replies): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|job| ((job.account, job.command), job.reply))
            .unzip();
        // Where it fails as a whole, they all lose their answer, which fails them.
        match self.write(connection, commands) {
            Ok(outcomes) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // Nobody may be waiting any more.
                    let _ = reply.send(outcome);
                }
            }
            Err(_) => self.cache.clear(),
        }
    }

    fn write(
        &mut self,
        connection: &mut Connection,
        commands: Vec<(u64, AccountCommand)>,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(commands.len());
        for (account, command) in commands {
            let savepoint = transaction.savepoint()?;
            let outcome = self.execute(&savepoint, account, &command);
            if outcome.is_ok() {
                savepoint.commit()?;
            } else {
                savepoint.finish()?;
            }
            outcomes.push(outcome);
        }
        transaction.commit()?;
        Ok(outcomes)
    }

    fn execute(
        &mut self,
        connection: &Connection,
        account: u64,
        command: &AccountCommand,
    ) -> Outcome {
        let stream = account_id(account);
        if let Some((account, version)) = self.cache.remove(&stream) {
            // The unique index is the judge; another process may have written.
            match self.append(connection, stream.clone(), account, version, command) {
                Err(Failure::Conflict) => {}
                done => return done,
            }
        }
        let (account, version) = reader::load(connection, &stream)?;
        self.append(connection, stream, account, version, command)
    }

    fn append(
        &mut self,
        connection: &Connection,
        stream: String,
        mut account: Account,
        mut version: i64,
        command: &AccountCommand,
    ) -> Outcome {
        let events = account.decide(command.clone())?;
        let mut insert = connection.prepare_cached(self.settings.insert())?;
        if self.settings.bare {
            for event in &events {
                version += 1;
                let payload = event.payload()?;
                insert
                    .execute(params![stream, version, event.name(), payload])
                    .map_err(conflict)?;
                account.fold(event);
            }
        } else {
            let envelope = envelope(events.len(), &mut self.random)?;
            for (event, id) in events.iter().zip(envelope.ids) {
                version += 1;
                insert
                    .execute(params![
                        stream,
                        version,
                        event.name(),
                        event.payload()?,
                        id.to_be_bytes(),
                        envelope.time,
                        envelope.metadata,
                    ])
                    .map_err(conflict)?;
                account.fold(event);
            }
        }
        if self.settings.cached {
            if self.cache.len() >= CACHED {
                self.cache.clear();
            }
            self.cache.insert(stream, (account, version));
        }
        Ok(())
    }
}

fn envelope(events: usize, random: &mut Random) -> Result<Envelope, Failure> {
    Envelope::new(events, random).map_err(|error| Failure::Failed(error.to_string()))
}

fn conflict(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Failure::Conflict,
        _ => error.into(),
    }
}
