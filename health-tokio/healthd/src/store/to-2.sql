-- From version 1 to 2: when the status of each check last changed.

ALTER TABLE checks ADD COLUMN since INTEGER;

UPDATE checks SET since = (
    SELECT max(x.at)
    FROM transitions x
    JOIN targets t ON t.name = x.target
    WHERE t.id = checks.target_id AND x."check" = checks.name AND x.change = 'status'
      AND x.to_status = checks.status AND x.at >= t.added_at
);
