-- Configuration of an appliance, owned by ocaconfigsvc. docs/format/config-db.md describes it.

-- One row: the appliance itself.
CREATE TABLE oca_config.appliance (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    system_id uuid NOT NULL DEFAULT gen_random_uuid(),
    created   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO oca_config.appliance DEFAULT VALUES;

-- Storage groups as they shall be. fs_id is ocafsd's number for it, NULL until ocafsd has confirmed it.
CREATE TABLE oca_config.storage_group (
    name             text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$'),
    fs_id            bigint CHECK (fs_id > 0),
    compression_mode text NOT NULL CHECK (compression_mode IN ('fast', 'best', 'lz4')),
    chunk_size_bytes integer NOT NULL CHECK (chunk_size_bytes IN (8192, 16384, 32768, 65536)),
    quota_bytes      bigint NOT NULL CHECK (quota_bytes >= 0),
    state            text NOT NULL CHECK (state IN ('creating', 'ready', 'deleting')),
    created          timestamptz NOT NULL DEFAULT now(),
    CHECK (state = 'creating' OR fs_id IS NOT NULL)
);

-- Containers as they shall be.
CREATE TABLE oca_config.container (
    name          text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$'),
    fs_id         bigint CHECK (fs_id > 0),
    storage_group text NOT NULL REFERENCES oca_config.storage_group (name),
    type          text NOT NULL CHECK (type IN ('local')),
    state         text NOT NULL CHECK (state IN ('creating', 'ready', 'deleting')),
    created       timestamptz NOT NULL DEFAULT now(),
    CHECK (state = 'creating' OR fs_id IS NOT NULL)
);
