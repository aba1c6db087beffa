-- Version 5: the images that releases were made of, so that old ones can go; and small things that
-- the daemon writes once an hour and reads at its start.

CREATE TABLE image (
    image_id TEXT PRIMARY KEY NOT NULL,
    image    TEXT NOT NULL,
    tag      TEXT NOT NULL,
    turn     INTEGER NOT NULL -- of the newest release that has it; each other release is one more
) STRICT;

CREATE TABLE kept (
    name  TEXT PRIMARY KEY NOT NULL,
    at    INTEGER NOT NULL,
    value TEXT NOT NULL
) STRICT;
