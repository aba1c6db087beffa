-- Version 7: accounts of devices; more about accounts of people and their sessions, and API tokens. Tables of their own: the ones of
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

-- From where it was asked for; what the gateway did by itself has none.
CREATE TABLE audit_origin (
    n       INTEGER PRIMARY KEY REFERENCES audit (n) ON DELETE CASCADE,
    address TEXT NOT NULL
) STRICT;

-- The recovery file that was applied last.
CREATE TABLE recovery_file (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    file_hash TEXT NOT NULL,
    applied   INTEGER NOT NULL
) STRICT;

-- Accounts of devices. A gateway that somebody has and that had no settings of its own let
-- devices in without one; now it says so (settings that were kept are read so: hf_settings_parse_kept()).

CREATE TABLE device_account (
    name          TEXT PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 63 AND name NOT GLOB '*[^A-Za-z0-9._-]*'),
    password_hash TEXT NOT NULL CHECK (password_hash GLOB '$7$*' AND length(password_hash) < 128),
    publish       TEXT NOT NULL, -- templates, separated by one blank each
    subscribe     TEXT NOT NULL,
    description   TEXT NOT NULL,
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created       INTEGER NOT NULL,
    password_set  INTEGER NOT NULL
) STRICT;

INSERT INTO settings (created, author, json)
SELECT created, 'holdfastd', '{"broker":{"anonymous":true}}' FROM gateway
WHERE EXISTS (SELECT 1 FROM account) AND NOT EXISTS (SELECT 1 FROM settings);
