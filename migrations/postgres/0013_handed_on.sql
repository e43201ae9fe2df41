-- Whether another may take an incident over from whoever has it: as it is now, and after each line.
ALTER TABLE incidents ADD COLUMN handed_on BIGINT NOT NULL DEFAULT 0;
ALTER TABLE timeline  ADD COLUMN handed_on BIGINT NOT NULL DEFAULT 0;
