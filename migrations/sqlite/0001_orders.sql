-- The orders, the leases under which workers hold some of them, the workers, and the counters.
--
-- Times that people read are milliseconds since 1970 (UTC). Times that leases live by are
-- milliseconds of the machine's boot clock, and mean something only within that boot.
-- STRICT and the CHECKs are the last line of defence: the program never relies on them to fail.

-- One row per order. `seq` is the order of arrival; the row with the largest one is never deleted,
-- so that none comes back.
CREATE TABLE orders (
    seq             INTEGER PRIMARY KEY,
    order_id        TEXT    NOT NULL UNIQUE CHECK (length(order_id) BETWEEN 1 AND 64),
    priority        INTEGER NOT NULL CHECK (priority IN (0, 1)),         -- High, Normal
    processing_time INTEGER NOT NULL CHECK (processing_time BETWEEN 1 AND 86400),
    status          INTEGER NOT NULL DEFAULT 0
                    CHECK (status IN (0, 1, 2, 3)),  -- Pending, Processing, Processed, Failed
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- How often the order was claimed. It only grows: the newest value is the fencing token.
    lease_token     INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= attempts),
    created_at      INTEGER NOT NULL,
    -- The last attempt, once the order is finished; while it is Processing, the lease has these.
    started_at      INTEGER,
    finished_at     INTEGER,
    worker          INTEGER REFERENCES workers (id),
    failure         TEXT,
    CHECK ((status >= 2) = (finished_at IS NOT NULL)),
    CHECK ((status >= 2) = (started_at IS NOT NULL)),
    CHECK ((status >= 2) = (worker IS NOT NULL)),
    CHECK ((status = 3) = (failure IS NOT NULL))
) STRICT;

-- The queue. Only Pending orders are in it, so a claim costs the same whatever was finished before.
-- SQLite appends seq to every index: this one is in the order (priority, seq), the order of claims.
CREATE INDEX orders_pending ON orders (priority) WHERE status = 0;

-- For listing the orders that somebody has to look at.
CREATE INDEX orders_failed ON orders (status) WHERE status = 3;

-- One row per order that is Processing, for as long as it is.
CREATE TABLE leases (
    seq        INTEGER PRIMARY KEY REFERENCES orders (seq),
    worker     INTEGER NOT NULL REFERENCES workers (id),
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL  -- boot clock of the worker's boot
) STRICT;

-- One row per worker process that ever was, so that a finished order can name its worker.
CREATE TABLE workers (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    host            TEXT    NOT NULL,
    threads         INTEGER NOT NULL CHECK (threads > 0),
    started_at      INTEGER NOT NULL,
    boot_id         TEXT    NOT NULL,
    -- Until when the worker counts as live without another heartbeat; empty once it is gone.
    heartbeat_until INTEGER
) STRICT;

CREATE INDEX workers_live ON workers (host) WHERE heartbeat_until IS NOT NULL;

-- How many orders of a priority are in a status: kept in the transactions that change it, so that
-- nothing ever counts millions of rows.
CREATE TABLE order_counts (
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    status   INTEGER NOT NULL CHECK (status IN (0, 1, 2, 3)),
    orders   INTEGER NOT NULL CHECK (orders >= 0),
    PRIMARY KEY (priority, status)
) STRICT, WITHOUT ROWID;

INSERT INTO order_counts (priority, status, orders)
VALUES (0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 3, 0), (1, 0, 0), (1, 1, 0), (1, 2, 0), (1, 3, 0);

-- Written to find out whether the store can be written to.
CREATE TABLE write_probe (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    written_at INTEGER NOT NULL
) STRICT;

INSERT INTO write_probe (id, written_at) VALUES (1, 0);
