-- How the store stood at moments ten seconds apart, during the last day: what plots over time are made
-- of. Times are counted in intervals of ten seconds from 1970, by the server's clock.
CREATE TABLE orders.samples (
    number         bigint PRIMARY KEY,
    -- Since the store was made.
    created        bigint NOT NULL,
    processed      bigint NOT NULL,
    failed         bigint NOT NULL,
    cancelled      bigint NOT NULL,
    -- As of then.
    pending_high   bigint NOT NULL,
    pending_normal bigint NOT NULL,
    processing     bigint NOT NULL,
    oldest_high    bigint NOT NULL,  -- how long it had waited, in milliseconds
    oldest_normal  bigint NOT NULL
);
