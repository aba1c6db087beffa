-- Version 8: certificates of devices. Not the certificate itself, which the device has: what it is known by.

CREATE TABLE device_certificate (
    name        TEXT PRIMARY KEY NOT NULL REFERENCES device_account (name) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64 AND fingerprint NOT GLOB '*[^0-9a-f]*'),
    issued      INTEGER NOT NULL,
    ends        INTEGER NOT NULL
) STRICT;
