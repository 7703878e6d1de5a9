--
-- What may be suppressed: manufacturers, the GUID list, the inventory.
--
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS poa_suppress CASCADE;
CREATE EXTENSION poa_suppress;
RESET client_min_messages;
SET IntervalStyle = postgres;

-- a manufacturer is subject to suppression by its mere presence, for 30 minutes
INSERT INTO poa.manufacturer (manufacturer, name) VALUES ('1063', 'Landis+Gyr') RETURNING *;
INSERT INTO poa.manufacturer VALUES ('118F', 'Aclara', '5 minutes', '1 day') RETURNING *;
-- refused: what is not a CPL identifier, no name, negative windows
INSERT INTO poa.manufacturer VALUES ('118f', 'lower case');
INSERT INTO poa.manufacturer VALUES ('063', 'three digits');
INSERT INTO poa.manufacturer VALUES ('01063', 'five digits');
INSERT INTO poa.manufacturer VALUES (E'1086\n', 'line end');
INSERT INTO poa.manufacturer VALUES (' 1086', 'blank');
INSERT INTO poa.manufacturer VALUES ('1086', NULL);
INSERT INTO poa.manufacturer VALUES (NULL, 'none');
INSERT INTO poa.manufacturer VALUES ('1063', 'twice');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '-1 second');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '0', '-1 microsecond');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '0', NULL);
UPDATE poa.manufacturer SET window_after = '-30 minutes';
UPDATE poa.manufacturer SET window_before = '1 day -25 hours';
-- negative in part only is not negative, and zero is allowed
BEGIN;
UPDATE poa.manufacturer SET window_before = '1 day -1 hour', window_after = '0' WHERE manufacturer = '118F' RETURNING *;
ROLLBACK;

-- the inventory
INSERT INTO poa.device SELECT ('00000000000000a' || n - 1)::guid, t FROM unnest(ARRAY['ESME', 'GSME', 'GPF', 'CHF', 'HCALCS', 'PPMID', 'IHD', 'CAD']) WITH ORDINALITY AS u (t, n);
SELECT count(*) FROM poa.device;
TRUNCATE poa.device;
INSERT INTO poa.device VALUES ('00000000000000a0', 'esme');
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESMETS');
INSERT INTO poa.device VALUES ('00000000000000a0', NULL);
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESME', 3);
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESME', 0);
INSERT INTO poa.device VALUES ('not a guid', 'ESME');

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

-- neither the prefix of a GUID nor an activation makes a device eligible; the list holds a GUID once
INSERT INTO poa.guid_list VALUES ('00:00:00:00:00:00:00:e0');
INSERT INTO poa.guid_list VALUES (NULL);
