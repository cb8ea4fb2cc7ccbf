-- How ocandmpd is reached, and the NDMP sessions that were. docs/format/config-db.md describes them.

-- One row. NULL = nobody has set it: what ndmp.toml says counts.
CREATE TABLE oca_config.ndmp (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    address         text,
    port            integer CHECK (port BETWEEN 1 AND 65535),
    -- Empty = the address at which the session's client came.
    data_address    text,
    -- Both 0 = any.
    first_data_port integer CHECK (first_data_port BETWEEN 0 AND 65535),
    last_data_port  integer CHECK (last_data_port BETWEEN first_data_port AND 65535),
    revision        bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    CHECK ((first_data_port IS NULL) = (last_data_port IS NULL))
);
INSERT INTO oca_config.ndmp DEFAULT VALUES;

CREATE TABLE oca_config.ndmp_session (
    id               text PRIMARY KEY,
    client           text NOT NULL,
    user_name        text NOT NULL,
    protocol_version integer NOT NULL,
    device           text NOT NULL,
    bytes_moved      bigint NOT NULL CHECK (bytes_moved >= 0),
    started          timestamptz NOT NULL,
    ended            timestamptz NOT NULL,
    result           text NOT NULL CHECK (result IN ('successful', 'failed', 'shut_down', 'interrupted')),
    error            text NOT NULL
);
CREATE INDEX ndmp_session_ended ON oca_config.ndmp_session (ended);
