/*
 * The inventory that the DSP feeds.
 */

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
CREATE INDEX device_mpxn_idx ON poa.device USING hash (mpxn);
COMMENT ON TABLE poa.device IS
	'the inventory that the DSP feeds: each device and its hub.'
	' The hub is the communications hub that the device is on now';
COMMENT ON COLUMN poa.device.device IS 'GUID of the device';
COMMENT ON COLUMN poa.device.device_type IS 'ESME, GSME, GPF, CHF, HCALCS, PPMID, IHD or CAD';
COMMENT ON COLUMN poa.device.smets IS
	'generation, 1 or 2, NULL where unknown.'
	' It is not to be read from a version text ("SMETS V1.58" is second generation)';
COMMENT ON COLUMN poa.device.manufacturer IS
	'CPL identifier of the manufacturer, NULL where unknown.'
	' Compared as it stands with poa.manufacturer';
COMMENT ON COLUMN poa.device.chf IS
	'GUID of the hub on whose home area network the device is, or NULL.'
	' Windows that are open or to come follow the meter to another hub, and stay where they are on NULL';
COMMENT ON COLUMN poa.device.mpxn IS 'MPAN or MPRN of the device, NULL where it has none';
SELECT pg_catalog.pg_extension_config_dump('poa.device', '');
SELECT poa_internal.permit('TABLE poa.device', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');
