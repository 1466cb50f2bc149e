//! Ironflow on Postgres: several nodes, one database.

mod append;
mod connections;
mod doorbell;
mod epoch;
mod error;
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
mod statements;
mod store;
mod streams;
mod tls;
mod values;

pub use options::Options;
pub use store::Postgres;
