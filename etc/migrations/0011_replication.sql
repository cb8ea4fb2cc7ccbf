-- Replication links, when they may copy, and how fast. docs/format/config-db.md describes them.

-- No number of it comes twice: what was deleted and is made again has another revision.
CREATE SEQUENCE oca_config.replication_revision;

CREATE TABLE oca_config.replication_link (
    -- Without ON DELETE: a container that has links stays.
    container           text NOT NULL REFERENCES oca_config.container (name),
    role                text NOT NULL CHECK (role IN ('source', 'target')),
    peer                text NOT NULL CHECK (peer <> ''),
    peer_container      text NOT NULL CHECK (peer_container ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$'),
    -- Empty = nobody has said.
    peer_group          text NOT NULL,
    replication_traffic text NOT NULL,
    encryption          text NOT NULL CHECK (encryption IN ('none', 'aes256')),
    user_name           text NOT NULL,
    enabled             boolean NOT NULL,
    created             timestamptz NOT NULL DEFAULT now(),
    revision            bigint NOT NULL DEFAULT nextval('oca_config.replication_revision'),
    PRIMARY KEY (container, role)
);

-- Of links of the role source; none = always. Days from 1, Monday; minutes from midnight.
CREATE TABLE oca_config.replication_window (
    container    text NOT NULL,
    role         text NOT NULL DEFAULT 'source' CHECK (role = 'source'),
    day          integer NOT NULL CHECK (day BETWEEN 1 AND 7),
    start_minute integer NOT NULL CHECK (start_minute >= 0),
    stop_minute  integer NOT NULL CHECK (stop_minute > start_minute AND stop_minute <= 1440),
    PRIMARY KEY (container, day),
    FOREIGN KEY (container, role) REFERENCES oca_config.replication_link (container, role) ON DELETE CASCADE
);

-- Of what is sent to a peer.
CREATE TABLE oca_config.replication_limit (
    peer           text PRIMARY KEY CHECK (peer <> ''),
    kib_per_second bigint NOT NULL CHECK (kib_per_second BETWEEN 192 AND 4294967295),
    revision       bigint NOT NULL DEFAULT nextval('oca_config.replication_revision')
);
