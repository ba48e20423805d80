CREATE TABLE quiet (
    kind  TEXT NOT NULL,
    scope TEXT NOT NULL,
    name  TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    why   TEXT NOT NULL,
    by    TEXT NOT NULL,
    PRIMARY KEY (kind, scope, name)
) STRICT, WITHOUT ROWID;
