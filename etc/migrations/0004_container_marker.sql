-- Which stream formats a container's files are looked through for.
ALTER TABLE oca_config.container
    ADD COLUMN marker text NOT NULL DEFAULT 'auto' CHECK (marker IN ('auto', 'none', 'tar'));
