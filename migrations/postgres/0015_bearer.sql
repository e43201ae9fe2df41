-- Who in the register had a victim's device when her session began, or was first seen to have it: when the device is
-- another's, the session is over.
ALTER TABLE sessions ADD COLUMN bearer TEXT COLLATE "C";
