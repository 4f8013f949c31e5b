-- Past leases that are gone, of which the server must keep many while somebody holds a transaction
-- open. A renewal leaves `started_at` alone, and with it this index.
CREATE INDEX leases_started ON orders.leases USING brin (started_at)
    WITH (pages_per_range = 32, autosummarize = on);

-- Leases that began after this time. Programs plan their looks for the beginnings of other indexes; this
-- kind is used in another way.
CREATE FUNCTION orders.leases_begun_after(earliest bigint)
RETURNS TABLE (worker bigint, started_at bigint, until bigint) LANGUAGE sql STABLE
    SET enable_bitmapscan = on SET enable_seqscan = off
    AS $$ SELECT l.worker, l.started_at, l.until FROM orders.leases l WHERE l.started_at > earliest $$;
