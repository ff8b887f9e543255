-- What is no longer here: every entry up to this one was pruned for its age. The last entry
-- of kind `pruned` says the same.
CREATE TABLE anchor (
    slot    INTEGER PRIMARY KEY CHECK (slot = 1),
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL
) STRICT;
-- The running time of the journal: the times of all its boots, put together. Off-time, and
-- the time of a boot before its first entry, count as zero.
CREATE TABLE boot (
    first   INTEGER PRIMARY KEY,  -- its first entry
    boot    BLOB NOT NULL,
    mono_ns INTEGER NOT NULL,     -- of that entry
    run_ns  INTEGER NOT NULL,     -- the running time at that entry
    seal    BLOB NOT NULL         -- hash of this row
) STRICT;
