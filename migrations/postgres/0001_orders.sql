-- Orders, and where each stands: in the queue, waiting for its time, in work, or ended.
--
-- Times are milliseconds since 1970 by the server's clock. High, Normal are the priorities 0, 1. All
-- lies in the schema `orders`, which has been made before this runs.

-- What the time is: one for each transaction. Whatever lives by time asks this.
CREATE FUNCTION orders.now_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT floor(date_part('epoch', now()) * 1000)::bigint $$;

-- Transactions that were given up, or that are done and would leave no other trace: by the number that
-- begin_group() is told.
CREATE TABLE orders.group_marks (
    nonce bigint PRIMARY KEY,
    at    bigint NOT NULL
);
CREATE INDEX group_marks_at ON orders.group_marks (at);

-- Whether this store is, or was, one end of a copy to another place (`order-api copy`): one row at
-- most.
CREATE TABLE orders.copies (
    id    smallint PRIMARY KEY CHECK (id = 1),
    -- Its orders are being moved away; were moved away; it is an unfinished copy: no program opens
    -- it. Or it is a finished copy.
    state smallint NOT NULL CHECK (state BETWEEN 0 AND 3),
    copy  text     NOT NULL CHECK (length(copy) = 32),  -- which one: the same at both ends
    other text     NOT NULL                             -- what the other end is called
);

-- Begins the work of a transaction that writes: from here until it ends, whoever asks what has become
-- of it waits for it; one that was given up does nothing any more. Nor is anything written to a store
-- that is closed: a program that has it open, and that whoever closes it has not noticed, learns of it
-- here. (The row is read under a lock that lasts as long as the transaction, so whoever closes the
-- store, with the table locked, waits for those that are under way.) Also makes the settings that
-- hold for it alone, so that none is left in the session, which may be another's next. Returns the
-- time.
CREATE FUNCTION orders.begin_group(number bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    is_given_up boolean;
    closed      text;
BEGIN
    PERFORM pg_advisory_xact_lock(number);
    -- With a snapshot of its own, taken after the lock.
    SELECT EXISTS (SELECT FROM orders.group_marks m WHERE m.nonce = number),
        (SELECT CASE c.state WHEN 0 THEN 'the orders are being moved to '
            WHEN 1 THEN 'the orders were moved to ' ELSE 'this is an unfinished copy of ' END
            || c.other FROM orders.copies c WHERE c.state < 3)
        INTO is_given_up, closed;
    IF is_given_up THEN
        RAISE EXCEPTION 'this transaction was given up' USING ERRCODE = 'OR001';
    END IF;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION '%', closed USING ERRCODE = 'OR002';
    END IF;
    -- What is told as stored must be, whatever somebody has set for the database meanwhile.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    -- Before it takes a place in the queue: queue_places.h says why.
    PERFORM pg_current_xact_id();
    PERFORM set_config('statement_timeout', '10s', true), set_config('lock_timeout', '5s', true),
        set_config('idle_in_transaction_session_timeout', '10s', true),
        -- The statements that follow look at few rows, by indexes, however large the tables are, and
        -- whatever their statistics say.
        set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
        set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true),
        set_config('jit', 'off', true),
        -- So they are planned once, if the session keeps them.
        set_config('plan_cache_mode', 'force_generic_plan', true);
    RETURN orders.now_ms();
END $$;

-- How long an order waits after an attempt that is to be tried again, in milliseconds: exponential
-- backoff with equal jitter, an hour at most. `chance` is from 0 to 1.
CREATE FUNCTION orders.retry_wait(base_seconds integer, attempt smallint, chance float8)
    RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT total / 2 + trunc((total - total / 2) * chance)::bigint
    FROM (SELECT least(base_seconds * 1000.0::float8 * 2.0::float8 ^ least(attempt - 1, 40),
                       3600000)::bigint AS total) AS waits $$;

-- Which store this is: random values, each 32 hexadecimal digits.
CREATE TABLE orders.store (
    id          smallint PRIMARY KEY CHECK (id = 1),
    store_id    text     NOT NULL CHECK (length(store_id) = 32),
    incarnation text     NOT NULL CHECK (length(incarnation) = 32)
);
INSERT INTO orders.store (id, store_id, incarnation)
VALUES (1, replace(gen_random_uuid()::text, '-', ''), replace(gen_random_uuid()::text, '-', ''));

-- What an order is about, as far as it decides which worker it is for. 0 is `default`.
CREATE TABLE orders.kinds (
    id        smallint PRIMARY KEY CHECK (id BETWEEN 0 AND 63),
    name      text COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 32),
    is_paused boolean NOT NULL DEFAULT false
);
INSERT INTO orders.kinds (id, name) VALUES (0, 'default');

-- One row for each worker that an order may name.
CREATE TABLE orders.workers (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text COLLATE "C" NOT NULL UNIQUE,
    host            text    NOT NULL,
    threads         integer NOT NULL CHECK (threads > 0),
    started_at      bigint  NOT NULL,
    heartbeat_until bigint,                          -- empty once it is gone
    gone_at         bigint,                          -- when it was found to be
    lease_time      bigint  NOT NULL CHECK (lease_time > 0),
    -- No order behind this one in order of arrival names it: 0 until it ends its first, then the
    -- largest number there is, until it is gone.
    named_up_to     bigint  NOT NULL DEFAULT 0,
    pid_namespace   bigint  NOT NULL DEFAULT 0,
    pid             bigint  NOT NULL DEFAULT 0,
    pulls           boolean NOT NULL DEFAULT false,
    label           text,
    kinds           text,                            -- separated by commas; empty: all
    endpoints       text
) WITH (fillfactor = 50);
CREATE INDEX workers_live ON orders.workers (id) WHERE heartbeat_until IS NOT NULL;
CREATE INDEX workers_gone ON orders.workers (named_up_to) WHERE heartbeat_until IS NULL;

-- Written when an order is created, when it ends, and when it is given back or changed; never by a
-- claim. While it is in work, its lease has its token and its attempts.
--
-- No index has anything of what changes when an order is Processed, and its page has room for it: so
-- the server writes the row anew beside the old one, and no index at all.
CREATE TABLE orders.orders (
    seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- CACHE 1: the queue needs it
    created_at      bigint NOT NULL,
    created_in      bigint NOT NULL,            -- of begin_group(): who created it
    started_at      bigint,                     -- as the worker: of the last attempt, once it ended
    finished_at     bigint,
    due_at          bigint,
    start_before    bigint,
    position        bigint,                     -- in the queue, if it is another one than seq
    token           bigint NOT NULL DEFAULT 0,
    worker          bigint,
    processing_time integer  NOT NULL CHECK (processing_time BETWEEN 1 AND 86400),
    priority        smallint NOT NULL CHECK (priority IN (0, 1)),
    kind            smallint NOT NULL,
    -- 0: it is in queue, waiting or leases. Else Processed, Failed, Cancelled.
    status          smallint NOT NULL DEFAULT 0 CHECK (status IN (0, 2, 3, 4)),
    attempts        smallint NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND token),
    order_id        text COLLATE "C" NOT NULL UNIQUE CHECK (length(order_id) BETWEEN 1 AND 64),
    failure         text,
    -- For the indexes.
    unsuccessful    smallint GENERATED ALWAYS AS (CASE WHEN status IN (3, 4) THEN status END) STORED,
    expires_at      bigint GENERATED ALWAYS AS
                        (CASE WHEN status = 0 AND attempts = 0 THEN start_before END) STORED,
    CHECK ((status = 0) = (finished_at IS NULL)),
    CHECK ((status = 3) = (failure IS NOT NULL)),
    CHECK ((started_at IS NULL) = (worker IS NULL)),
    CHECK (status <> 2 OR started_at IS NOT NULL)
) WITH (fillfactor = 60);
CREATE INDEX orders_unsuccessful ON orders.orders (unsuccessful, seq) WHERE unsuccessful IS NOT NULL;
CREATE INDEX orders_expiring ON orders.orders (expires_at) WHERE expires_at IS NOT NULL;

-- May be claimed. Rows come and go, and are never changed. Line 0 has those that entered at its end:
-- it only grows there, so a claim goes on from where the last one ended. Line 1 has those that came
-- back to an old place.
CREATE TABLE orders.queue (
    kind     smallint NOT NULL,
    priority smallint NOT NULL,
    line     smallint NOT NULL,
    position bigint   NOT NULL,
    seq      bigint   NOT NULL,
    PRIMARY KEY (kind, priority, line, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_listed ON orders.queue (kind, priority, seq);

-- Waits for its time.
CREATE TABLE orders.waiting (
    seq      bigint PRIMARY KEY,
    due_at   bigint   NOT NULL,
    kind     smallint NOT NULL,
    priority smallint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0);
CREATE INDEX waiting_due ON orders.waiting (due_at, seq);
CREATE INDEX waiting_listed ON orders.waiting (kind, priority, seq);

-- Is in work. No index on `until`: a renewal then changes none, and there are few rows.
CREATE TABLE orders.leases (
    seq             bigint PRIMARY KEY,
    token           bigint   NOT NULL,
    position        bigint   NOT NULL,
    until           bigint   NOT NULL,
    started_at      bigint   NOT NULL,
    deadline        bigint,                     -- of those that are pulled
    worker          bigint   NOT NULL,
    claimed_in      bigint   NOT NULL,          -- of begin_group()
    backoff_seconds integer  NOT NULL CHECK (backoff_seconds > 0),
    max_attempts    smallint NOT NULL CHECK (max_attempts > 0),
    kind            smallint NOT NULL,
    priority        smallint NOT NULL,
    attempts        smallint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0);

-- What few orders have.
CREATE TABLE orders.order_inputs (
    seq             bigint PRIMARY KEY,
    timeout_seconds integer,
    max_attempts    smallint,
    backoff_seconds integer,
    fingerprint     text CHECK (length(fingerprint) = 32),  -- hexadecimal
    payload         text                                    -- JSON, as it was sent
);
CREATE TABLE orders.order_results (
    seq    bigint PRIMARY KEY,
    detail text,
    result text
);
CREATE TABLE orders.past_attempts (
    seq        bigint   NOT NULL,
    token      bigint   NOT NULL,
    worker     bigint   NOT NULL,
    started_at bigint   NOT NULL,
    ended_at   bigint   NOT NULL,
    -- To be tried again, lease expired, released, failed, cancelled.
    outcome    smallint NOT NULL CHECK (outcome BETWEEN 0 AND 4),
    reason     text,
    detail     text,
    PRIMARY KEY (seq, token)
);

-- How many orders of a kind and a priority are in a state: 0 in the queue, 1 in work, 2 Processed,
-- 3 Failed, 4 Cancelled, 5 waiting; 6 is the bytes of payloads and results, 7 how many were Cancelled
-- while in work, both of kind 0 and priority 0. A number is the sum over both tables: a transaction
-- adds rows to the second, which never wait for each other, and now and then they are folded into the
-- first.
CREATE TABLE orders.counts (
    kind     smallint NOT NULL,
    priority smallint NOT NULL,
    state    smallint NOT NULL CHECK (state BETWEEN 0 AND 7),
    number   bigint   NOT NULL,
    PRIMARY KEY (kind, priority, state)
) WITH (fillfactor = 20);
CREATE TABLE orders.count_changes (
    kind     smallint NOT NULL,
    priority smallint NOT NULL,
    state    smallint NOT NULL CHECK (state BETWEEN 0 AND 7),
    number   bigint   NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0);
CREATE VIEW orders.all_counts AS
    SELECT kind, priority, state, sum(number)::bigint AS number
    FROM (SELECT * FROM orders.counts UNION ALL SELECT * FROM orders.count_changes) AS parts
    GROUP BY kind, priority, state;

-- Until when somebody wants to be told of each order that ends.
CREATE TABLE orders.awaited_ends (
    id    smallint PRIMARY KEY CHECK (id = 1),
    until bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO orders.awaited_ends (id, until) VALUES (1, 0);

-- Written to find out whether the store takes writes.
CREATE TABLE orders.write_probe (
    id smallint PRIMARY KEY CHECK (id = 1),
    at bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO orders.write_probe (id, at) VALUES (1, 0);
