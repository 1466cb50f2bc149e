//! Ironflow on SQLite.
