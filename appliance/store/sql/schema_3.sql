-- Alarms, and the minutes of the history.

CREATE TABLE alarm (
    n               INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    bad             INTEGER NOT NULL CHECK (bad IN (0, 1)),
    cause           TEXT NOT NULL,
    advice          TEXT NOT NULL,
    raised          INTEGER NOT NULL,
    last            INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    acknowledged_by TEXT NOT NULL,
    acknowledged    INTEGER NOT NULL,
    cleared         INTEGER NOT NULL,
    untold          INTEGER NOT NULL
) STRICT;

-- One row for each time that minutes were kept, as core/history.c writes them.
CREATE TABLE history (
    n      INTEGER PRIMARY KEY,
    ended  INTEGER NOT NULL,
    points INTEGER NOT NULL,
    data   BLOB NOT NULL
) STRICT;
