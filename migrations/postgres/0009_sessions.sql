-- People who signed in. Not the cookie itself: its SHA-256, so that reading this lets nobody in.
CREATE TABLE sessions (
    hash      TEXT COLLATE "C" PRIMARY KEY,
    name      TEXT COLLATE "C" NOT NULL,
    role      TEXT COLLATE "C" NOT NULL,
    desk      TEXT COLLATE "C",
    device    TEXT COLLATE "C",
    terms     TEXT COLLATE "C" NOT NULL,
    begun_at  BIGINT NOT NULL,
    active_at BIGINT NOT NULL,
    locked    BIGINT NOT NULL
) WITH (fillfactor = 70);
