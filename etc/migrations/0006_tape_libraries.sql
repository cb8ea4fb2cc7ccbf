-- Tape libraries, and who may log in to them. docs/format/config-db.md describes them.

ALTER TABLE oca_config.container
    DROP CONSTRAINT container_type_check,
    ADD CONSTRAINT container_type_check CHECK (type IN ('local', 'vtl'));

CREATE TABLE oca_config.tape_library (
    container       text PRIMARY KEY REFERENCES oca_config.container (name) ON DELETE CASCADE,
    serial          text NOT NULL UNIQUE CHECK (serial ~ '^[A-Z0-9]{6}$'),
    drives          integer NOT NULL CHECK (drives BETWEEN 1 AND 60),
    slots           integer NOT NULL CHECK (slots BETWEEN 1 AND 60000),
    -- Of cartridges that it was made with, or that are added without another size.
    tapes           integer NOT NULL CHECK (tapes >= 0),
    tape_size_bytes bigint NOT NULL CHECK (tape_size_bytes > 0),
    generation      integer NOT NULL CHECK (generation BETWEEN 4 AND 9),
    oem_vendor      text NOT NULL,
    target          text NOT NULL UNIQUE,
    portal          text NOT NULL UNIQUE,
    -- The files were there once: they are not made again.
    made            boolean NOT NULL DEFAULT false,
    revision        bigint NOT NULL DEFAULT 1 CHECK (revision > 0)
);

-- Connections that are not always there: by iSCSI. At most one for each library.
CREATE TABLE oca_config.iscsi_connection (
    container            text PRIMARY KEY REFERENCES oca_config.tape_library (container) ON DELETE CASCADE,
    enabled              boolean NOT NULL,
    initiators           text[] NOT NULL,
    chap_user            text NOT NULL,
    target_user          text NOT NULL,
    -- The target's own password under the key outside this database, hexadecimal; empty = none.
    target_secret_sealed text NOT NULL,
    revision             bigint NOT NULL DEFAULT 1 CHECK (revision > 0)
);
