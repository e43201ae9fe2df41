-- Browsers that victims want to be woken by. Who reads this could wake them, but knows nothing that a push holds.
CREATE TABLE push_subscriptions (
    id         TEXT COLLATE "C" PRIMARY KEY,
    person     TEXT COLLATE "C" NOT NULL,
    device     TEXT COLLATE "C" NOT NULL,
    endpoint   TEXT COLLATE "C" NOT NULL,
    p256dh     TEXT COLLATE "C" NOT NULL,
    auth       TEXT COLLATE "C" NOT NULL,
    server_key TEXT COLLATE "C" NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX push_by_device ON push_subscriptions (device, person);
CREATE INDEX push_by_person ON push_subscriptions (person, seen_at);
