-- How long the record of changes is kept. docs/format/config-db.md describes it.
ALTER TABLE oca_config.appliance
    ADD COLUMN audit_keep_days    integer NOT NULL DEFAULT 1095 CHECK (audit_keep_days BETWEEN 30 AND 36500),
    ADD COLUMN audit_keep_entries bigint NOT NULL DEFAULT 1000000 CHECK (audit_keep_entries BETWEEN 10000 AND 100000000),
    ADD COLUMN audit_revision     bigint NOT NULL DEFAULT 1 CHECK (audit_revision > 0);
