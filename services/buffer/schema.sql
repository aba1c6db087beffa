-- SPDX-License-Identifier: Apache-2.0
-- The buffer's file. The books hold in every committed state:
--     accepted = delivered + dropped + sum(block.count where block.first > book.acked)

CREATE TABLE book (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    epoch     TEXT    NOT NULL,             -- 8 hex digits, drawn when the file was made
    next_seq  INTEGER NOT NULL DEFAULT 1,   -- the number that the next record gets
    acked     INTEGER NOT NULL DEFAULT 0,   -- all up to here was delivered; older blocks are garbage
    accepted  INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    dropped   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What one commit brought, as it goes to the cloud: `count` lines of NDJSON, numbered from `first`.
CREATE TABLE block (
    first     INTEGER PRIMARY KEY,
    count     INTEGER NOT NULL,
    oldest_ms INTEGER NOT NULL,             -- Unix time of the oldest record, ms
    crc       INTEGER NOT NULL,             -- CRC-32 (IEEE 802.3) of body
    body      BLOB    NOT NULL
) STRICT;

-- Blocks whose checksum was wrong: counted as dropped, kept to be looked at.
CREATE TABLE aside (
    first     INTEGER PRIMARY KEY,
    count     INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    reason    TEXT    NOT NULL,
    body      BLOB    NOT NULL
) STRICT;

PRAGMA user_version = 1;
