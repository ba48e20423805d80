-- The registry of healthd, version 7. Times are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE targets (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL, -- JSON: what healthd was told
    added_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE checks (
    id                    INTEGER PRIMARY KEY,
    target_id             INTEGER NOT NULL REFERENCES targets ON DELETE CASCADE,
    name                  TEXT NOT NULL,
    status                TEXT NOT NULL DEFAULT 'unknown',
    is_active             INTEGER NOT NULL DEFAULT 1,
    consecutive_failures  INTEGER NOT NULL DEFAULT 0,
    consecutive_successes INTEGER NOT NULL DEFAULT 0,
    last_checked_at       INTEGER,
    last_success_at       INTEGER,
    last_response_ms      REAL,
    last_error_kind       TEXT,
    last_error            TEXT,
    last_evidence         TEXT, -- may hold what a probe saw: for authorised readers
    deactivated_at        INTEGER,
    deactivated_reason    TEXT,
    results               INTEGER NOT NULL DEFAULT 0, -- ever kept; the ring's position
    since                 INTEGER, -- when the status last changed
    answers_since         INTEGER, -- deregistered, and its rechecks have succeeded since then
    restart_requested     INTEGER NOT NULL DEFAULT 0, -- for this instance: it is not requested again
    rolled_up             INTEGER NOT NULL DEFAULT 0, -- the number of the last result that is in the rollups
    ring                  INTEGER NOT NULL DEFAULT 0, -- how many results the ring has room for; 0: not known yet
    UNIQUE (target_id, name)
) STRICT;

-- The last results of each check: a ring, so that a new one takes the place of the oldest.
CREATE TABLE results (
    check_id INTEGER NOT NULL REFERENCES checks ON DELETE CASCADE,
    slot     INTEGER NOT NULL,
    begin_at INTEGER NOT NULL,
    took_us  INTEGER NOT NULL,
    class    TEXT NOT NULL,
    kind     TEXT,
    message  TEXT NOT NULL,
    counted  INTEGER NOT NULL,
    number   INTEGER NOT NULL DEFAULT 0, -- of all results of the check: their order, whatever the clock says
    left_out TEXT, -- why it is no part of the uptime: own, early, paused, silenced; else NULL
    PRIMARY KEY (check_id, slot)
) STRICT, WITHOUT ROWID;

-- Changes of status, and actions on targets, by name. They go with their target, and by age and number.
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

-- One row per target, under the names of the field's server registries.
CREATE VIEW servers AS
SELECT t.id,
       t.name,
       json_extract(t.definition, '$.url') AS url,
       min(c.is_active) AS is_active,
       CASE
           WHEN max(c.status = 'unhealthy') THEN 'unhealthy'
           WHEN max(c.status = 'unknown') THEN 'unknown'
           WHEN max(c.status = 'starting') THEN 'starting'
           ELSE 'healthy'
       END AS status,
       max(c.consecutive_failures) AS consecutive_failures,
       max(c.last_checked_at) AS last_checked_at,
       max(c.last_success_at) AS last_success_at,
       max(c.last_response_ms) AS last_response_ms,
       max(c.last_error) AS last_error,
       max(c.deactivated_at) AS deactivated_at,
       max(c.deactivated_reason) AS deactivated_reason
FROM targets t
JOIN checks c ON c.target_id = t.id
GROUP BY t.id;

-- Which targets are paused ('pause'), silenced ('silence'), or silenced by a window of maintenance
-- ('window', perhaps one that is to come).
CREATE TABLE quiet (
    kind  TEXT NOT NULL,
    scope TEXT NOT NULL, -- 'all', 'group' or 'target'
    name  TEXT NOT NULL, -- of the group or the target
    since INTEGER NOT NULL,
    until INTEGER, -- of a silence: when it ends by itself
    why   TEXT NOT NULL,
    by    TEXT NOT NULL, -- who asked for it
    PRIMARY KEY (kind, scope, name)
) STRICT, WITHOUT ROWID;

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

-- What came of the results of each minute (level 0), hour (1) and day (2). A row holds those of a span of
-- time, packed: an hour, 12 hours, 16 days.
CREATE TABLE rollups (
    check_id INTEGER NOT NULL REFERENCES checks ON DELETE CASCADE,
    level    INTEGER NOT NULL,
    at       INTEGER NOT NULL, -- when the span begins
    data     BLOB NOT NULL,
    PRIMARY KEY (check_id, level, at)
) STRICT, WITHOUT ROWID;
