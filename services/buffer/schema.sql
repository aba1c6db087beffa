-- SPDX-License-Identifier: Apache-2.0
-- The buffer's file. In every committed state:
--     accepted = delivered + held + dropped + quarantined,   held = sum(block.weight)

-- The book, the sinks and their places: most commits change several of them, so they share a page.
CREATE TABLE state (
    kind INTEGER NOT NULL,                   -- 0 book, 1 sink, 2 place
    slot INTEGER NOT NULL,                   -- of the sink, 0 to 7
    lane INTEGER NOT NULL,
    name TEXT,                               -- of the sink; of the book: whose numbers its epoch has
    a INTEGER, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER, g INTEGER,
    PRIMARY KEY (kind, slot, lane)
) STRICT, WITHOUT ROWID;

CREATE VIEW book (
    epoch,                                   -- 32 bits, drawn when the file was made
    next_seq,                                -- the number that the next record gets
    next_block,                              -- orders of blocks are never given twice
    accepted, delivered, dropped, quarantined
) AS SELECT a, b, c, d, e, f, g FROM state WHERE kind = 0;

CREATE VIEW sink (slot, name, accepted, delivered, dropped, quarantined)
AS SELECT slot, name, a, b, c, d FROM state WHERE kind = 1;

CREATE VIEW place (                          -- where a sink is in a lane
    slot, lane,
    cursor,                                  -- the last block acknowledged
    group_last,                              -- the last block of the group leased; 0: no group
    acked_epoch, acked_last                  -- acknowledged last, or dropped while leased
) AS SELECT slot, lane, a, b, c, d FROM state WHERE kind = 2;

-- Records of one lane and epoch that one commit brought, or several of those merged.
CREATE TABLE block (
    id        INTEGER PRIMARY KEY,           -- lane * 2^48 + order: no index is needed
    lane      INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    weight    INTEGER NOT NULL,              -- records that count as held; 0: held elsewhere, too
    mask      INTEGER NOT NULL,              -- bits of the sinks that it is for; 0: all
    oldest_ms INTEGER NOT NULL,              -- Unix time of the oldest and newest record, ms
    newest_ms INTEGER NOT NULL,
    raw       INTEGER NOT NULL,              -- bytes of the lines
    crc       INTEGER NOT NULL,              -- CRC-32 (IEEE 802.3) of body, with those above it
    topics    BLOB    NOT NULL,              -- pairs of varints: topic.id, records
    spans     BLOB,                          -- pairs of varints: numbers skipped, records; NULL: dense
    body      BLOB    NOT NULL               -- one zstd frame of NDJSON lines
) STRICT;

CREATE TABLE topic (
    id   INTEGER PRIMARY KEY,                -- 1 to 10,000; 0 in a block stands for "(other)"
    name TEXT    NOT NULL
) STRICT;

CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    sink    TEXT    NOT NULL,                -- or "processor"
    lane    INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,                -- 0: it has none
    counted INTEGER NOT NULL,                -- 1: book.quarantined counts it
    at_ms   INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    topic   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    line    BLOB    NOT NULL
) STRICT;
CREATE INDEX quarantine_seq ON quarantine (epoch, seq);

CREATE TABLE dropped (
    topic   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (topic, reason)
) STRICT, WITHOUT ROWID;

-- Numbers that will never be delivered and of which the cloud was not told yet.
CREATE TABLE gap (
    id      INTEGER PRIMARY KEY,
    reason  TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    records INTEGER NOT NULL
) STRICT;
CREATE INDEX gap_end ON gap (reason, epoch, last);

PRAGMA user_version = 3;
