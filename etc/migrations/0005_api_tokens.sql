-- Tokens by which programs come in over REST. docs/format/config-db.md describes them.
CREATE TABLE oca_config.api_token (
    name      text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$'),
    -- SHA-256 of the token, hexadecimal.
    hash      text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$'),
    user_name text NOT NULL REFERENCES oca_config.user_account (name) ON DELETE CASCADE,
    role      text NOT NULL CHECK (role IN ('administrator', 'monitor')),
    created   timestamptz NOT NULL DEFAULT now(),
    expires   timestamptz NOT NULL,
    last_used timestamptz
);
CREATE INDEX api_token_user ON oca_config.api_token (user_name);
