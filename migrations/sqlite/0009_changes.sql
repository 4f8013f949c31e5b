-- What has happened to orders, for those that listen to it: each order that is created, and each
-- change of an order's status or priority. Written only while somebody listens; the newest are kept.

-- By which time somebody who listens is to ask again, by the wall clock; 0: nothing is written.
ALTER TABLE bookkeeping ADD COLUMN changes_awaited_until INTEGER NOT NULL DEFAULT 0;

-- Behind this id nothing is missing but what has been deleted from the beginning.
ALTER TABLE bookkeeping ADD COLUMN changes_whole_after INTEGER NOT NULL DEFAULT 0;

-- An id is one more than the highest there is. The newest row is never deleted, so none comes back.
CREATE TABLE changes (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    -- Empty, as all that follows, in the row that says: from here on it is written again.
    order_id TEXT,
    kind     TEXT,
    priority INTEGER CHECK (priority IN (0, 1)),
    status   INTEGER CHECK (status BETWEEN 0 AND 4),  -- as clients see it: what waits is Pending
    attempt  INTEGER,
    reason   TEXT,
    CHECK (iif(order_id IS NULL, coalesce(kind, priority, status, attempt, reason) IS NULL,
               kind IS NOT NULL AND priority IS NOT NULL AND status IS NOT NULL
               AND attempt IS NOT NULL))
) STRICT;
