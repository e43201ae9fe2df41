-- Who may write: a start raises the epoch, and every commit names the one it has.
CREATE TABLE owner (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    epoch   INTEGER NOT NULL,
    commits INTEGER NOT NULL
) STRICT;
INSERT INTO owner (id, epoch, commits) VALUES (1, 0, 0);

-- The journal: rows and index entries are only ever appended. No index on the device: it would make each row
-- a random write.
CREATE TABLE inputs (
    seq         INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    role        INTEGER,
    device      TEXT    NOT NULL,
    fixed_at    INTEGER,
    received_at INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    decisions   BLOB    NOT NULL
) STRICT;
CREATE INDEX inputs_by_arrival ON inputs (received_at);

-- States by key. With a rowid: a replaced state then rewrites one page of the table and leaves the index alone,
-- which takes half the time of a table that is its own index.
CREATE TABLE devices (
    device TEXT PRIMARY KEY,
    state  BLOB NOT NULL
) STRICT;

CREATE TABLE watches (
    watch TEXT PRIMARY KEY,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE orders (
    order_id     TEXT PRIMARY KEY,
    seq          INTEGER NOT NULL,
    document     TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL,
    origin       INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;

CREATE INDEX orders_in_register ON orders (order_id) WHERE withdrawn_at IS NULL;

CREATE TABLE order_history (
    order_id   TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    document   TEXT,
    changed_at INTEGER NOT NULL,
    origin     INTEGER NOT NULL,
    PRIMARY KEY (order_id, seq)
) STRICT;

CREATE TABLE incidents (
    incident   TEXT PRIMARY KEY,
    order_id   TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    wearer     TEXT    NOT NULL,
    victim     TEXT,
    zone       TEXT,
    device     TEXT,
    desk       TEXT,
    level      TEXT    NOT NULL,
    worst      TEXT    NOT NULL,
    certainty  TEXT    NOT NULL,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    cleared_at INTEGER,
    closed_at  INTEGER,
    revision   INTEGER NOT NULL,
    state      TEXT    NOT NULL
) STRICT;
CREATE INDEX incidents_by_change ON incidents (changed_at, incident);
CREATE INDEX incidents_by_state  ON incidents (state, changed_at, incident);
CREATE INDEX incidents_by_level  ON incidents (level, changed_at, incident);
CREATE INDEX incidents_by_kind   ON incidents (kind, changed_at, incident);
CREATE INDEX incidents_by_desk   ON incidents (desk, changed_at, incident);
CREATE INDEX incidents_by_order  ON incidents (order_id, changed_at, incident);
CREATE INDEX incidents_by_wearer ON incidents (wearer, changed_at, incident);
CREATE INDEX incidents_open      ON incidents (changed_at, incident) WHERE closed_at IS NULL;

CREATE TABLE alerts (
    seq       INTEGER PRIMARY KEY,
    alert     TEXT    NOT NULL UNIQUE,
    incident  TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    level     TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    order_id  TEXT    NOT NULL,
    wearer    TEXT    NOT NULL,
    victim    TEXT,
    desk      TEXT,
    data      TEXT    NOT NULL
) STRICT;
CREATE INDEX alerts_by_incident ON alerts (incident, seq);

-- The outbox, and for ever after the record of what was sent to whom.
CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    alert        TEXT    NOT NULL,
    alert_seq    INTEGER NOT NULL,
    incident     TEXT    NOT NULL,
    channel      INTEGER NOT NULL,
    recipient    TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    level        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    attempted_at INTEGER,
    error        TEXT,
    next_at      INTEGER,
    received_at  INTEGER,
    detail       TEXT,
    closed_at    INTEGER,
    why          TEXT,
    UNIQUE (alert, channel, recipient)
) STRICT;
CREATE INDEX deliveries_pending     ON deliveries (id) WHERE received_at IS NULL AND closed_at IS NULL;
CREATE INDEX deliveries_by_incident ON deliveries (incident, id);
CREATE INDEX deliveries_to          ON deliveries (channel, recipient, id);

CREATE TABLE receipts (
    seq         INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    channel     INTEGER NOT NULL,
    recipient   TEXT    NOT NULL,
    alert       TEXT,
    incident    TEXT,
    state       TEXT    NOT NULL,
    reference   TEXT,
    reason      TEXT
) STRICT;
CREATE INDEX receipts_by_alert    ON receipts (alert, recipient, state) WHERE alert IS NOT NULL;
CREATE INDEX receipts_by_incident ON receipts (incident, seq) WHERE incident IS NOT NULL;

CREATE TABLE rejected (
    seq         INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    topic       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    payload     BLOB    NOT NULL,
    size        INTEGER NOT NULL
) STRICT;
