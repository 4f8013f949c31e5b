-- Which store this is: one row of random values, each 32 hexadecimal digits or empty.
CREATE TABLE store (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    -- Changed to write this page once more, as the first of every write-ahead log.
    touched     INTEGER NOT NULL CHECK (touched IN (0, 1)),
    -- For good; a backup is the same store.
    store_id    TEXT NOT NULL CHECK (length(store_id) = 32),
    -- Made by the first program that opens the store; a backup has none until then. What was handed
    -- out before a backup was put back fits nothing after it.
    incarnation TEXT NOT NULL CHECK (length(incarnation) IN (0, 32)),
    -- Made by each program that starts while no other has the store open. A log that has another
    -- one than the file beside it belongs to another file. Last in the row, and so at the very end
    -- of the page.
    generation  TEXT NOT NULL CHECK (length(generation) IN (0, 32))
) STRICT;

INSERT INTO store (id, touched, store_id, incarnation, generation)
VALUES (1, 0, lower(hex(randomblob(16))), '', '');
