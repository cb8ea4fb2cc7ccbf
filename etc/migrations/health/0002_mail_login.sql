-- By which user and password a mail relay lets us in. The password is sealed by a key outside of the database; docs/format/health-db.md.
ALTER TABLE oca_health.channel ADD COLUMN login text NOT NULL DEFAULT '';
ALTER TABLE oca_health.channel ADD COLUMN password_sealed text NOT NULL DEFAULT '';
