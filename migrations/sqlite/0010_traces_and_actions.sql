-- Where orders come from, and who has acted on them.

-- The trace that an order's create belonged to, if it said so (W3C Trace Context): the traceparent,
-- and behind a blank the tracestate, if there was one. (A column without a value costs no look at
-- what a long payload before it fills.)
ALTER TABLE order_inputs ADD COLUMN trace TEXT;

-- What clients that have a name have done to an order: the newest hundred of each.
CREATE TABLE order_actions (
    seq    INTEGER NOT NULL REFERENCES orders (seq),
    number INTEGER NOT NULL CHECK (number > 0),              -- of the order's: 1 for the first
    at     INTEGER NOT NULL,
    action INTEGER NOT NULL CHECK (action BETWEEN 0 AND 2),  -- cancel, retry, change
    name   TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    PRIMARY KEY (seq, number)
) STRICT, WITHOUT ROWID;
