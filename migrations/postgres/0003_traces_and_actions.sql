-- Where orders come from, and who has acted on them.

-- The trace that an order's create belonged to, if it said so (W3C Trace Context): the traceparent,
-- and behind a blank the tracestate, if there was one.
ALTER TABLE orders.order_inputs ADD COLUMN trace text;

-- What clients that have a name have done to an order: the newest hundred of each.
CREATE TABLE orders.order_actions (
    seq    bigint   NOT NULL,
    number bigint   NOT NULL CHECK (number > 0),              -- of the order's: 1 for the first
    at     bigint   NOT NULL,
    action smallint NOT NULL CHECK (action BETWEEN 0 AND 2),  -- cancel, retry, change
    name   text     NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    PRIMARY KEY (seq, number)
);
