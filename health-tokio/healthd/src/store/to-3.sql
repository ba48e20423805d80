-- From version 2 to 3: since when a deregistered target's check has succeeded again.

ALTER TABLE checks ADD COLUMN answers_since INTEGER;
