//! What is stored.

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Only what cannot be done without: no ids, no metadata, no times.
    Bare,
    /// What a product needs. Transactions are recorded, so that a reader can tell how far it may
    /// read without missing what is committed late.
    Whole,
}

impl Schema {
    pub fn of(variant: &str) -> Self {
        if variant.starts_with("bare-") {
            Self::Bare
        } else {
            Self::Whole
        }
    }

    pub fn tables(self) -> &'static str {
        match self {
            Self::Bare => {
                "CREATE TABLE IF NOT EXISTS events (
                    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    stream TEXT NOT NULL,
                    version BIGINT NOT NULL,
                    name TEXT NOT NULL,
                    payload BYTEA NOT NULL,
                    UNIQUE (stream, version)
                )"
            }
            Self::Whole => {
                "CREATE TABLE IF NOT EXISTS events (
                    position BIGINT GENERATED ALWAYS AS IDENTITY,
                    transaction XID8 NOT NULL DEFAULT pg_current_xact_id(),
                    stream TEXT NOT NULL,
                    version BIGINT NOT NULL,
                    id UUID NOT NULL UNIQUE,
                    time TIMESTAMPTZ NOT NULL DEFAULT now(),
                    name TEXT NOT NULL,
                    metadata JSON NOT NULL,
                    payload BYTEA NOT NULL,
                    PRIMARY KEY (transaction, position),
                    UNIQUE (stream, version)
                )"
            }
        }
    }

    /// Inserts one event.
    pub fn insert_one(self) -> &'static str {
        match self {
            Self::Bare => {
                "INSERT INTO events (stream, version, name, payload) VALUES ($1, $2, $3, $4)"
            }
            Self::Whole => {
                "INSERT INTO events (stream, version, name, payload, id, metadata)
                VALUES ($1, $2, $3, $4, $5, $6::text::json)"
            }
        }
    }

    /// Inserts events of one stream or of many, all or none.
    pub fn insert_many(self) -> &'static str {
        match self {
            Self::Bare => {
                "INSERT INTO events (stream, version, name, payload)
                SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[])"
            }
            Self::Whole => {
                "INSERT INTO events (stream, version, name, payload, id, metadata)
                SELECT s, v, n, p, i, m::json
                FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::uuid[], $6::text[])
                    AS e (s, v, n, p, i, m)"
            }
        }
    }

    /// Reads one stream.
    pub fn load_one(self) -> &'static str {
        "SELECT name, payload FROM events WHERE stream = $1 ORDER BY version"
    }

    /// Reads many streams.
    pub fn load_many(self) -> &'static str {
        "SELECT name, payload, stream FROM events WHERE stream = ANY($1) ORDER BY stream, version"
    }

    /// Reads all there is, in an order in which nothing is missed: as a product has to, with the stream
    /// that an event belongs to and the position from which to go on later.
    pub fn replay(self) -> &'static str {
        match self {
            Self::Bare => "SELECT name, payload FROM events ORDER BY position",
            Self::Whole => {
                "SELECT name, payload, stream, version, position FROM events
                WHERE transaction < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY transaction, position"
            }
        }
    }
}
