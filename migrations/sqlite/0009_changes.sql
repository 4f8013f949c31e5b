-- What has happened to orders, for those that listen to it: each order that is created, and each
-- change of an order's status or priority. Written only while somebody listens; the newest are kept.

-- By which time somebody who listens is to ask again, by the wall clock; 0: nothing is written.
ALTER TABLE bookkeeping ADD COLUMN changes_awaited_until INTEGER NOT NULL DEFAULT 0;

-- Behind this number nothing is missing but what has been deleted from the beginning.
ALTER TABLE bookkeeping ADD COLUMN changes_whole_after INTEGER NOT NULL DEFAULT 0;

-- A row for all changes of a transaction, or for some hundreds: a row for each would cost a worker a
-- quarter of its speed. They have the numbers up to `last`, which is that of the row before plus
-- `number`. The newest row is never deleted, so no number comes back.
CREATE TABLE changes (
    last    INTEGER PRIMARY KEY,
    number  INTEGER NOT NULL CHECK (number > 0),
    at      INTEGER NOT NULL,
    entries TEXT              -- empty: from here on they are written again. Else see change_rows.h.
) STRICT;
