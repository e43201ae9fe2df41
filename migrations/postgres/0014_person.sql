-- Who a session is of, whatever name the provider gives today: of two people one must not be the other.
ALTER TABLE sessions ADD COLUMN person TEXT COLLATE "C";
