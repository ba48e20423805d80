-- From version 3 to 4: whether a restart was requested for the present instance.

ALTER TABLE checks ADD COLUMN restart_requested INTEGER NOT NULL DEFAULT 0;
