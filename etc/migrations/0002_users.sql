-- Users, and the record of changes. docs/format/config-db.md describes them.

-- A change of a group's settings counts up; who saw an older revision is refused.
ALTER TABLE oca_config.storage_group ADD COLUMN revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0);

CREATE TABLE oca_config.user_account (
    name             text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$'),
    id               integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    roles            text[] NOT NULL CHECK (roles <@ ARRAY['administrator', 'monitor', 'cifs', 'ost', 'rda', 'ndmp', 'iscsi',
                                                           'object', 'secure_connect', 'email_recipient']),
    full_name        text NOT NULL,
    email_addr       text NOT NULL,
    phone            text NOT NULL,
    description      text NOT NULL,
    enabled          boolean NOT NULL,
    -- argon2id, as libsodium writes it; NULL = no password.
    password_hash    text,
    password_changed timestamptz,
    -- The password under the key outside this database, hexadecimal; NULL = not kept.
    secret_sealed    text,
    last_login       timestamptz,
    last_login_from  text NOT NULL DEFAULT '',
    created          timestamptz NOT NULL DEFAULT now(),
    revision         bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    CHECK ((password_hash IS NULL) = (password_changed IS NULL))
);

CREATE TABLE oca_config.audit (
    id         uuid PRIMARY KEY,
    started    timestamptz NOT NULL,
    ended      timestamptz,
    user_name  text NOT NULL,
    origin     text NOT NULL,
    method     text NOT NULL,
    target     text NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('begun', 'done', 'failed', 'denied')),
    message    text NOT NULL,
    request    json,
    before     json,
    after      json
);
CREATE INDEX audit_started ON oca_config.audit (started);
