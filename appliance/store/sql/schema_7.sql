-- Version 7: accounts of devices. A gateway that somebody has and that had no settings of its own let
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
