-- What has happened to orders, for those that listen to it: each order that is created, and each
-- change of an order's status or priority. Written only while somebody listens; the newest are kept.

CREATE TABLE orders.awaited_changes (
    id          smallint PRIMARY KEY CHECK (id = 1),
    -- By which time somebody who listens is to ask again; 0: nothing is written.
    until       bigint   NOT NULL,
    -- The transaction that began to have it written, and when. Those that were under way then may
    -- write nothing yet.
    begun_in    xid8     NOT NULL,
    begun_at    bigint   NOT NULL,
    -- Behind this id nothing is missing but what has been deleted from the beginning.
    whole_after bigint   NOT NULL
) WITH (fillfactor = 20);
INSERT INTO orders.awaited_changes (id, until, begun_in, begun_at, whole_after)
VALUES (1, 0, '0', 0, 0);

-- What transactions write: each at its place, so what follows from something else is behind it. But
-- places are taken before the commit, so one may appear behind those that were there already.
CREATE TABLE orders.new_changes (
    place    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       bigint   NOT NULL,
    attempt  smallint NOT NULL,
    priority smallint NOT NULL,
    status   smallint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    reason   text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0);

-- The same, numbered once it is committed, by one reader at a time, so that whoever sees an id sees
-- all those before it. An id is one more than the highest there is. The newest row is never deleted.
CREATE TABLE orders.changes (
    id       bigint PRIMARY KEY,
    at       bigint NOT NULL,
    attempt  smallint,
    priority smallint CHECK (priority IN (0, 1)),
    status   smallint CHECK (status BETWEEN 0 AND 4),  -- as clients see it: what waits is Pending
    -- Empty, as all else but the time, in the row that says: from here on it is written again.
    order_id text COLLATE "C",
    kind     text COLLATE "C",
    reason   text,
    CHECK (num_nonnulls(order_id, kind, priority, status, attempt) IN (0, 5))
);
