-- How the store stood at moments ten seconds apart, during the last day: what plots over time are made
-- of. Times are counted in intervals of ten seconds from 1970, by the wall clock.
CREATE TABLE samples (
    number         INTEGER PRIMARY KEY,
    -- Since the store was made.
    created        INTEGER NOT NULL,
    processed      INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    cancelled      INTEGER NOT NULL,
    -- As of then.
    pending_high   INTEGER NOT NULL,
    pending_normal INTEGER NOT NULL,
    processing     INTEGER NOT NULL,
    oldest_high    INTEGER NOT NULL,  -- how long it had waited, in milliseconds
    oldest_normal  INTEGER NOT NULL
) STRICT;
