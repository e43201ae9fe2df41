-- Silences that are part of one incident, in the order in which somebody should look after them.
ALTER TABLE incidents ADD COLUMN part_of         TEXT;
ALTER TABLE incidents ADD COLUMN risk            BIGINT;
ALTER TABLE incidents ADD COLUMN last_distance_m BIGINT;
CREATE INDEX incidents_by_mass ON incidents (part_of, closed_at, cleared_at) WHERE part_of IS NOT NULL;
