//! Ironflow on Postgres: several nodes, one database.
//!
//! [`Postgres`] keeps both promises of `ironflow_domain::store`: it is a
//! [`StreamStore`](ironflow_domain::store::StreamStore) and a
//! [`KeyValueStore`](ironflow_domain::store::KeyValueStore). Postgres 13 or newer, without extensions;
//! the tables are made where they are missing, by any number of nodes at once.
//!
//! ```no_run
//! use ironflow_domain::store::{Key, KeyValueStore, Write};
//! use ironflow_postgres::Postgres;
//!
//! # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Postgres::connect("postgres://shop:secret@db.internal/shop").await?;
//! store.write(vec![Write::put(Key::new("greeting", "en"), "hello")]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! - **An append is one statement**, one journey to the server and one commit, however many events it
//!   has. What arrives while a commit is on its way goes into the next one together; one that
//!   conflicts fails alone. A second commit is begun beside the first where commits take long.
//! - **Loads that come at the same time make one journey.**
//! - **The order of the log is that of transactions.** Positions are made of their ids. A reader stops
//!   before the first transaction that is not over and may append, so nothing can appear behind it:
//!   no gaps to wait for, no time-outs, nothing that was probably committed. Who may append has taken
//!   an advisory lock, shared by all, before the transaction got its id; transactions of others, in
//!   this database or another, are recognized by not having it, and nobody waits for them.
//! - **What it costs**: appends do not wait for each other. What was appended by a fast transaction
//!   can be read when those before it are over, a commit later at most. A process of the server
//!   that hangs in the middle of an append holds the log back until it is ended;
//!   [`held_back_by`](Postgres::held_back_by) names it.
//! - **Appends that depend on more than their stream** (several streams, guards, conditions) take the
//!   lock alone: all that wait are made in one transaction, and the others wait for it. No lock is
//!   held while an answer travels.
//! - **Positions outlive the server.** They begin with a number that grows with every start of a
//!   server, so what is appended after a restart, by a standby that took over, or in a copy that was
//!   restored, comes after all that anybody has read.
//! - **Wake-ups are hints.** Those in this process hear of an append at once, those in others by
//!   `NOTIFY`, a few milliseconds later and outside the append. Where the connection was lost, there
//!   is another one, and everybody looks again.
//! - **Connections**: one per commit in flight (two), some to read from (four), opened when they are
//!   needed, and one to listen on. They come back after the server does. A pooler in between has to
//!   leave sessions as they are: what was prepared and `LISTEN` are of a session.
//!
//! # Failures
//!
//! A statement that the server gave up, a lock that was not got in time, and a server that is away
//! are [`Unavailable`](ironflow_domain::store::StoreErrorKind::Unavailable): nothing was written. An
//! append whose connection was lost before the answer is
//! [`InDoubt`](ironflow_domain::store::StoreErrorKind::InDoubt); a command with an id may be sent
//! again.
//!
//! # Features
//!
//! `tls`: encrypted connections to a server that proves who it is, with `sslmode=require`.

mod append;
mod connections;
mod doorbell;
mod epoch;
mod error;
mod holder;
mod key_value;
mod lanes;
mod loads;
mod log;
mod names;
mod options;
mod order;
mod row;
mod schema;
mod session;
mod sql;
mod statements;
mod store;
mod streams;
mod tls;
mod values;

pub use holder::Holder;
pub use options::Options;
pub use store::Postgres;
