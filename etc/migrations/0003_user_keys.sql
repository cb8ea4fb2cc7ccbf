-- Public keys by which users come in over ssh. docs/format/config-db.md describes them.
CREATE TABLE oca_config.user_key (
    fingerprint text PRIMARY KEY,
    user_name   text NOT NULL REFERENCES oca_config.user_account (name) ON DELETE CASCADE,
    type        text NOT NULL,
    blob        text NOT NULL,
    comment     text NOT NULL,
    added       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX user_key_user ON oca_config.user_key (user_name);
