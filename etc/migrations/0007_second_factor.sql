-- Codes by time at the login with a password, and codes for when the app is gone. docs/format/config-db.md describes them.
CREATE TABLE oca_config.user_totp (
    user_name     text PRIMARY KEY REFERENCES oca_config.user_account (name) ON DELETE CASCADE,
    -- Under the key outside this database, hexadecimal.
    secret_sealed text NOT NULL,
    -- A code has shown that the user's app has the secret.
    active        boolean NOT NULL DEFAULT false,
    -- The step (30 s since 1970) of the last code that was taken: neither it nor an earlier one is taken again.
    last_step     bigint NOT NULL DEFAULT 0 CHECK (last_step >= 0),
    created       timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE oca_config.user_recovery_code (
    user_name text NOT NULL REFERENCES oca_config.user_totp (user_name) ON DELETE CASCADE,
    -- SHA-256, hexadecimal.
    hash      text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (user_name, hash)
);
