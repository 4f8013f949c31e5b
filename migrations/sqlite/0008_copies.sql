-- Whether this store is, or was, one end of a copy to another place (`order-api copy`): one row at
-- most.
CREATE TABLE copies (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    -- Its orders are being moved away; were moved away; it is an unfinished copy: no program opens
    -- it. Or it is a finished copy.
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    copy  TEXT    NOT NULL CHECK (length(copy) = 32),  -- which one: the same at both ends
    other TEXT    NOT NULL                             -- what the other end is called
) STRICT;
