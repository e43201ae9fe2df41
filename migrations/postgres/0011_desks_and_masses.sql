-- Each desk that is told has a deadline of its own; empty where it is no desk's, or of which is not known.
ALTER TABLE deadlines ADD COLUMN desk TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE deadlines DROP CONSTRAINT deadlines_pkey;
ALTER TABLE deadlines ADD PRIMARY KEY (incident, name, desk);

-- What concerns many orders is of none of them.
UPDATE incidents SET order_id = '', wearer = '' WHERE kind = 'mass_silence';
