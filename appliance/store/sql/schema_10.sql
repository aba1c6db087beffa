-- Version 10: what came of it, where an entry of the audit log is of something that was not done (model/audit.h).

CREATE TABLE audit_result (
    n       INTEGER PRIMARY KEY REFERENCES audit (n) ON DELETE CASCADE,
    result  TEXT NOT NULL CHECK (result IN ('refused', 'failed')),
    status  INTEGER NOT NULL -- of HTTP; 0 for none
) STRICT;
