-- Browsers that victims want to be woken by. Who reads this could wake them, but knows nothing that a push holds.
CREATE TABLE push_subscriptions (
    id         TEXT PRIMARY KEY,
    person     TEXT NOT NULL,
    device     TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    p256dh     TEXT NOT NULL,
    auth       TEXT NOT NULL,
    server_key TEXT NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX push_by_device ON push_subscriptions (device, person);
CREATE INDEX push_by_person ON push_subscriptions (person, seen_at);
