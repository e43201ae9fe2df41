-- Where devices were in the last 24 hours, for fixes that come late. Apart from their state, which changes with
-- every fix: this is written with one fix in several.
CREATE TABLE histories (
    device  TEXT PRIMARY KEY,
    history BLOB NOT NULL
) STRICT;

-- What a device is still to be told of which only the newest counts: how well a victim is protected, how often an
-- ankle monitor is to report. A row is there from the commit that decided it until the broker has it.
CREATE TABLE notices (
    topic   TEXT PRIMARY KEY,
    seq     INTEGER NOT NULL,
    payload TEXT    NOT NULL,
    until   INTEGER
) STRICT;
