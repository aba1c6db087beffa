-- Version 2: incidents. What a list shows stands before the log, so that reading a list never
-- touches the pages that a long log overflows to.

CREATE TABLE incident (
    n            INTEGER PRIMARY KEY,
    service      TEXT NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 99),
    at           INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    times        INTEGER NOT NULL CHECK (times > 0),
    found        TEXT NOT NULL,
    done         TEXT NOT NULL,
    exit_code    INTEGER,
    oom_killed   INTEGER NOT NULL CHECK (oom_killed IN (0, 1)),
    uptime_s     INTEGER NOT NULL,
    restarts     INTEGER NOT NULL,
    image_tag    TEXT NOT NULL,
    image_digest TEXT NOT NULL,
    log_lines    INTEGER NOT NULL,
    bytes        INTEGER NOT NULL, -- of log and curve
    log          TEXT NOT NULL CHECK (substr(log, 1, 1) = '['),
    curve        TEXT NOT NULL CHECK (curve GLOB '{*}')
) STRICT;
