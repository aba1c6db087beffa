-- Releases that are known, and upgrades. The table release has what is meant to run, as before.

CREATE TABLE known_release (
    n         INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE CHECK (length(id) = 32 AND id NOT GLOB '*[^0-9a-f]*'),
    state     INTEGER NOT NULL CHECK (state BETWEEN 0 AND 99),
    name      TEXT NOT NULL,
    created   TEXT NOT NULL,
    source    TEXT NOT NULL,
    added     INTEGER NOT NULL,
    detail    TEXT NOT NULL,
    leftovers INTEGER NOT NULL CHECK (leftovers BETWEEN 0 AND 2), -- its images: 0 stay, 1 may go, 2 are gone
    signature TEXT NOT NULL,
    json      TEXT NOT NULL CHECK (json GLOB '{*}') -- canonical
) STRICT;

-- What a release file given at the start was the last time: the same one again says nothing new.
CREATE TABLE start_release (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
) STRICT;

-- While it is under way it has both releases whole: the way back depends on nothing else.
CREATE TABLE upgrade (
    n         INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 99),
    state     INTEGER NOT NULL CHECK (state BETWEEN 0 AND 99),
    idx       INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 99),
    to_id     TEXT NOT NULL,
    to_name   TEXT NOT NULL,
    from_id   TEXT NOT NULL,
    from_name TEXT NOT NULL,
    actor     TEXT NOT NULL,
    operation TEXT NOT NULL,
    started   INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    finished  INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    services  TEXT NOT NULL CHECK (substr(services, 1, 1) = '['),
    to_json   TEXT NOT NULL,
    from_json TEXT NOT NULL
) STRICT;
