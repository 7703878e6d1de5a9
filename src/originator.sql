/*
 * Names for service users, of whom a RequestID has the GUID only.
 */
CREATE TABLE poa.originator (
	originator @extschema@.guid PRIMARY KEY,
	name text NOT NULL
);
COMMENT ON TABLE poa.originator IS
	'names of service users, for reports; one without a row is reported by its GUID';
COMMENT ON COLUMN poa.originator.originator IS 'GUID of the service user: the first part of a RequestID';
COMMENT ON COLUMN poa.originator.name IS 'name for people to read';
SELECT pg_catalog.pg_extension_config_dump('poa.originator', '');
SELECT poa_internal.permit('TABLE poa.originator', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');
