-- From version 6 to 7: what each action was told.

-- Actions, and where each is with what it was told. One that is not here was told what all others were.
CREATE TABLE receivers (
    action          TEXT PRIMARY KEY,
    is_mass_failure INTEGER NOT NULL, -- its last notice of one was of the beginning
    incident        INTEGER, -- when the outage began that is not over
    last_at         INTEGER NOT NULL -- when it was told something last
) STRICT, WITHOUT ROWID;

-- What each was told, and is so as far as it knows.
CREATE TABLE told (
    action      TEXT NOT NULL,
    target      TEXT NOT NULL,
    "check"     TEXT NOT NULL,
    is_flapping INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    change      TEXT NOT NULL,
    from_status TEXT NOT NULL,
    to_status   TEXT NOT NULL,
    failures    INTEGER NOT NULL,
    successes   INTEGER NOT NULL,
    kind        TEXT,
    message     TEXT NOT NULL,
    PRIMARY KEY (action, target, "check", change, is_flapping)
) STRICT, WITHOUT ROWID;
