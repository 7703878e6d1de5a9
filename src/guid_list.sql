/*
 * The list of the devices known to cause the issue.
 */

CREATE TABLE poa.guid_list (
	guid @extschema@.guid PRIMARY KEY
);
COMMENT ON TABLE poa.guid_list IS
	'GUIDs of the devices known to cause the issue.'
	' As the manufacturer lists them (MP102B: 1.4 million)';
COMMENT ON COLUMN poa.guid_list.guid IS 'GUID of a meter';
SELECT pg_catalog.pg_extension_config_dump('poa.guid_list', '');
SELECT poa_internal.permit('TABLE poa.guid_list', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');
