-- Version 6: what a release's counter must reach.

CREATE TABLE release_floor (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    counter INTEGER NOT NULL CHECK (counter >= 1)
) STRICT;
