-- Workers that are not programs of ours: they pull orders, by name.

-- Whether it is one that pulls. Its process is not known, so it locks nothing: its leases run out by
-- their time alone, and it is live while it claims or renews.
ALTER TABLE workers ADD COLUMN pulls INTEGER NOT NULL DEFAULT 0 CHECK (pulls IN (0, 1));

-- The kinds of orders that it takes, separated by commas; empty: all, as of those of 0.1.0.
ALTER TABLE workers ADD COLUMN kinds TEXT;

-- There is a bound on how many there may be. Those that are no longer live, or are from before the
-- machine was restarted, are found without a look at the thousands that are.
CREATE INDEX workers_pulling ON workers (boot_id, heartbeat_until) WHERE pulls = 1;
CREATE INDEX workers_enlisted ON workers (id) WHERE heartbeat_until IS NOT NULL AND pulls = 0;

-- When the time of the attempt is up, by the clock of expires_at, which never lies behind it: for
-- those that pull. A worker of ours sees to that by itself, from when it begins, and has none here.
ALTER TABLE leases ADD COLUMN deadline INTEGER;
