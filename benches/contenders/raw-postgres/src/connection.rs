//! A connection, with its statements prepared.

use std::collections::HashMap;
use std::hint::black_box;
use std::pin::pin;

use futures_util::TryStreamExt;
use harness::{Account, AccountEvent, Failure, Seen, Statement};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Row};

use crate::rows::Rows;
use crate::schema::Schema;

pub struct Connection {
    client: Client,
    schema: Schema,
    load_one: tokio_postgres::Statement,
    load_many: tokio_postgres::Statement,
    insert_one: tokio_postgres::Statement,
    insert_many: tokio_postgres::Statement,
}

const VIEWS: &str = "CREATE TABLE IF NOT EXISTS views (key TEXT PRIMARY KEY, body TEXT NOT NULL)";

/// An account, and the version of its stream.
pub type Loaded = (Account, i64);

impl Connection {
    pub async fn open(url: &str, schema: Schema) -> Result<Self, Failure> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // It ends with the client; what goes wrong before, the client's calls say.
        tokio::spawn(connection);
        // Several connections make the tables at the same time.
        let locked = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1); {}; COMMIT",
            schema.tables()
        );
        client.batch_execute(&locked).await?;
        Ok(Self {
            load_one: client.prepare(schema.load_one()).await?,
            load_many: client.prepare(schema.load_many()).await?,
            insert_one: client.prepare(schema.insert_one()).await?,
            insert_many: client.prepare(schema.insert_many()).await?,
            client,
            schema,
        })
    }

    pub async fn load(&self, stream: &str) -> Result<Loaded, Failure> {
        let rows = self.client.query_raw(&self.load_one, [stream]).await?;
        let mut rows = pin!(rows);
        let (mut account, mut version) = (Account::default(), 0);
        while let Some(row) = rows.try_next().await? {
            account.fold(&event(&row)?);
            version += 1;
        }
        Ok((account, version))
    }

    /// All that are there; one that is not is new.
    pub async fn load_all(&self, streams: &[&str]) -> Result<HashMap<String, Loaded>, Failure> {
        let rows = self.client.query_raw(&self.load_many, [streams]).await?;
        let mut rows = pin!(rows);
        let mut accounts: HashMap<String, Loaded> = HashMap::with_capacity(streams.len());
        while let Some(row) = rows.try_next().await? {
            let stream: &str = row.try_get(2)?;
            if !accounts.contains_key(stream) {
                accounts.insert(stream.to_owned(), Loaded::default());
            }
            if let Some((account, version)) = accounts.get_mut(stream) {
                account.fold(&event(&row)?);
                *version += 1;
            }
        }
        Ok(accounts)
    }

    /// Inserts all rows in one statement.
    pub async fn insert_all(&self, rows: &Rows) -> Result<(), Failure> {
        let Rows {
            streams,
            versions,
            names,
            payloads,
            ids,
            metadata,
        } = rows;
        let inserted = match self.schema {
            Schema::Bare => {
                self.client
                    .execute(&self.insert_many, &[streams, versions, names, payloads])
                    .await
            }
            Schema::Whole => {
                self.client
                    .execute(
                        &self.insert_many,
                        &[streams, versions, names, payloads, ids, metadata],
                    )
                    .await
            }
        };
        inserted.map(drop).map_err(conflict)
    }

    /// Inserts the rows one by one, in a transaction.
    pub async fn insert_each(&mut self, rows: &Rows) -> Result<(), Failure> {
        let transaction = self.client.transaction().await?;
        for n in 0..rows.streams.len() {
            let inserted = match self.schema {
                Schema::Bare => {
                    transaction
                        .execute(
                            &self.insert_one,
                            &[
                                &rows.streams[n],
                                &rows.versions[n],
                                &rows.names[n],
                                &rows.payloads[n],
                            ],
                        )
                        .await
                }
                Schema::Whole => {
                    transaction
                        .execute(
                            &self.insert_one,
                            &[
                                &rows.streams[n],
                                &rows.versions[n],
                                &rows.names[n],
                                &rows.payloads[n],
                                &rows.ids[n],
                                &rows.metadata[n],
                            ],
                        )
                        .await
                }
            };
            inserted.map_err(conflict)?;
        }
        transaction.commit().await.map_err(conflict)
    }

    /// Folds all of the log, and writes the views at once.
    pub async fn rebuild(&self) -> Result<(), Failure> {
        self.client.batch_execute(VIEWS).await?;
        let parameters: [&str; 0] = [];
        let rows = self.client.query_raw(self.schema.replay(), parameters);
        let rows = rows.await?;
        let mut rows = pin!(rows);
        let mut views: HashMap<String, Statement> = HashMap::new();
        while let Some(row) = rows.try_next().await? {
            let stream: &str = row.try_get(2)?;
            let event = event(&row)?;
            if let Some(view) = views.get_mut(stream) {
                view.fold(&event);
            } else {
                let mut view = Statement::default();
                view.fold(&event);
                views.insert(stream.to_owned(), view);
            }
        }
        let (mut keys, mut bodies) = (Vec::new(), Vec::new());
        for (key, view) in &views {
            keys.push(key.as_str());
            bodies.push(view.to_json()?);
        }
        let upsert = "INSERT INTO views SELECT * FROM unnest($1::text[], $2::text[])
            ON CONFLICT (key) DO UPDATE SET body = EXCLUDED.body";
        self.client.execute(upsert, &[&keys, &bodies]).await?;
        Ok(())
    }

    /// What all views say together.
    pub async fn views(&self) -> Result<Statement, Failure> {
        let mut all = Statement::default();
        for row in self.client.query("SELECT body FROM views", &[]).await? {
            all.add(&Statement::from_json(row.try_get(0)?)?);
        }
        Ok(all)
    }

    pub async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let parameters: [&str; 0] = [];
        let rows = self
            .client
            .query_raw(self.schema.replay(), parameters)
            .await?;
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            if self.schema == Schema::Whole {
                let stream: &str = row.try_get(2)?;
                let (version, position): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
                black_box((stream, version, position));
            }
            seen.event(match event(&row)? {
                AccountEvent::Deposited { cents } => cents,
                AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
            });
        }
        Ok(())
    }
}

fn event(row: &Row) -> Result<AccountEvent, Failure> {
    Ok(AccountEvent::read(row.try_get(0)?, row.try_get(1)?)?)
}

fn conflict(error: tokio_postgres::Error) -> Failure {
    if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
        Failure::Conflict
    } else {
        error.into()
    }
}
