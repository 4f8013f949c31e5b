-- Putting an order into the queue at its time is cheaper if no index needs a change that does not say
-- where it stands there: SQLite leaves an index alone unless a column changes that it names.
--
-- So this one, for listing Pending orders whose place is another one than that of their arrival, says
-- nothing of status and place. Those have a time from which they may be claimed; of the others that
-- have one, those in work and those that were due when they arrived, there are few.

DROP INDEX orders_placed;
CREATE INDEX orders_placed ON orders (kind, priority)
    WHERE due_at IS NOT NULL AND finished_at IS NULL;
