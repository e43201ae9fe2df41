-- Who looked at whose position or case: rows that hang together by their hashes (src/audit/chain.rs).
CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    who      TEXT COLLATE "C" NOT NULL,
    role     TEXT COLLATE "C" NOT NULL,
    bound_to TEXT COLLATE "C",
    endpoint TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    query    TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C",
    outcome  BIGINT NOT NULL,
    hash     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_who     ON audit (who, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_time    ON audit (at, seq);

-- Its last row: who takes rows off the end has to change this too.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
) WITH (fillfactor = 10);
INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Against mistakes. Against somebody who can take this off there are the hashes.
CREATE FUNCTION audit_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END
$$;
CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_rows_stay();
