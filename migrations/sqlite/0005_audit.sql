-- Who looked at whose position or case: rows that hang together by their hashes (src/audit/chain.rs).
CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    bound_to TEXT,
    endpoint TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    query    TEXT    NOT NULL,
    reason   TEXT,
    outcome  INTEGER NOT NULL,
    hash     TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_who     ON audit (who, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_time    ON audit (at, seq);

-- Its last row: who takes rows off the end has to change this too.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT    NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Against mistakes. Against somebody who can take this off there are the hashes.
CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_rows_stand BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
