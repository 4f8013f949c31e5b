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

-- As before; besides, nothing is written to a store that is closed. A program that has it open, and
-- that whoever closes it has not noticed, learns of it here. The row is read under a lock that lasts
-- as long as the transaction, so whoever closes the store, with the table locked, waits for those
-- that are under way.
CREATE OR REPLACE FUNCTION orders.begin_group(number bigint) RETURNS bigint LANGUAGE plpgsql AS $$
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
