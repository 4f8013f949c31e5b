-- What tells whether a worker lives, and when its row is of no use any more.

-- Whether it locks the byte of its id in the presence file for as long as it lives. Workers of 0.1.0
-- do not.
ALTER TABLE workers ADD COLUMN holds_lock INTEGER NOT NULL DEFAULT 0 CHECK (holds_lock IN (0, 1));

-- How long its leases last, in milliseconds; for those of 0.1.0, as long as leases may last.
ALTER TABLE workers ADD COLUMN lease_time INTEGER NOT NULL DEFAULT 3600000 CHECK (lease_time > 0);

-- What its operator calls it, if anything. No two workers that live have the same.
ALTER TABLE workers ADD COLUMN label TEXT;

-- Which process it is: the number of its PID namespace, and its id in there.
ALTER TABLE workers ADD COLUMN pid_namespace INTEGER;
ALTER TABLE workers ADD COLUMN pid INTEGER;

-- No finished order behind this one in order of arrival names the worker: 0 until it ends its first,
-- then the largest number there is, until it is gone. (Those of 0.1.0 begin with that.)
ALTER TABLE workers ADD COLUMN named_up_to INTEGER NOT NULL DEFAULT 9223372036854775807
    CHECK (named_up_to >= 0);

-- For finding the rows of gone workers that no order names: those that end before the oldest order.
CREATE INDEX workers_gone ON workers (named_up_to) WHERE heartbeat_until IS NULL;
