-- Version 9: what an entry of the audit log says of values, before and after (model/changes.h).

CREATE TABLE audit_change (
    n    INTEGER PRIMARY KEY REFERENCES audit (n) ON DELETE CASCADE,
    json TEXT NOT NULL CHECK (length(json) <= 2048)
) STRICT;
