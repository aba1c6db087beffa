-- Version 7: more about accounts and sessions, and API tokens. Tables of their own: the ones of
-- version 1 keep their columns, by which a damaged database and an export are read.

CREATE TABLE disabled_account (
    user TEXT PRIMARY KEY NOT NULL REFERENCES account (user) ON DELETE CASCADE
) STRICT;

CREATE TABLE session_origin (
    token_hash TEXT PRIMARY KEY NOT NULL REFERENCES session (token_hash) ON DELETE CASCADE,
    address    TEXT NOT NULL
) STRICT;

CREATE TABLE token (
    token_hash TEXT PRIMARY KEY NOT NULL CHECK (length(token_hash) = 64),
    user       TEXT NOT NULL REFERENCES account (user) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    role       INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    UNIQUE (user, name)
) STRICT;

-- The recovery file that was applied last.
CREATE TABLE recovery_file (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    file_hash TEXT NOT NULL,
    applied   INTEGER NOT NULL
) STRICT;
