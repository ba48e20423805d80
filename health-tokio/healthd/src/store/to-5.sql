-- From version 4 to 5: rollups, and what they need to know of results. What is in the ring is not rolled up
-- yet; how large it is, is not known.

ALTER TABLE checks ADD COLUMN rolled_up INTEGER NOT NULL DEFAULT 0;

ALTER TABLE checks ADD COLUMN ring INTEGER NOT NULL DEFAULT 0;

ALTER TABLE results ADD COLUMN left_out TEXT;

UPDATE results SET left_out = iif(class = 'indeterminate', 'own', 'early')
WHERE counted = 0
  AND (class = 'indeterminate' OR (SELECT is_active FROM checks WHERE id = results.check_id));

CREATE TABLE rollups (
    check_id INTEGER NOT NULL REFERENCES checks ON DELETE CASCADE,
    level    INTEGER NOT NULL,
    at       INTEGER NOT NULL, -- when the span begins
    data     BLOB NOT NULL,
    PRIMARY KEY (check_id, level, at)
) STRICT, WITHOUT ROWID;
