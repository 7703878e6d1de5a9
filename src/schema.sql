/*
 * The type guid and what belongs to it stand in the schema of the extension,
 * all else in poa.  A schema poa that exists already is somebody else's, and
 * an error.
 */
CREATE SCHEMA poa;
COMMENT ON SCHEMA poa IS
	'suppression of Power Outage Alerts (AD1) that a firmware activation causes (SEC modification MP102B)';
