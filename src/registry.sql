/*
 * What may be suppressed: manufacturers, the GUID list, the inventory.
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
	'manufacturers whose meters are subject to suppression; a row''s presence makes them so (MP102B: a configurable list)';
COMMENT ON COLUMN poa.manufacturer.manufacturer IS
	'CPL identifier: four hex digits in upper case, such as 1063 for Landis+Gyr';
COMMENT ON COLUMN poa.manufacturer.name IS 'name for people to read';
COMMENT ON COLUMN poa.manufacturer.window_before IS
	'interval, how long before the activation time a window opens; not negative; days have 24 hours';
COMMENT ON COLUMN poa.manufacturer.window_after IS
	'interval, how long after the activation time a window closes; not negative; days have 24 hours; 30 minutes by MP102B';

CREATE TABLE poa.guid_list (
	guid @extschema@.guid PRIMARY KEY
);
COMMENT ON TABLE poa.guid_list IS
	'GUIDs of the devices known to cause the issue, as the manufacturer lists them (MP102B: 1.4 million)';
COMMENT ON COLUMN poa.guid_list.guid IS 'GUID of a meter';

CREATE TABLE poa.device (
	device @extschema@.guid PRIMARY KEY,
	device_type text NOT NULL,
	smets smallint,
	manufacturer text,
	chf @extschema@.guid,
	mpxn text,
	CONSTRAINT device_type_is_known
		CHECK (device_type OPERATOR(pg_catalog.=) ANY
			(ARRAY['ESME', 'GSME', 'GPF', 'CHF', 'HCALCS', 'PPMID', 'IHD', 'CAD'])),
	CONSTRAINT smets_is_1_or_2
		CHECK (smets OPERATOR(pg_catalog.=) ANY (ARRAY[1::smallint, 2::smallint]))
);
CREATE INDEX device_chf_idx ON poa.device USING hash (chf);
COMMENT ON TABLE poa.device IS
	'the inventory that the DSP feeds: each device and the communications hub it is on now';
COMMENT ON COLUMN poa.device.device IS 'GUID of the device';
COMMENT ON COLUMN poa.device.device_type IS 'ESME, GSME, GPF, CHF, HCALCS, PPMID, IHD or CAD';
COMMENT ON COLUMN poa.device.smets IS
	'generation, 1 or 2, NULL where unknown; not to be read from a version text ("SMETS V1.58" is second generation)';
COMMENT ON COLUMN poa.device.manufacturer IS
	'CPL identifier of the manufacturer, compared as it stands with poa.manufacturer; NULL where unknown';
COMMENT ON COLUMN poa.device.chf IS
	'GUID of the communications hub on whose home area network the device is; NULL where it is on none. Windows that are open or to come follow the meter to another hub, and stay where they are on NULL';
COMMENT ON COLUMN poa.device.mpxn IS 'MPAN or MPRN of the device, NULL where it has none';

/*
 * The rule of eligibility for people to read.  track_activation asks the same
 * five questions in C (activation.c); a test compares the two.
 */
CREATE FUNCTION poa.eligibility(device @extschema@.guid)
RETURNS TABLE (criterion text, met boolean, detail text)
LANGUAGE sql STABLE ROWS 6
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.criterion, coalesce(c.met, false), c.detail
	FROM (SELECT) AS one
	LEFT JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) $1
	LEFT JOIN poa.manufacturer AS m ON m.manufacturer = d.manufacturer
	LEFT JOIN poa.guid_list AS g ON g.guid OPERATOR(@extschema@.=) $1
	CROSS JOIN LATERAL (VALUES
		(1, 'inventory', d.device IS NOT NULL,
			CASE WHEN d.device IS NULL THEN coalesce('device ' || $1::text, 'a NULL device') || ' is not in poa.device'
				ELSE 'device ' || $1::text || ' is in poa.device' END),
		(2, 'type', d.device_type = 'ESME',
			'device type is ' || coalesce(d.device_type, 'unknown') || ', must be ESME'),
		(3, 'generation', d.smets = 2,
			'SMETS generation is ' || coalesce(d.smets::text, 'unknown') || ', must be 2'),
		(4, 'manufacturer', m.manufacturer IS NOT NULL,
			'manufacturer ' || coalesce(d.manufacturer, 'unknown')
			|| CASE WHEN m.manufacturer IS NULL THEN ' is not in poa.manufacturer'
					|| coalesce((SELECT ' (but ' || o.manufacturer || ' is)' FROM poa.manufacturer AS o
						WHERE o.manufacturer = upper(d.manufacturer)), '')
				ELSE ' (' || m.name || ') is in poa.manufacturer' END),
		(5, 'list', g.guid IS NOT NULL,
			coalesce('device ' || $1::text, 'a NULL device')
			|| CASE WHEN g.guid IS NULL THEN ' is not' ELSE ' is' END || ' on poa.guid_list'),
		(6, 'hub', d.chf IS NOT NULL,
			CASE WHEN d.chf IS NULL THEN 'the communications hub is unknown'
				ELSE 'communications hub is ' || d.chf::text END)
	) AS c (n, criterion, met, detail)
	ORDER BY c.n
$$;
COMMENT ON FUNCTION poa.eligibility(@extschema@.guid) IS
	'whether the firmware activations of a device are tracked, one row a criterion (inventory, type, generation, manufacturer, list, hub) and why; all must be met. A NULL or unknown device meets none but, if it is there, list (MP102B)';
REVOKE ALL ON FUNCTION poa.eligibility(@extschema@.guid) FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('poa.manufacturer', '');
SELECT pg_catalog.pg_extension_config_dump('poa.guid_list', '');
SELECT pg_catalog.pg_extension_config_dump('poa.device', '');
