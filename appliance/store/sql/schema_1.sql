-- Version 1. What matters most comes first: its pages are at the start of the file, where a
-- truncation is least likely to reach. Enums of model/ are kept as their numbers.

PRAGMA application_id = 1212564564; -- "HFDT": HF_APPLICATION_ID

CREATE TABLE gateway (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    id          TEXT NOT NULL CHECK (length(id) = 11 AND id GLOB 'hf-*' AND substr(id, 4) NOT GLOB '*[^0-9a-f]*'),
    created     INTEGER NOT NULL,
    clock_floor INTEGER NOT NULL DEFAULT 0,
    recovery    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE account (
    user          TEXT PRIMARY KEY NOT NULL CHECK (length(user) BETWEEN 1 AND 63),
    role          INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    password_hash TEXT NOT NULL CHECK (password_hash GLOB '$argon2id$*' AND length(password_hash) < 128),
    created       INTEGER NOT NULL
) STRICT;

CREATE TABLE secret (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL CHECK (length(value) = 64 AND value NOT GLOB '*[^0-9a-f]*')
) STRICT;

CREATE TABLE settings (
    n       INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    author  TEXT NOT NULL,
    json    TEXT NOT NULL CHECK (json GLOB '{*}')
) STRICT;

CREATE TABLE release (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    imported INTEGER NOT NULL,
    json     TEXT NOT NULL CHECK (json GLOB '{*}')
) STRICT;

CREATE TABLE desired (
    service TEXT PRIMARY KEY NOT NULL,
    wanted  INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    actor   TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE TABLE setup_code (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    hash TEXT NOT NULL CHECK (length(hash) BETWEEN 1 AND 127)
) STRICT;

CREATE TABLE provision (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    file_hash TEXT NOT NULL,
    applied   INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    token_hash TEXT PRIMARY KEY NOT NULL CHECK (length(token_hash) = 64),
    user       TEXT NOT NULL REFERENCES account (user) ON DELETE CASCADE,
    role       INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    seen       INTEGER NOT NULL
) STRICT;

CREATE TABLE operation (
    n        INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 32),
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 99),
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 99),
    service  TEXT NOT NULL,
    actor    TEXT NOT NULL,
    detail   TEXT NOT NULL,
    created  INTEGER NOT NULL,
    finished INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    n    INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    who  TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;
