-- The follow-up of an incident, beside what its alerts say of it.
ALTER TABLE incidents ADD COLUMN owner            TEXT;
ALTER TABLE incidents ADD COLUMN acknowledged_at  INTEGER;
ALTER TABLE incidents ADD COLUMN outcome          TEXT;
ALTER TABLE incidents ADD COLUMN resolved_by      TEXT;
ALTER TABLE incidents ADD COLUMN proposed_by      TEXT;
ALTER TABLE incidents ADD COLUMN proposed_outcome TEXT;
ALTER TABLE incidents ADD COLUMN proposed_at      INTEGER;
ALTER TABLE incidents ADD COLUMN next_step_at     INTEGER;
ALTER TABLE incidents ADD COLUMN tasks            TEXT;
ALTER TABLE incidents ADD COLUMN count            INTEGER NOT NULL DEFAULT 1;
ALTER TABLE incidents ADD COLUMN desk_state       TEXT;
ALTER TABLE incidents ADD COLUMN reference        TEXT;
ALTER TABLE incidents ADD COLUMN victim_state     TEXT;
UPDATE incidents SET state = 'new' WHERE state = 'open';
CREATE INDEX incidents_by_owner ON incidents (owner, changed_at, incident) WHERE owner IS NOT NULL;

-- What the clocks of an incident follow from; a row is there until nothing of it need be remembered.
CREATE TABLE followups (
    incident TEXT PRIMARY KEY,
    state    BLOB NOT NULL
) STRICT;

-- What is remembered of who has a role.
CREATE TABLE duty (
    role  TEXT PRIMARY KEY,
    state BLOB NOT NULL
) STRICT;

-- Everything that happened to incidents. Rows are only ever appended; they share their numbers with the alerts.
CREATE TABLE timeline (
    seq         INTEGER PRIMARY KEY,
    incident    TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    what        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    desk        TEXT,
    state       TEXT    NOT NULL,
    condition   TEXT    NOT NULL,
    owner       TEXT
) STRICT;
CREATE INDEX timeline_by_incident ON timeline (incident, seq);

-- Partners' deadlines.
CREATE TABLE deadlines (
    incident TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    partner  TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    from_at  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    kept_at  INTEGER,
    missed   INTEGER NOT NULL,
    PRIMARY KEY (incident, name)
) STRICT;
CREATE INDEX deadlines_by_due ON deadlines (due_at, incident, name);
