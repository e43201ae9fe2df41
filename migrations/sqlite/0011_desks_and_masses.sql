-- Each desk that is told has a deadline of its own; empty where it is no desk's, or of which is not known.
CREATE TABLE deadlines_by_desk (
    incident TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    desk     TEXT    NOT NULL,
    partner  TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    from_at  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    kept_at  INTEGER,
    missed   INTEGER NOT NULL,
    PRIMARY KEY (incident, name, desk)
) STRICT;
INSERT INTO deadlines_by_desk
    SELECT incident, name, '', partner, order_id, from_at, due_at, kept_at, missed FROM deadlines;
DROP TABLE deadlines;
ALTER TABLE deadlines_by_desk RENAME TO deadlines;
CREATE INDEX deadlines_by_due ON deadlines (due_at, incident, name);

-- What concerns many orders is of none of them.
UPDATE incidents SET order_id = '', wearer = '' WHERE kind = 'mass_silence';
