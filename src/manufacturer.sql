/*
 * The makes whose meters are subject to suppression.
 */

/*
 * Counted from the shortest month, an interval that is not negative is so in
 * every other.
 */
CREATE TABLE poa.manufacturer (
	manufacturer text PRIMARY KEY,
	name text NOT NULL,
	window_before interval NOT NULL DEFAULT '0',
	window_after interval NOT NULL DEFAULT '30 minutes',
	CONSTRAINT manufacturer_is_cpl_identifier
		CHECK (manufacturer OPERATOR(pg_catalog.~) '^[0-9A-F]{4}$'),
	CONSTRAINT window_before_is_finite_and_not_negative
		CHECK (pg_catalog.isfinite(window_before) AND timestamp '2001-02-01' OPERATOR(pg_catalog.+) window_before
			OPERATOR(pg_catalog.>=) timestamp '2001-02-01'),
	CONSTRAINT window_after_is_finite_and_not_negative
		CHECK (pg_catalog.isfinite(window_after) AND timestamp '2001-02-01' OPERATOR(pg_catalog.+) window_after
			OPERATOR(pg_catalog.>=) timestamp '2001-02-01')
);
COMMENT ON TABLE poa.manufacturer IS
	'manufacturers whose meters are subject to suppression.'
	' A row''s presence makes them so (MP102B: a configurable list)';
COMMENT ON COLUMN poa.manufacturer.manufacturer IS
	'CPL identifier: four hex digits in upper case, such as 1063 for Landis+Gyr';
COMMENT ON COLUMN poa.manufacturer.name IS 'name for people to read';
COMMENT ON COLUMN poa.manufacturer.window_before IS
	'interval, how long before the activation time a window opens.'
	' Not negative; days have 24 hours';
COMMENT ON COLUMN poa.manufacturer.window_after IS
	'interval, how long after the activation time a window closes.'
	' Not negative; days have 24 hours; 30 minutes by MP102B';
SELECT pg_catalog.pg_extension_config_dump('poa.manufacturer', '');
SELECT poa_internal.permit('TABLE poa.manufacturer', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');
