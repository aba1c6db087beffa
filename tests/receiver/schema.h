// SPDX-License-Identifier: Apache-2.0
#pragma once

static const char HF_INBOX_SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS record ("
    "  id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
    "  time TEXT NOT NULL, topic TEXT NOT NULL, line TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX IF NOT EXISTS record_id ON record (gateway, epoch, seq);"
    "CREATE INDEX IF NOT EXISTS record_topic ON record (topic, id);"
    /* The highest number seen of each topic: a new record below it came out of order. */
    "CREATE TABLE IF NOT EXISTS high ("
    "  gateway TEXT NOT NULL, epoch TEXT NOT NULL, topic TEXT NOT NULL, seq INTEGER NOT NULL,"
    "  PRIMARY KEY (gateway, epoch, topic)) STRICT, WITHOUT ROWID;"
    /* Numbers that a gap record says will not come. */
    "CREATE TABLE IF NOT EXISTS named ("
    "  gateway TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  reason TEXT NOT NULL, PRIMARY KEY (gateway, epoch, first, last)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT,"
    " WITHOUT ROWID;"
    "INSERT OR IGNORE INTO tally VALUES ('records', 0), ('duplicates', 0), ('conflicts', 0),"
    " ('out_of_order', 0), ('batches', 0);";
