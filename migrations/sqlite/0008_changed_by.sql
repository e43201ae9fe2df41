-- Who registered or withdrew an order: the name of the token or of the file. Of earlier changes it is not known.
ALTER TABLE order_history ADD COLUMN changed_by TEXT;
