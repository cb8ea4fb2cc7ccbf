-- Who may use which containers. docs/format/config-db.md describes it.
CREATE TABLE oca_config.container_access (
    container text NOT NULL REFERENCES oca_config.container (name) ON DELETE CASCADE,
    -- One of both.
    user_name text REFERENCES oca_config.user_account (name) ON DELETE CASCADE,
    role      text CHECK (role IN ('administrator', 'monitor', 'cifs', 'ost', 'rda', 'ndmp', 'iscsi', 'object', 'secure_connect',
                                   'email_recipient')),
    mode      text NOT NULL CHECK (mode IN ('rw', 'rwd')),
    created   timestamptz NOT NULL DEFAULT now(),
    revision  bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    CHECK ((user_name IS NULL) <> (role IS NULL))
);
CREATE UNIQUE INDEX container_access_user ON oca_config.container_access (container, user_name) WHERE user_name IS NOT NULL;
CREATE UNIQUE INDEX container_access_role ON oca_config.container_access (container, role) WHERE role IS NOT NULL;
CREATE INDEX container_access_of_user ON oca_config.container_access (user_name);
