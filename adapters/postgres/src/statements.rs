//! Everything that is asked of the database.

use crate::names::Names;

/// One statement, prepared once on each connection that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Append,
    AppendRun,
    AppendAlone,
    LockAlone,
    Recorded,
    ReadForward,
    ReadResumed,
    ReadBackward,
    ReadTogether,
    ReadPayloads,
    ReadPayloadsTogether,
    Edge,
    Holders,
    Activity,
    Log,
    LogOfSome,
    LogOfStreams,
    LogPayloads,
    LogPayloadsOfSome,
    LogPayloadsOfStreams,
    NextEpoch,
    FindEvent,
    StreamInfo,
    ListStreams,
    GetKey,
    GetKeys,
    ListKeys,
    WriteKeys,
}

/// The columns that it takes to decode an event of a stream that is known, as `row.rs` expects them.
macro_rules! payload_columns {
    ($table:literal) => {
        concat!(
            $table,
            ".version, ",
            $table,
            ".schema_version, ",
            $table,
            ".name, ",
            $table,
            ".data"
        )
    };
}

/// The same, and where in an epoch of the log the event is. The server sends more slowly from the
/// eighth column on: each takes a kibibyte of the memory that it has for a row.
macro_rules! placed_columns {
    ($table:literal) => {
        concat!(
            payload_columns!($table),
            ", ",
            $table,
            ".place, ",
            $table,
            ".left_in_commit, ",
            $table,
            ".stream"
        )
    };
}

/// All columns of an event.
macro_rules! columns {
    ($table:literal) => {
        concat!(
            placed_columns!($table),
            ", ",
            $table,
            ".epoch, ",
            $table,
            ".recorded_at, ",
            $table,
            ".id, ",
            $table,
            ".source, ",
            $table,
            ".metadata"
        )
    };
}

/// The columns of an event as they are written.
macro_rules! insert_into_events {
    () => {
        "INSERT INTO {s}.events
            (epoch, place, version, left_in_commit, recorded_at, schema_version, id, stream, name, source, metadata, data)"
    };
}

/// What the ways to append several runs have in common.
///
/// The lock comes first, and the transaction's id after it: whoever has an id and may append holds
/// the lock, which is what readers go by. A server that is not the one that the epoch is of writes
/// nothing. `heads` are the versions of the streams as they are seen; where another transaction has
/// just moved one, the unique index refuses the insert.
macro_rules! append {
    (($($more:tt)*), ($($starts:tt)*), $answer:literal) => {
        concat!(
            "WITH server AS MATERIALIZED (
                SELECT pg_advisory_xact_lock_shared($1) AS locked, pg_postmaster_start_time() = $3 AS is_the_same
            ), heads AS MATERIALIZED (
                SELECT ARRAY(
                    SELECT coalesce((SELECT h.version FROM {s}.events h WHERE h.stream = r.stream ORDER BY h.version DESC LIMIT 1), 0)
                    FROM unnest($4::text[]) WITH ORDINALITY r (stream, n) ORDER BY r.n
                ) AS heads
            )", $($more)*, ", starts AS MATERIALIZED (", $($starts)*, ")
            , base AS MATERIALIZED (
                SELECT (pg_current_xact_id()::text::int8 << 20) + $6 AS place FROM server WHERE is_the_same
            ), inserted AS (
                ", insert_into_events!(), "
                SELECT $2, base.place + e.n, starts.starts[e.run] + e.step, e.left_in_commit, statement_timestamp(),
                    e.schema_version, e.id, $4[e.run], e.name, e.source, e.metadata, e.data
                FROM base, starts, unnest($7::int4[], $8::int4[], $9::int4[], $10::int4[], $11::uuid[], $12::text[], $13::text[],
                    $14::text[], $15::text[]) WITH ORDINALITY
                    AS e (run, step, left_in_commit, schema_version, id, name, source, metadata, data, n)
                WHERE starts.starts[e.run] >= 0
            )
            SELECT base.place, heads.heads, starts.starts", $answer
        )
    };
}

/// Where a run begins to write: its stream's version, or -1 where that is not as it has to be.
/// What it has to be is a version, -1 for any, -2 for any but none, -3 for what cannot be.
macro_rules! start_of_run {
    () => {
        "CASE WHEN r.required = r.head OR r.required = -1 OR (r.required = -2 AND r.head > 0) THEN r.head ELSE -1 END"
    };
}

/// Which events of the log are meant, where that is not all: any of these names, any of these
/// categories, which are all of a stream before its first hyphen.
macro_rules! wanted {
    ($names:literal, $categories:literal) => {
        concat!(
            "(",
            $names,
            " IS NULL OR e.name = ANY(",
            $names,
            "))
             AND (",
            $categories,
            " IS NULL OR split_part(e.stream, '-', 1) = ANY(",
            $categories,
            "))"
        )
    };
}

impl Which {
    pub(crate) const COUNT: usize = Self::WriteKeys as usize + 1;

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// All of them, in the order of their indexes.
    const ALL: [Self; Self::COUNT] = [
        Self::Append,
        Self::AppendRun,
        Self::AppendAlone,
        Self::LockAlone,
        Self::Recorded,
        Self::ReadForward,
        Self::ReadResumed,
        Self::ReadBackward,
        Self::ReadTogether,
        Self::ReadPayloads,
        Self::ReadPayloadsTogether,
        Self::Edge,
        Self::Holders,
        Self::Activity,
        Self::Log,
        Self::LogOfSome,
        Self::LogOfStreams,
        Self::LogPayloads,
        Self::LogPayloadsOfSome,
        Self::LogPayloadsOfStreams,
        Self::NextEpoch,
        Self::FindEvent,
        Self::StreamInfo,
        Self::ListStreams,
        Self::GetKey,
        Self::GetKeys,
        Self::ListKeys,
        Self::WriteKeys,
    ];

    /// The statement's text, in which `{s}` stands for the schema.
    const fn text(self) -> &'static str {
        match self {
            Self::Append => APPEND,
            Self::AppendRun => APPEND_RUN,
            Self::AppendAlone => APPEND_ALONE,
            Self::LockAlone => LOCK_ALONE,
            Self::Recorded => RECORDED,
            Self::ReadForward => READ_FORWARD,
            Self::ReadResumed => READ_RESUMED,
            Self::ReadBackward => READ_BACKWARD,
            Self::ReadTogether => READ_TOGETHER,
            Self::ReadPayloads => READ_PAYLOADS,
            Self::ReadPayloadsTogether => READ_PAYLOADS_TOGETHER,
            Self::Edge => EDGE,
            Self::Holders => HOLDERS,
            Self::Activity => ACTIVITY,
            Self::Log => LOG,
            Self::LogOfSome => LOG_OF_SOME,
            Self::LogOfStreams => LOG_OF_STREAMS,
            Self::LogPayloads => LOG_PAYLOADS,
            Self::LogPayloadsOfSome => LOG_PAYLOADS_OF_SOME,
            Self::LogPayloadsOfStreams => LOG_PAYLOADS_OF_STREAMS,
            Self::NextEpoch => NEXT_EPOCH,
            Self::FindEvent => FIND_EVENT,
            Self::StreamInfo => STREAM_INFO,
            Self::ListStreams => LIST_STREAMS,
            Self::GetKey => GET_KEY,
            Self::GetKeys => GET_KEYS,
            Self::ListKeys => LIST_KEYS,
            Self::WriteKeys => WRITE_KEYS,
        }
    }
}

/// Runs of events, each for another stream, by shared lock: those that find their stream
/// as they expect it are written, the others are not.
const APPEND: &str = append!(
        (""),
        (concat!(
            "SELECT ARRAY(SELECT ", start_of_run!(), "
             FROM unnest($5::int8[], heads.heads) WITH ORDINALITY r (required, head, n) ORDER BY r.n) AS starts
             FROM heads"
        )),
        " FROM base, heads, starts"
    );

/// The same for a single run, in half the time: most of what it takes to append little is to set up
/// what a statement is made of.
const APPEND_RUN: &str = concat!(
    "WITH server AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared($1) AS locked, pg_postmaster_start_time() = $3 AS is_the_same
    ), base AS MATERIALIZED (
        SELECT pg_current_xact_id()::text::int8 << 20 AS place, r.head, ",
    start_of_run!(),
    " AS start
        FROM server, LATERAL (
            SELECT $5::int8 AS required, coalesce((
                SELECT h.version FROM {s}.events h WHERE h.stream = $4 ORDER BY h.version DESC LIMIT 1
            ), 0) AS head OFFSET 0
        ) r WHERE server.is_the_same
    ), inserted AS (
        ",
    insert_into_events!(),
    "
        SELECT $2, base.place + e.n, base.start + e.n, e.left_in_commit, statement_timestamp(), e.schema_version,
            e.id, $4, e.name, e.source, e.metadata, e.data
        FROM base, unnest($6::int4[], $7::int4[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[])
            WITH ORDINALITY AS e (left_in_commit, schema_version, id, name, source, metadata, data, n)
        WHERE base.start >= 0
    )
    SELECT base.place, ARRAY[base.head], ARRAY[base.start] FROM base"
);

/// Runs that are written all or not at all, by one who holds the lock alone, so that
/// nobody else can change what is looked at. Where there is no transaction that holds it, because
/// its beginning was cancelled, nothing is written.
const APPEND_ALONE: &str = append!(
        (concat!(
            ", unmet AS MATERIALIZED (
                SELECT ARRAY(
                    SELECT c.n FROM jsonb_to_recordset($16::text::jsonb)
                        AS c (n int4, epoch int4, place int8, streams text[], categories text[], names text[])
                    WHERE CASE WHEN c.streams IS NULL THEN EXISTS (
                        SELECT FROM {s}.events e WHERE (e.epoch, e.place) > (c.epoch, c.place) AND ",
            wanted!("c.names", "c.categories"), "
                    ) ELSE EXISTS (
                        SELECT FROM unnest(c.streams) AS s (stream)
                        WHERE (SELECT (l.epoch, l.place) > (c.epoch, c.place) FROM {s}.events l
                               WHERE l.stream = s.stream ORDER BY l.version DESC LIMIT 1)
                        AND EXISTS (
                            SELECT FROM {s}.events e WHERE e.stream = s.stream
                            AND (e.epoch, e.place) > (c.epoch, c.place) AND ",
            wanted!("c.names", "c.categories"), "
                        )
                    ) END
                ) AS unmet
            ), repeated AS MATERIALIZED (
                SELECT EXISTS (SELECT FROM {s}.events e WHERE e.id = ANY($11::uuid[])) AS repeated
            )"
        )),
        (concat!(
            "SELECT CASE WHEN repeated.repeated OR unmet.unmet <> '{}' OR -1 = ANY(each.starts)
                 THEN array_fill(-1::int8, ARRAY[coalesce(array_length(each.starts, 1), 0)]) ELSE each.starts END AS starts
             FROM repeated, unmet, (
                 SELECT ARRAY(SELECT ", start_of_run!(), "
                 FROM unnest($5::int8[], heads.heads) WITH ORDINALITY r (required, head, n) ORDER BY r.n) AS starts
                 FROM heads
             ) each
             WHERE current_setting('ironflow.alone', true) = 'on'"
        )),
        ", unmet.unmet FROM base, heads, starts, unmet"
    );

/// With a note that there is a transaction: it ends with it.
const LOCK_ALONE: &str =
    "SELECT pg_advisory_xact_lock($1), set_config('ironflow.alone', 'on', true)";

const RECORDED: &str = "SELECT e.id FROM {s}.events e WHERE e.id = ANY($1::uuid[])";

const READ_FORWARD: &str = concat!(
    "SELECT ",
    columns!("e"),
    " FROM {s}.events e WHERE e.stream = $1 AND e.version >= $2
         ORDER BY e.version LIMIT $3"
);

/// From the version on that the first line of a value says, as `Resumed::version_of` finds it. What
/// is longer than a line of ours is not looked at.
const READ_RESUMED: &str = concat!(
    "SELECT ",
    columns!("e"),
    r#" FROM {s}.events e WHERE e.stream = $1 AND e.version >= coalesce((
            SELECT substring(encode(substring(k.value FOR 1024), 'escape') FROM '^[^\n]*"of":([0-9]{1,18})')::int8
            FROM {s}.key_values k WHERE k.bucket = $4 AND k.name = $5
            AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
        ), $2) ORDER BY e.version LIMIT $3"#
);

const READ_BACKWARD: &str = concat!(
    "SELECT ",
    columns!("e"),
    " FROM {s}.events e WHERE e.stream = $1 AND e.version <= $2
         ORDER BY e.version DESC LIMIT $3"
);

/// What follows a stream's number where many are read together: a nested loop keeps the order of
/// both.
macro_rules! of_many_streams {
    () => {
        " FROM unnest($1::text[], $2::int8[], $3::int8[]) WITH ORDINALITY r (stream, version, most, n)
          CROSS JOIN LATERAL (
              SELECT e.* FROM {s}.events e WHERE e.stream = r.stream AND e.version >= r.version
              ORDER BY e.version LIMIT r.most
          ) e"
    };
}

const READ_TOGETHER: &str = concat!("SELECT r.n, ", columns!("e"), of_many_streams!());

const READ_PAYLOADS: &str = concat!(
    "SELECT ",
    payload_columns!("e"),
    " FROM {s}.events e WHERE e.stream = $1 AND e.version >= $2 ORDER BY e.version LIMIT $3"
);

const READ_PAYLOADS_TOGETHER: &str =
    concat!("SELECT r.n, ", payload_columns!("e"), of_many_streams!());

/// Up to where the log can be read: to the first transaction that is not over and may
/// append. All is seen as it was at one moment.
const EDGE: &str = "WITH now AS MATERIALIZED (
            SELECT pg_current_snapshot() AS seen, pg_postmaster_start_time() = $2 AS is_the_same
        ), running AS MATERIALIZED (
            SELECT ARRAY(SELECT x::text::int8 FROM now, pg_snapshot_xip(now.seen) x
                         WHERE x::text::int8 <> ALL($3::int8[])) AS running
        ), edge AS MATERIALIZED (
            SELECT coalesce((SELECT min(x) FROM unnest(running.running) x),
                            pg_snapshot_xmax(now.seen)::text::int8) << 20 AS place
            FROM now, running
        )
        SELECT now.is_the_same, running.running, edge.place, head.epoch, head.place, tail.epoch, tail.place
        FROM now, running, edge LEFT JOIN LATERAL (
            SELECT e.epoch, e.place FROM {s}.events e WHERE (e.epoch, e.place) < ($1, edge.place)
            ORDER BY e.epoch DESC, e.place DESC LIMIT 1
        ) head ON true LEFT JOIN LATERAL (
            SELECT e.epoch, e.place FROM {s}.events e ORDER BY e.epoch DESC, e.place DESC LIMIT 1
        ) tail ON true";

/// Which of these transactions cannot append, because they have begun to write without
/// the lock: it comes before all else. Of the others, who holds it.
const HOLDERS: &str = "WITH locks AS MATERIALIZED (
            SELECT locktype, transactionid, virtualtransaction, pid, classid, objid, objsubid, granted,
                database = (SELECT oid FROM pg_database WHERE datname = current_database()) AS is_here
            FROM pg_locks
        )
        SELECT x.id, w.pid,
            w.virtualtransaction IS NOT NULL AND NOT EXISTS (
                SELECT FROM locks l WHERE l.virtualtransaction = w.virtualtransaction AND l.locktype = 'advisory'
                AND l.is_here AND l.objsubid = 1 AND (l.classid::int8 << 32 | l.objid::int8) = $2
            ) AS cannot_append
        FROM unnest($1::int8[]) x (id) LEFT JOIN locks w
            ON w.locktype = 'transactionid' AND w.granted AND w.transactionid::text::int8 = (x.id & 4294967295)";

/// What is known of the processes of these transactions. Those of other users tell little unless one
/// may read all statistics.
const ACTIVITY: &str = "SELECT a.pid, a.application_name, a.state, a.query,
        extract(epoch FROM clock_timestamp() - a.xact_start)::float8
    FROM unnest($1::int8[]) x (id) LEFT JOIN pg_locks w
        ON w.locktype = 'transactionid' AND w.granted AND w.transactionid::text::int8 = (x.id & 4294967295)
    LEFT JOIN pg_stat_activity a ON a.pid = w.pid";

/// Between two places of one epoch. Were epoch and place compared as a pair, the index would be read
/// on beyond the end: a comparison of rows only says where to begin.
macro_rules! between {
    () => {
        "e.epoch = $1 AND e.place > $2 AND e.place < $3"
    };
}

macro_rules! log {
    ($columns:ident) => {
        concat!(
            "SELECT ",
            $columns!("e"),
            " FROM {s}.events e WHERE ",
            between!(),
            " ORDER BY e.place LIMIT $4"
        )
    };
}

macro_rules! log_of_some {
    ($columns:ident) => {
        concat!(
            "SELECT ",
            $columns!("e"),
            " FROM {s}.events e WHERE ",
            between!(),
            " AND ",
            wanted!("$5::text[]", "$6::text[]"),
            " ORDER BY e.place LIMIT $4"
        )
    };
}

macro_rules! log_of_streams {
    ($columns:ident) => {
        concat!(
            "SELECT ",
            $columns!("f"),
            " FROM unnest($7::text[]) s (stream) CROSS JOIN LATERAL (
                SELECT e.* FROM {s}.events e WHERE e.stream = s.stream AND ",
            between!(),
            " AND ",
            wanted!("$5::text[]", "$6::text[]"),
            ") f ORDER BY f.place LIMIT $4"
        )
    };
}

const LOG: &str = log!(columns);
const LOG_OF_SOME: &str = log_of_some!(columns);
const LOG_OF_STREAMS: &str = log_of_streams!(columns);
const LOG_PAYLOADS: &str = log!(placed_columns);
const LOG_PAYLOADS_OF_SOME: &str = log_of_some!(placed_columns);
const LOG_PAYLOADS_OF_STREAMS: &str = log_of_streams!(placed_columns);

const NEXT_EPOCH: &str =
    "SELECT e.epoch FROM {s}.events e WHERE e.epoch > $1 ORDER BY e.epoch LIMIT 1";

const FIND_EVENT: &str = concat!(
    "SELECT ",
    columns!("e"),
    " FROM {s}.events e WHERE e.id = $1"
);

const STREAM_INFO: &str = "SELECT l.version, f.recorded_at, l.recorded_at FROM {s}.events f, LATERAL (
            SELECT e.version, e.recorded_at FROM {s}.events e WHERE e.stream = f.stream ORDER BY e.version DESC LIMIT 1
        ) l WHERE f.stream = $1 AND f.version = 1";

/// From one stream to the next, without what lies between.
const LIST_STREAMS: &str = "WITH RECURSIVE streams AS (
            (SELECT e.stream FROM {s}.events e WHERE e.stream > $1 AND ($2::text IS NULL OR e.stream < $2)
             ORDER BY e.stream LIMIT 1)
            UNION ALL
            SELECT (SELECT e.stream FROM {s}.events e WHERE e.stream > s.stream AND ($2::text IS NULL OR e.stream < $2)
                    ORDER BY e.stream LIMIT 1)
            FROM streams s WHERE s.stream IS NOT NULL
        )
        SELECT s.stream, l.version, f.recorded_at, l.recorded_at FROM streams s, LATERAL (
            SELECT e.version, e.recorded_at FROM {s}.events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1
        ) l, LATERAL (
            SELECT e.recorded_at FROM {s}.events e WHERE e.stream = s.stream AND e.version = 1
        ) f WHERE s.stream IS NOT NULL LIMIT $3";

const GET_KEY: &str = "SELECT k.revision, k.expires_at, k.value FROM {s}.key_values k
         WHERE k.bucket = $1 AND k.name = $2 AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())";

const GET_KEYS: &str = "SELECT k.revision, k.expires_at, k.value, w.n
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (bucket, name, n), LATERAL (
             SELECT k.revision, k.expires_at, k.value FROM {s}.key_values k WHERE k.bucket = w.bucket AND k.name = w.name
             AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()) OFFSET 0
         ) k";

const LIST_KEYS: &str = "SELECT k.revision, k.expires_at, k.value, k.name FROM {s}.key_values k
         WHERE k.bucket = $1 AND k.name >= $2 AND ($3::text IS NULL OR k.name > $3) AND starts_with(k.name, $2)
         AND ($4::text IS NULL OR k.name < $4) AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
         ORDER BY k.name LIMIT $5";

const WRITE_KEYS: &str = "SELECT {s}.write_key_values($1, $2, $3, $4, $5, $6)";

/// The texts of all statements, for one schema.
#[derive(Debug)]
pub(crate) struct Sql {
    pub(crate) names: Names,
    texts: [String; Which::COUNT],
}

impl Sql {
    pub(crate) fn new(names: Names) -> Self {
        let texts = Which::ALL.map(|which| names.fill(which.text()));
        Self { names, texts }
    }

    pub(crate) fn of(&self, which: Which) -> &str {
        &self.texts[which.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_has_a_place_of_its_own() {
        for (index, which) in Which::ALL.into_iter().enumerate() {
            assert_eq!(which.index(), index);
        }
    }
}
