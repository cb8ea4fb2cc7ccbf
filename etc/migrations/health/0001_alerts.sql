-- Events, alerts and whom the appliance tells of them, owned by nhm. docs/format/health-db.md describes it.

-- What happened. An id is put on record once, however often it is delivered.
CREATE TABLE oca_health.event (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       uuid NOT NULL UNIQUE,
    happened timestamptz NOT NULL,
    recorded timestamptz NOT NULL DEFAULT clock_timestamp(),
    number   integer NOT NULL,
    name     text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    process  text NOT NULL,
    pid      bigint NOT NULL,
    host     text NOT NULL,
    text     text NOT NULL,
    to_do    text NOT NULL,
    repeats  bigint NOT NULL CHECK (repeats >= 0)
);
CREATE INDEX event_recorded ON oca_health.event (recorded);

-- Conditions: those that stand (cleared is NULL), and those that are over.
CREATE TABLE oca_health.alert (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    condition text NOT NULL,
    subject   text NOT NULL,
    severity  text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    raised    timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    times     bigint NOT NULL DEFAULT 1,
    cleared   timestamptz,
    text      text NOT NULL,
    to_do     text NOT NULL,
    host      text NOT NULL
);
CREATE UNIQUE INDEX alert_standing ON oca_health.alert (condition, subject) WHERE cleared IS NULL;
CREATE INDEX alert_cleared ON oca_health.alert (cleared);

-- Ways to tell. Lists of addresses are JSON arrays.
CREATE TABLE oca_health.channel (
    name       text PRIMARY KEY,
    enabled    boolean NOT NULL DEFAULT false,
    relay      text NOT NULL DEFAULT '',
    security   text NOT NULL DEFAULT 'none' CHECK (security IN ('none', 'starttls', 'tls')),
    sender     text NOT NULL DEFAULT '',
    send_to    text NOT NULL DEFAULT '[]',
    cc         text NOT NULL DEFAULT '[]',
    bcc        text NOT NULL DEFAULT '[]',
    period     text NOT NULL DEFAULT 'daily' CHECK (period IN ('daily', 'weekly')),
    last_sent  timestamptz,
    last_error text NOT NULL DEFAULT ''
);
INSERT INTO oca_health.channel (name) VALUES ('email_alerts'), ('email_stats'), ('webhook'), ('syslog');

-- What is still to be told, by one channel each.
CREATE TABLE oca_health.message (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel   text NOT NULL REFERENCES oca_health.channel (name) ON DELETE CASCADE,
    made      timestamptz NOT NULL DEFAULT clock_timestamp(),
    happened  timestamptz NOT NULL,
    cleared   boolean NOT NULL,
    severity  text NOT NULL,
    condition text NOT NULL,
    subject   text NOT NULL,
    text      text NOT NULL,
    to_do     text NOT NULL,
    host      text NOT NULL
);
CREATE INDEX message_channel ON oca_health.message (channel, seq);
