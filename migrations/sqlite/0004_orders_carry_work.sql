-- Orders carry work: content, a time, retries and their history; kinds; cancelling.
--
-- What few orders have lies in tables of its own, so that an order without it stays as short as it
-- was: SQLite writes a row whole whenever it changes. And no CHECK has an IN with more than two
-- values: for each row that it checks SQLite would build a table of them, which took longer than all
-- else that it does for an order.

-- What an order is about, as far as it decides which worker it is for. 0 is `default`.
CREATE TABLE kinds (
    id        INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 63),
    name      TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 32),
    is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1))
) STRICT;

INSERT INTO kinds (id, name) VALUES (0, 'default');

ALTER TABLE orders ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN due_at INTEGER;
ALTER TABLE orders ADD COLUMN start_before INTEGER;
ALTER TABLE orders ADD COLUMN place INTEGER;

DROP INDEX orders_pending;
DROP INDEX orders_failed;

-- The queue: only orders that may be claimed are in it, so a claim costs the same whatever was
-- finished before, and for each kind it is in the order of claims. Nearly all orders have the place of
-- their arrival, and are in the first one, which does without it; the others are in the second.
CREATE INDEX orders_queue ON orders (kind, priority) WHERE status = 0 AND place IS NULL;
CREATE INDEX orders_requeued ON orders (kind, priority, place)
    WHERE status = 0 AND place IS NOT NULL;

-- Those that wait for their time, in the order in which they become due.
CREATE INDEX orders_due ON orders (due_at) WHERE status = 5;

-- Those that are Failed unless they begin in time.
CREATE INDEX orders_expiring ON orders (start_before)
    WHERE status IN (0, 5) AND attempts = 0 AND start_before IS NOT NULL;

-- For listing in the order of arrival: Pending orders whose place is another one, and the orders
-- that somebody has to look at.
CREATE INDEX orders_placed ON orders (status, kind, priority)
    WHERE status IN (0, 5) AND place IS NOT NULL;
CREATE INDEX orders_unsuccessful ON orders (status) WHERE status IN (3, 4);

-- What an order carries, if it carries any of it: written when it is created, by a change while it
-- is Pending, and never again. The payload is last, so that reading what is before it reads no more.
CREATE TABLE order_inputs (
    seq             INTEGER PRIMARY KEY REFERENCES orders (seq),
    timeout_seconds INTEGER CHECK (timeout_seconds BETWEEN 1 AND 86400),
    max_attempts    INTEGER CHECK (max_attempts BETWEEN 1 AND 100),
    backoff_seconds INTEGER CHECK (backoff_seconds BETWEEN 1 AND 3600),
    -- Of the create's content, if its client wants to be told when it sends the same again.
    fingerprint     BLOB CHECK (length(fingerprint) = 16),
    payload         BLOB CHECK (length(payload) BETWEEN 1 AND 1000000)  -- JSON, as it was sent
) STRICT;

-- What came of it, beyond its end.
CREATE TABLE order_results (
    seq    INTEGER PRIMARY KEY REFERENCES orders (seq),
    detail TEXT,                                              -- of the failure
    result BLOB CHECK (length(result) BETWEEN 1 AND 1000000)  -- JSON, as the processor gave it
) STRICT;

-- Attempts that did not end the order, or whose end a retry by a client has undone: the newest
-- hundred of each order.
CREATE TABLE past_attempts (
    seq        INTEGER NOT NULL REFERENCES orders (seq),
    token      INTEGER NOT NULL,
    worker     INTEGER NOT NULL REFERENCES workers (id),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    -- To be tried again, lease expired, released, failed, cancelled.
    outcome    INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 4),
    reason     TEXT,
    detail     TEXT,
    PRIMARY KEY (seq, token)
) STRICT, WITHOUT ROWID;

-- Of the limits of the attempt (see AttemptLimits), those that whoever takes the lease back needs.
ALTER TABLE leases ADD COLUMN max_attempts INTEGER NOT NULL DEFAULT 5 CHECK (max_attempts > 0);
ALTER TABLE leases ADD COLUMN backoff_seconds INTEGER NOT NULL DEFAULT 10
    CHECK (backoff_seconds > 0);

-- How many orders of a kind and a priority are in a status, by the numbers of orders.status. A row
-- that is not there counts none.
CREATE TABLE new_order_counts (
    status   INTEGER NOT NULL CHECK (status BETWEEN 0 AND 5),
    kind     INTEGER NOT NULL REFERENCES kinds (id),
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    orders   INTEGER NOT NULL CHECK (orders >= 0),
    PRIMARY KEY (status, kind, priority)
) STRICT, WITHOUT ROWID;

INSERT INTO new_order_counts (status, kind, priority, orders)
SELECT status, 0, priority, orders FROM order_counts;

DROP TABLE order_counts;
ALTER TABLE new_order_counts RENAME TO order_counts;

-- What transactions keep up to date besides the counters.
CREATE TABLE bookkeeping (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    -- The last place that was given to an order that did not arrive then. The next one is larger,
    -- and behind that of the newest order.
    last_place    INTEGER NOT NULL,
    -- How many orders were Cancelled while they were Processing: their workers look at what they
    -- hold when it has grown.
    cancels       INTEGER NOT NULL,
    -- Payloads and results.
    content_bytes INTEGER NOT NULL CHECK (content_bytes >= 0),
    -- Until when somebody wants to be told of each order that ends, by the wall clock.
    ends_awaited_until INTEGER NOT NULL
) STRICT;

INSERT INTO bookkeeping (id, last_place, cancels, content_bytes, ends_awaited_until)
VALUES (1, 0, 0, 0, 0);

-- SQLite cannot alter a CHECK. Writing all rows anew takes 15 to 25 times as long as a VACUUM; this is
-- the way that its manual gives for changes that leave every row as it is (lang_altertable.html, 7).
-- The columns are those that the table has by now, in their order.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE orders (
    seq             INTEGER PRIMARY KEY,
    order_id        TEXT    NOT NULL UNIQUE CHECK (length(order_id) BETWEEN 1 AND 64),
    priority        INTEGER NOT NULL CHECK (priority IN (0, 1)),         -- High, Normal
    processing_time INTEGER NOT NULL CHECK (processing_time BETWEEN 1 AND 86400),
    -- Pending and in the queue, Processing, Processed, Failed, Cancelled; and 5: Pending, but not in
    -- the queue before due_at.
    status          INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 5),
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- How often the order was claimed. It only grows: the newest value is the fencing token.
    lease_token     INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= attempts),
    created_at      INTEGER NOT NULL,
    -- The last attempt, once the order has ended; while it is Processing, the lease has these. An
    -- order may have ended as Failed or Cancelled without an attempt.
    started_at      INTEGER,
    finished_at     INTEGER,
    worker          INTEGER REFERENCES workers (id),
    failure         TEXT,
    kind            INTEGER NOT NULL DEFAULT 0 REFERENCES kinds (id),
    -- From when it may be claimed; empty if that was always so.
    due_at          INTEGER,
    start_before    INTEGER,  -- not begun by then, it is Failed
    -- Its place in the queue, if that is not the one of its arrival, seq << 20; 0 while it waits for
    -- its time.
    place           INTEGER CHECK (place >= 0),
    CHECK ((status BETWEEN 2 AND 4) = (finished_at IS NOT NULL)),
    CHECK ((started_at IS NULL) = (worker IS NULL)),
    CHECK (started_at IS NULL OR status BETWEEN 2 AND 4),
    CHECK (status <> 2 OR started_at IS NOT NULL),
    CHECK ((status = 3) = (failure IS NOT NULL)),
    CHECK (status <> 5 OR (due_at IS NOT NULL AND place IS NOT NULL AND place = 0)),
    CHECK (status NOT IN (0, 1) OR place IS NULL OR place > 0)
) STRICT' WHERE type = 'table' AND name = 'orders';

PRAGMA writable_schema = RESET;
