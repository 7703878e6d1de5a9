--
-- Which devices are eligible, and what eligibility() says of the others.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('118F', 'Aclara');
-- Eligible is a device that meets all six criteria; each of these misses one,
-- or more, and is not tracked.
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf) VALUES
	('00000000000000e0', 'ESME', 2, '1063', '00000000000000c0'),
	('00000000000000e1', 'GSME', 2, '1063', '00000000000000c0'),
	('00000000000000e2', 'ESME', 1, '1063', '00000000000000c0'),
	('00000000000000e3', 'ESME', NULL, '1063', '00000000000000c0'),
	('00000000000000e4', 'ESME', 2, '106C', '00000000000000c0'),
	('00000000000000e5', 'ESME', 2, NULL, '00000000000000c0'),
	('00000000000000e6', 'ESME', 2, '1063', '00000000000000c0'),
	('00000000000000e7', 'ESME', 2, '1063', NULL),
	('00000000000000e8', 'IHD', 1, '118f', NULL),
	('00000000000000c0', 'CHF', 2, '1063', '00000000000000c0');
INSERT INTO poa.guid_list SELECT device FROM poa.device WHERE device <> '00000000000000e6';
INSERT INTO poa.guid_list VALUES ('00000000000000ef');	-- listed, but not in the inventory

SELECT * FROM poa.eligibility('00000000000000e0');
SELECT d.device, string_agg(e.criterion, ', ' ORDER BY e.n) FILTER (WHERE NOT e.met) AS not_met,
	count(*) AS criteria, count(*) FILTER (WHERE e.met IS NULL OR e.detail IS NULL) AS untold,
	poa.track_activation(d.device) IS NOT NULL AS tracked
FROM (SELECT device FROM poa.device UNION SELECT '00000000000000ef' UNION SELECT '00000000000000ee') AS d
CROSS JOIN LATERAL poa.eligibility(d.device) WITH ORDINALITY AS e (criterion, met, detail, n)
GROUP BY d.device ORDER BY d.device;
-- an unknown device is reported as such, and so is none at all
SELECT * FROM poa.eligibility('00000000000000ee');
SELECT * FROM poa.eligibility(NULL);
SELECT poa.track_activation(NULL) AS no_device, poa.track_activation('00000000000000ee') AS unknown_device;

-- the rule is the state of the registry when the command comes
DELETE FROM poa.guid_list WHERE guid = '00000000000000e0';
SELECT poa.track_activation('00000000000000e0') IS NULL AS no_longer_listed;
INSERT INTO poa.guid_list VALUES ('00000000000000e0');
DELETE FROM poa.manufacturer WHERE manufacturer = '1063';
SELECT poa.track_activation('00000000000000e0') IS NULL AS manufacturer_gone;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('106C', 'EDMI');
SELECT poa.track_activation('00000000000000e4') IS NOT NULL AS manufacturer_added;
