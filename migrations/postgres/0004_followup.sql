-- The follow-up of an incident, beside what its alerts say of it.
ALTER TABLE incidents ADD COLUMN owner            TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN acknowledged_at  BIGINT;
ALTER TABLE incidents ADD COLUMN outcome          TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN resolved_by      TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN proposed_by      TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN proposed_outcome TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN proposed_at      BIGINT;
ALTER TABLE incidents ADD COLUMN next_step_at     BIGINT;
ALTER TABLE incidents ADD COLUMN tasks            TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN count            BIGINT NOT NULL DEFAULT 1;
ALTER TABLE incidents ADD COLUMN desk_state       TEXT COLLATE "C";
ALTER TABLE incidents ADD COLUMN reference        TEXT;
ALTER TABLE incidents ADD COLUMN victim_state     TEXT COLLATE "C";
UPDATE incidents SET state = 'new' WHERE state = 'open';
CREATE INDEX incidents_by_owner ON incidents (owner, changed_at, incident) WHERE owner IS NOT NULL;

-- What the clocks of an incident follow from; a row is there until nothing of it need be remembered.
CREATE TABLE followups (
    incident TEXT COLLATE "C" PRIMARY KEY,
    state    BYTEA NOT NULL
) WITH (fillfactor = 70);

-- What is remembered of who has a role.
CREATE TABLE duty (
    role  TEXT COLLATE "C" PRIMARY KEY,
    state BYTEA NOT NULL
);

-- Everything that happened to incidents. Rows are only ever appended; they share their numbers with the alerts.
CREATE TABLE timeline (
    seq         BIGINT PRIMARY KEY,
    incident    TEXT COLLATE "C"    NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT COLLATE "C"    NOT NULL,
    what        TEXT COLLATE "C"    NOT NULL,
    detail      TEXT    NOT NULL,
    order_id    TEXT COLLATE "C"    NOT NULL,
    desk        TEXT COLLATE "C",
    state       TEXT COLLATE "C"    NOT NULL,
    condition   TEXT COLLATE "C"    NOT NULL,
    owner       TEXT COLLATE "C"
);
CREATE INDEX timeline_by_incident ON timeline (incident, seq);

-- Partners' deadlines.
CREATE TABLE deadlines (
    incident TEXT COLLATE "C"    NOT NULL,
    name     TEXT COLLATE "C"    NOT NULL,
    partner  TEXT COLLATE "C"    NOT NULL,
    order_id TEXT COLLATE "C"    NOT NULL,
    from_at  BIGINT NOT NULL,
    due_at   BIGINT NOT NULL,
    kept_at  BIGINT,
    missed   BIGINT NOT NULL,
    PRIMARY KEY (incident, name)
) WITH (fillfactor = 70);
CREATE INDEX deadlines_by_due ON deadlines (due_at, incident, name);
