-- From version 2 to 3: the order of results and transitions, whatever the clock says; notices that were not
-- delivered. Notices of what happened before were sent.

ALTER TABLE results ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

UPDATE results SET number = (
    SELECT c.results FROM checks c WHERE c.id = results.check_id
) - (
    SELECT count(*) FROM results r
    WHERE r.check_id = results.check_id AND r.begin_at > results.begin_at
);

ALTER TABLE transitions RENAME TO transitions_2;

CREATE TABLE transitions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- their order, whatever the clock says
    at          INTEGER NOT NULL,
    target      TEXT NOT NULL,
    "check"     TEXT NOT NULL,
    change      TEXT NOT NULL,
    from_status TEXT NOT NULL DEFAULT '',
    to_status   TEXT NOT NULL DEFAULT '',
    failures    INTEGER NOT NULL,
    successes   INTEGER NOT NULL,
    kind        TEXT,
    message     TEXT NOT NULL,
    noticed     INTEGER NOT NULL DEFAULT 0, -- whether notices were made from it, or none was due
    -- Makes writing one twice the same as writing it once.
    UNIQUE (target, "check", at, change, to_status)
) STRICT;

CREATE INDEX transitions_of_check ON transitions (target, "check", id);
CREATE INDEX transitions_by_age ON transitions (at);
CREATE INDEX transitions_without_notice ON transitions (id) WHERE noticed = 0;

INSERT INTO transitions
SELECT id, at, target, "check", change, from_status, to_status, failures, successes, kind, message, 1
FROM transitions_2;

DROP TABLE transitions_2;

-- Notices until every action that is to have them has taken them, or they are given up.
CREATE TABLE outbox (
    number   INTEGER NOT NULL, -- of the notice: their order
    action   TEXT NOT NULL,
    notice   TEXT NOT NULL, -- the id that receivers see
    event    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    document TEXT NOT NULL, -- JSON, as it is sent
    attempts INTEGER NOT NULL DEFAULT 0,
    is_done  INTEGER NOT NULL DEFAULT 0, -- this action has taken it, another one has not
    PRIMARY KEY (number, action)
) STRICT, WITHOUT ROWID;

-- What goes on over a restart: 'mass_failure' while the last notice of one was of its beginning.
CREATE TABLE flags (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
