-- What only grows: how many orders have left the places where order_counts counts them, and how
-- attempts ended. So how many were ever created, or Processed, is known without counting anything
-- when that happens: those that are there, and those that have left.

-- By the numbers of decisions/order_totals.h; `kind` and `priority` are 0 where a total is not told
-- apart by them. A row that is not there counts none.
CREATE TABLE order_totals (
    total    INTEGER NOT NULL CHECK (total >= 8),
    kind     INTEGER NOT NULL REFERENCES kinds (id),
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    number   INTEGER NOT NULL,
    PRIMARY KEY (total, kind, priority)
) STRICT, WITHOUT ROWID;

-- What a worker has measured of itself, by its last sign of life: a JSON object of numbers, all of
-- which only grow.
ALTER TABLE workers ADD COLUMN metrics TEXT;

-- The sums of what gone workers had measured, and of what APIs have, by the same names.
CREATE TABLE metric_sums (
    name   TEXT PRIMARY KEY,
    number REAL NOT NULL
) STRICT, WITHOUT ROWID;
