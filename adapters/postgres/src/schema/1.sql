CREATE TABLE {s}.ironflow_migrations (
    version int4 PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now()
);

-- What is known of each time that the server was started. Positions begin with the number, so that
-- what is appended after a restart, a failover or in a restored copy comes after all there was.
CREATE TABLE {s}.epochs (
    number int4 PRIMARY KEY,
    server_started_at timestamptz NOT NULL UNIQUE
);

-- (epoch, place) is the position; the place is the transaction's id, and in its last twenty bits
-- the event's index in the transaction. Nothing is ever updated. Texts are compared byte by byte.
-- The bits of a schema version are kept in a number that has a sign.
CREATE TABLE {s}.events (
    place int8 NOT NULL,
    version int8 NOT NULL,
    recorded_at timestamptz NOT NULL,
    epoch int4 NOT NULL,
    left_in_commit int4 NOT NULL,
    schema_version int4 NOT NULL,
    id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    metadata text COLLATE "C" NOT NULL,
    data text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX events_stream_version ON {s}.events (stream, version);
CREATE UNIQUE INDEX events_id ON {s}.events (id);
CREATE UNIQUE INDEX events_position ON {s}.events (epoch, place);

CREATE SEQUENCE {s}.revisions;
CREATE TABLE {s}.key_values (
    revision int8 NOT NULL,
    expires_at timestamptz,
    bucket text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (bucket, name)
);
CREATE INDEX key_values_that_expire ON {s}.key_values (expires_at) WHERE expires_at IS NOT NULL;

-- Makes all the changes or none, and gives back the new revisions, none for deletions. What is
-- expected of a key is its revision, 0 where it must be absent, and -1 where anything will do. The
-- changes come in waves, in each of which no key occurs twice; `ends` are the indexes of their ends.
CREATE FUNCTION {s}.write_key_values(
    buckets text[], names text[], expectations int8[], contents bytea[], lifetimes int8[], ends int4[]
)
RETURNS int8[]
LANGUAGE plpgsql SET search_path = {s}, pg_temp AS $$
DECLARE
    moment timestamptz;
    unmet record;
    given int8[] := '{}';
    first int4 := 1;
    last int4;
    -- Of one wave.
    some_buckets text[];
    some_names text[];
    expected int8[];
    some_contents bytea[];
    some_lifetimes int8[];
    revisions int8[];
    written int8;
BEGIN
    -- Always in the same order, so that two batches do not wait for each other. Each key is looked up
    -- by itself, here and below: a join that was planned while there were few keys reads all of them.
    PERFORM FROM (SELECT * FROM unnest(buckets, names) w (bucket, name) ORDER BY bucket COLLATE "C", name COLLATE "C") w, LATERAL (
        SELECT FROM key_values k WHERE k.bucket = w.bucket AND k.name = w.name FOR UPDATE
    ) k;
    moment := clock_timestamp();

    FOREACH last IN ARRAY ends LOOP
        some_buckets := buckets[first:last];
        some_names := names[first:last];
        expected := expectations[first:last];
        some_contents := contents[first:last];
        some_lifetimes := lifetimes[first:last];

        SELECT w.index + first - 2 AS index, k.revision INTO unmet
            FROM unnest(some_buckets, some_names, expected) WITH ORDINALITY w (bucket, name, revision, index)
            LEFT JOIN LATERAL (
                SELECT k.revision FROM key_values k
                WHERE k.bucket = w.bucket AND k.name = w.name AND (k.expires_at IS NULL OR k.expires_at > moment) OFFSET 0
            ) k ON true
            WHERE w.revision >= 0 AND w.revision <> coalesce(k.revision, 0)
            ORDER BY w.index LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'IF001', MESSAGE = 'a key is not as expected',
                DETAIL = unmet.index || ' ' || coalesce(unmet.revision, 0);
        END IF;

        SELECT array_agg(CASE WHEN w.content IS NOT NULL THEN nextval('revisions') END ORDER BY w.index) INTO revisions
            FROM unnest(some_contents) WITH ORDINALITY w (content, index);
        given := given || revisions;

        -- What must be absent and was there has expired; what has been made since is found out by the index.
        DELETE FROM key_values k WHERE k.ctid = ANY (ARRAY(
            SELECT k.ctid FROM unnest(some_buckets, some_names, expected, some_contents) w (bucket, name, old, content), LATERAL (
                SELECT k.ctid, k.expires_at FROM key_values k WHERE k.bucket = w.bucket AND k.name = w.name OFFSET 0
            ) k
            WHERE (w.old = 0 OR w.content IS NULL)
                AND CASE WHEN w.old = 0 THEN k.expires_at <= moment ELSE w.content IS NULL END));
        INSERT INTO key_values (bucket, name, revision, expires_at, value)
            SELECT w.bucket, w.name, w.revision, moment + w.lifetime * interval '1 microsecond', w.content
            FROM unnest(some_buckets, some_names, expected, some_contents, some_lifetimes, revisions)
                w (bucket, name, old, content, lifetime, revision)
            WHERE w.content IS NOT NULL AND w.old = 0;
        INSERT INTO key_values AS k (bucket, name, revision, expires_at, value)
            SELECT w.bucket, w.name, w.revision, moment + w.lifetime * interval '1 microsecond', w.content
            FROM unnest(some_buckets, some_names, expected, some_contents, some_lifetimes, revisions)
                w (bucket, name, old, content, lifetime, revision)
            WHERE w.content IS NOT NULL AND w.old <> 0
            ON CONFLICT (bucket, name) DO UPDATE
                SET revision = excluded.revision, expires_at = excluded.expires_at, value = excluded.value
                WHERE k.revision < excluded.revision;
        GET DIAGNOSTICS written = ROW_COUNT;
        -- A key that another made since we looked may have a later revision: try again.
        IF written < (SELECT count(*) FROM unnest(expected, some_contents) w (old, content)
                      WHERE w.content IS NOT NULL AND w.old <> 0) THEN
            RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'another made a key at the same time';
        END IF;
        first := last + 1;
    END LOOP;

    -- Nobody sees what has expired any more; this only gives the space back, a little each time.
    DELETE FROM key_values k WHERE k.ctid = ANY (ARRAY(
        SELECT e.ctid FROM key_values e WHERE e.expires_at <= moment LIMIT 64 FOR UPDATE SKIP LOCKED));
    RETURN given;
END
$$;
