-- What only grows: how many orders have left the states that orders.counts counts, and how attempts
-- ended. So how many were ever created, or Processed, is known without counting anything when that
-- happens: those that are there, and those that have left. They are further states of the same
-- counters, by the numbers of decisions/order_totals.h; kind and priority are 0 where a total is not
-- told apart by them.
ALTER TABLE orders.counts DROP CONSTRAINT counts_state_check,
    ADD CONSTRAINT counts_state_check CHECK (state BETWEEN 0 AND 32);
ALTER TABLE orders.count_changes DROP CONSTRAINT count_changes_state_check,
    ADD CONSTRAINT count_changes_state_check CHECK (state BETWEEN 0 AND 32);

-- For which reason an order is Failed, and how that ended its attempt, as totals; the same as
-- failed_for() and ended_by() in decisions/order_totals.cpp.
CREATE FUNCTION orders.failed_for(reason text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE reason WHEN 'timeout' THEN 16 WHEN 'attempts_exhausted' THEN 17
        WHEN 'processor_error' THEN 18 WHEN 'expired' THEN 19
        ELSE CASE WHEN reason ~ '^http_4[0-9]{2}$' THEN 20 WHEN reason ~ '^http_5[0-9]{2}$' THEN 21
            WHEN reason ~ '^exit_[0-9]+$' THEN 22 ELSE 23 END END::smallint $$;
CREATE FUNCTION orders.ended_by(reason text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE reason WHEN 'attempts_exhausted' THEN 26 ELSE 24 END::smallint $$;

-- What a worker has measured of itself, by its last sign of life: a JSON object of numbers, all of
-- which only grow. Of those, metrics_kept are in the sums of gone workers already: a worker that was
-- taken for gone may come back.
ALTER TABLE orders.workers ADD COLUMN metrics text, ADD COLUMN metrics_kept text;

-- The sums of what gone workers had measured, and of what APIs have, by the same names.
CREATE TABLE orders.metric_sums (
    name   text COLLATE "C" PRIMARY KEY,
    number double precision NOT NULL
);

-- Adds what these workers have measured to the sums of gone ones. Their rows must be locked.
CREATE FUNCTION orders.keep_metrics(gone bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO orders.metric_sums AS g (name, number)
    SELECT key, sum(number) FROM (
        SELECT m.key, m.value::float8 AS number FROM orders.workers w, json_each_text(w.metrics::json) m
        WHERE w.id = ANY (gone)
        UNION ALL
        SELECT k.key, -k.value::float8 FROM orders.workers w, json_each_text(w.metrics_kept::json) k
        WHERE w.id = ANY (gone)) AS parts
    GROUP BY key ORDER BY key
    ON CONFLICT (name) DO UPDATE SET number = g.number + excluded.number;
    UPDATE orders.workers SET metrics_kept = metrics WHERE id = ANY (gone) AND metrics IS NOT NULL;
$$;
