-- What happened. Each hash covers the columns of its row and the hash of the row before.
CREATE TABLE entry (
    seq     INTEGER PRIMARY KEY,  -- 1, 2, 3 and so on: none is left out
    kind    TEXT NOT NULL,
    boot    BLOB NOT NULL,        -- 16 bytes
    mono_ns INTEGER NOT NULL,     -- CLOCK_MONOTONIC of that boot
    utc_ns  INTEGER,              -- since 1970; NULL where the clock was not known good
    body    TEXT NOT NULL,        -- JSON
    hash    BLOB NOT NULL
) STRICT;
-- The end of the chain, so that a cut one shows.
CREATE TABLE head (
    slot    INTEGER PRIMARY KEY CHECK (slot = 1),
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    closed  INTEGER NOT NULL,     -- 1: the writer ended in good order
    seal    BLOB NOT NULL         -- hash of this row
) STRICT;
-- What must be known after a power cut.
CREATE TABLE durable (
    slot       INTEGER PRIMARY KEY CHECK (slot = 1),
    seq        INTEGER NOT NULL,  -- of the entry of kind `durable` that has its digest
    arming     INTEGER NOT NULL,
    credit     INTEGER NOT NULL,  -- steps
    boot       BLOB NOT NULL,
    mono_ns    INTEGER NOT NULL,
    utc_ns     INTEGER,
    checkpoint BLOB NOT NULL
) STRICT;
