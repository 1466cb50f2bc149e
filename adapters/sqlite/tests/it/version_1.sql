-- A file as the first version of the schema had it, with three events in it. Stored files are forever, so this is never changed.
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    left_in_commit INTEGER NOT NULL,
    time INTEGER NOT NULL,
    name TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;
INSERT INTO streams VALUES (1, 'order-1', 2, 1776435721000000, 1776435721000000), (2, 'order-2', 1, 1776435722000000, 1776435722000000);
INSERT INTO events VALUES
    (1, 1, 1, 1, 1776435721000000, 'order.placed', 1, x'00000000000000000000000000000001', 'api', '{"tenantId":"acme"}', '{"items":3}'),
    (2, 1, 2, 0, 1776435721000000, 'order.paid', 2, x'00000000000000000000000000000002', 'api', '{"tenantId":"acme"}', '{"cents":1200}'),
    (3, 2, 1, 0, 1776435722000000, 'order.placed', 1, x'00000000000000000000000000000003', 'import', '{}', '{"items":1}');
PRAGMA application_id = 0x49726e46;
PRAGMA user_version = 1;
COMMIT;
