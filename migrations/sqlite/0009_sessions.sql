-- People who signed in. Not the cookie itself: its SHA-256, so that reading this lets nobody in.
CREATE TABLE sessions (
    hash      TEXT    PRIMARY KEY,
    name      TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    desk      TEXT,
    device    TEXT,
    terms     TEXT    NOT NULL,
    begun_at  INTEGER NOT NULL,
    active_at INTEGER NOT NULL,
    locked    INTEGER NOT NULL
) STRICT;
