-- Texts that order or key rows compare by their bytes, as in SQLite.

-- Who may write: a start raises the epoch, and every commit names the one it has.
CREATE TABLE owner (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    epoch   BIGINT NOT NULL,
    commits BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO owner (id, epoch, commits) VALUES (1, 0, 0);

-- The journal: rows and index entries are only ever appended. No index on the device: it would make each row
-- a random write.
CREATE TABLE inputs (
    seq         BIGINT PRIMARY KEY,
    kind        BIGINT NOT NULL,
    role        BIGINT,
    device      TEXT COLLATE "C"    NOT NULL,
    fixed_at    BIGINT,
    received_at BIGINT NOT NULL,
    body        BYTEA    NOT NULL,
    decisions   BYTEA    NOT NULL
);
CREATE INDEX inputs_by_arrival ON inputs (received_at, seq);

CREATE TABLE devices (
    device TEXT COLLATE "C" PRIMARY KEY,
    state  BYTEA NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE watches (
    watch TEXT COLLATE "C" PRIMARY KEY,
    state BYTEA NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE orders (
    order_id     TEXT COLLATE "C" PRIMARY KEY,
    seq          BIGINT NOT NULL,
    document     TEXT    NOT NULL,
    changed_at   BIGINT NOT NULL,
    origin       BIGINT NOT NULL,
    withdrawn_at BIGINT
);

CREATE INDEX orders_in_register ON orders (order_id) WHERE withdrawn_at IS NULL;

CREATE TABLE order_history (
    order_id   TEXT COLLATE "C"    NOT NULL,
    seq        BIGINT NOT NULL,
    document   TEXT,
    changed_at BIGINT NOT NULL,
    origin     BIGINT NOT NULL,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE incidents (
    incident   TEXT COLLATE "C" PRIMARY KEY,
    order_id   TEXT COLLATE "C"    NOT NULL,
    kind       TEXT COLLATE "C"    NOT NULL,
    wearer     TEXT COLLATE "C"    NOT NULL,
    victim     TEXT COLLATE "C",
    zone       TEXT COLLATE "C",
    device     TEXT COLLATE "C",
    desk       TEXT COLLATE "C",
    level      TEXT COLLATE "C"    NOT NULL,
    worst      TEXT COLLATE "C"    NOT NULL,
    certainty  TEXT COLLATE "C"    NOT NULL,
    opened_at  BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    cleared_at BIGINT,
    closed_at  BIGINT,
    revision   BIGINT NOT NULL,
    state      TEXT COLLATE "C"    NOT NULL
);
CREATE INDEX incidents_by_change ON incidents (changed_at, incident);
CREATE INDEX incidents_by_state  ON incidents (state, changed_at, incident);
CREATE INDEX incidents_by_level  ON incidents (level, changed_at, incident);
CREATE INDEX incidents_by_kind   ON incidents (kind, changed_at, incident);
CREATE INDEX incidents_by_desk   ON incidents (desk, changed_at, incident);
CREATE INDEX incidents_by_order  ON incidents (order_id, changed_at, incident);
CREATE INDEX incidents_by_wearer ON incidents (wearer, changed_at, incident);
CREATE INDEX incidents_open      ON incidents (changed_at, incident) WHERE closed_at IS NULL;

CREATE TABLE alerts (
    seq       BIGINT PRIMARY KEY,
    alert     TEXT COLLATE "C"    NOT NULL UNIQUE,
    incident  TEXT COLLATE "C"    NOT NULL,
    revision  BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    level     TEXT COLLATE "C"    NOT NULL,
    kind      TEXT COLLATE "C"    NOT NULL,
    order_id  TEXT COLLATE "C"    NOT NULL,
    wearer    TEXT COLLATE "C"    NOT NULL,
    victim    TEXT COLLATE "C",
    desk      TEXT COLLATE "C",
    data      TEXT    NOT NULL
);
CREATE INDEX alerts_by_incident ON alerts (incident, seq);

-- The outbox, and for ever after the record of what was sent to whom.
CREATE TABLE deliveries (
    id           BIGINT PRIMARY KEY,
    alert        TEXT COLLATE "C"    NOT NULL,
    alert_seq    BIGINT NOT NULL,
    incident     TEXT COLLATE "C"    NOT NULL,
    channel      BIGINT NOT NULL,
    recipient    TEXT COLLATE "C"    NOT NULL,
    payload      TEXT    NOT NULL,
    level        TEXT COLLATE "C"    NOT NULL,
    created_at   BIGINT NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    attempted_at BIGINT,
    error        TEXT,
    next_at      BIGINT,
    received_at  BIGINT,
    detail       TEXT,
    closed_at    BIGINT,
    why          TEXT,
    UNIQUE (alert, channel, recipient)
);
CREATE INDEX deliveries_pending     ON deliveries (id) WHERE received_at IS NULL AND closed_at IS NULL;
CREATE INDEX deliveries_by_incident ON deliveries (incident, id);
CREATE INDEX deliveries_to          ON deliveries (channel, recipient, id);

CREATE TABLE receipts (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    channel     BIGINT NOT NULL,
    recipient   TEXT COLLATE "C"    NOT NULL,
    alert       TEXT COLLATE "C",
    incident    TEXT COLLATE "C",
    state       TEXT COLLATE "C"    NOT NULL,
    reference   TEXT,
    reason      TEXT
);
CREATE INDEX receipts_by_alert    ON receipts (alert, recipient, state) WHERE alert IS NOT NULL;
CREATE INDEX receipts_by_incident ON receipts (incident, seq) WHERE incident IS NOT NULL;

CREATE TABLE rejected (
    seq         BIGINT PRIMARY KEY,
    received_at BIGINT NOT NULL,
    topic       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    payload     BYTEA    NOT NULL,
    size        BIGINT NOT NULL
);
