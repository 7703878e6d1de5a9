/*
 * The type guid and what belongs to it stand in the schema of the extension,
 * what users call, read or fill in poa, and all else in poa_internal.  A schema
 * of these names that exists already belongs to another, and is an error.
 */
CREATE SCHEMA poa;
COMMENT ON SCHEMA poa IS
	'suppression of Power Outage Alerts (AD1) that firmware activations cause.'
	' SEC modification MP102B';

CREATE SCHEMA poa_internal;
COMMENT ON SCHEMA poa_internal IS
	'what poa_suppress is made of and users should not build on.'
	' It may change in any version';
