--
-- Learning what reboots look like, and judging by it.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

-- two makes; meters of 1063 have one of two firmwares
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '0', '30 minutes'), ('1125', 'Kaifa', '0', '30 minutes');
INSERT INTO poa.device SELECT (100000 + n)::bigint::guid, 'ESME', 2, CASE WHEN n <= 2000 THEN '1063' ELSE '1125' END,
	n::bigint::guid, (19 + n % 2) || lpad(n::text, 11, '0') FROM generate_series(1, 3000) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, began_at timestamptz);
CREATE INDEX ON alerts (chf, received_at);
SELECT poa.attach('alerts', started => 'began_at');
-- on day d the hubs a to b reboot after 600 to 700 s, 100 s for each, and are heard 300 to 400 s later; late: by so much
CREATE PROCEDURE reboot(day date, a int, b int, late interval DEFAULT '0', firmware bytea DEFAULT '\x01',
	known boolean DEFAULT true) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, manufacturer,
		mpxn, firmware_hash)
	SELECT d.device, d.chf, day || ' ' || d.chf::bigint, day, day, day, day + interval '30 minutes', 'tracked', d.manufacturer,
		d.mpxn, firmware
	FROM poa.device AS d WHERE d.chf BETWEEN a::bigint::guid AND b::bigint::guid ORDER BY d.chf;
	INSERT INTO alerts SELECT 'AD1', n::bigint::guid, r.began + interval '190 seconds', NULL, CASE WHEN known THEN r.began END
	FROM generate_series(a, b) AS n CROSS JOIN LATERAL (SELECT day + late + (600 + n % 101) * interval '1 second') AS r (began);
	INSERT INTO alerts SELECT '8F36', n::bigint::guid, r.began + (300 + n % 101) * interval '1 second', NULL, NULL
	FROM generate_series(a, b) AS n CROSS JOIN LATERAL (SELECT day + late + (600 + n % 101) * interval '1 second') AS r (began);
END
$$;
CREATE VIEW profile AS SELECT manufacturer, encode(firmware_hash, 'hex') AS firmware, alerts, started_low, started_high,
	silence_high FROM poa.reboot_profile ORDER BY profile_id;

-- 600 of one firmware, 499 of another, 500 of another make
CALL reboot('2026-03-01', 1, 600);
CALL reboot('2026-03-02', 1001, 1499, firmware => '\x02');
CALL reboot('2026-03-03', 2001, 2500, firmware => NULL);
SELECT poa.learn('2026-03-01', '2026-03-04');
SELECT * FROM profile;
SELECT DISTINCT from_at, to_at, learned_at > now() - interval '1 minute' AS just_now, method FROM poa.reboot_profile;
-- the function behind it, for a plot
SELECT manufacturer, count(*), min(opens), min(closes), min(began), max(began), min(silence), max(silence), bool_and(counts)
	FROM poa.reboot('2026-03-01', '2026-03-04') GROUP BY 1 ORDER BY 1;
-- ends of the range: from_at <= decided_at < to_at
SELECT count(*) FROM poa.reboot('2026-03-01 00:13:10', '2026-03-01 00:13:11')
	UNION ALL SELECT count(*) FROM poa.reboot('2026-03-01 00:13:09', '2026-03-01 00:13:10');
-- nothing that was heard at to_at or later
SELECT count(*), count(*) FILTER (WHERE counts) FROM poa.reboot('2026-03-01', '2026-03-01 00:15:30');

-- A few late starts do not widen it
TRUNCATE poa.reboot_profile;
CALL reboot('2026-03-01', 601, 620, '10 minutes');
SELECT poa.learn('2026-03-01', '2026-03-02');
SELECT * FROM profile;
-- left out: released, with several activations, without a timely sign, with neighbours
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE chf = 601::bigint::guid;
CALL reboot('2026-03-05', 1601, 1604);
INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, manufacturer)
	SELECT device, chf, 'again', '2026-03-05', '2026-03-05', '2026-03-05', '2026-03-05 00:30', 'tracked', manufacturer
		FROM poa.device WHERE chf = 1605::bigint::guid;
CALL reboot('2026-03-05', 1605, 1605);
DELETE FROM alerts WHERE chf = 1601::bigint::guid AND alert_code = '8F36';
UPDATE alerts SET received_at = '2026-03-05 00:30:00.000001' WHERE chf = 1602::bigint::guid AND alert_code = '8F36';
UPDATE alerts SET received_at = '2026-03-05 00:30' WHERE chf = 1603::bigint::guid AND alert_code = '8F36';
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'lv', 'F' FROM generate_series(1604, 1607) AS n;
INSERT INTO alerts SELECT 'AD1', (1605 + n)::bigint::guid, '2026-03-05 00:15', NULL, '2026-03-05 00:11' FROM generate_series(1, 2) AS n;
SELECT chf::bigint, silence IS NULL AS not_heard, counts FROM poa.reboot('2026-03-05', '2026-03-06') JOIN poa.suppression_log USING (log_id)
UNION ALL SELECT chf::bigint, silence IS NULL, counts FROM poa.reboot('2026-03-01', '2026-03-02')
	JOIN poa.suppression_log USING (log_id) WHERE chf BETWEEN 600::bigint::guid AND 602::bigint::guid ORDER BY 1;
DELETE FROM poa.hub_group;

-- The settings, a row for a make
INSERT INTO poa.learning (manufacturer, method, alerts) VALUES ('1063', 'quantile', 400);
INSERT INTO poa.learning (manufacturer, method, quantile, margin) VALUES ('1125', 'quantile', 0, '5 seconds');
TRUNCATE poa.reboot_profile;
SELECT poa.learn('2026-03-01', '2026-03-04');
SELECT * FROM profile;
SELECT DISTINCT manufacturer, method FROM poa.reboot_profile ORDER BY 1;
-- at least the margin
TRUNCATE poa.reboot_profile;
UPDATE poa.learning SET method = 'median', margin = '5 minutes', deviations = 4;
SELECT poa.learn('2026-03-01', '2026-03-04');
SELECT * FROM profile;
INSERT INTO poa.learning (manufacturer, method) VALUES ('1057', 'guess');
INSERT INTO poa.learning (manufacturer, quantile) VALUES ('1057', 0.5);
DELETE FROM poa.learning;
-- starts that are not told
TRUNCATE poa.reboot_profile;
CALL reboot('2026-03-06', 1, 500, known => false);
SELECT poa.learn('2026-03-06', '2026-03-07');
SELECT * FROM profile;
-- of too few of a firmware: it has the range of its make
TRUNCATE poa.reboot_profile;
CALL reboot('2026-03-07', 1, 400, firmware => '\x03');
CALL reboot('2026-03-07', 401, 500, firmware => '\x03', known => false);
CALL reboot('2026-03-07', 501, 600, firmware => '\x04');
SELECT poa.learn('2026-03-07', '2026-03-08');
SELECT * FROM profile;
-- what is not said
SELECT poa.learn(NULL, now());
SELECT poa.learn(now(), NULL);
SELECT poa.learn(now(), now()), poa.learn('infinity', '-infinity');

--
-- Judging: by the newest that was learned before the alert, of its firmware, else of its make
--
TRUNCATE poa.reboot_profile;
CREATE FUNCTION told(day date) RETURNS TABLE (hub bigint, evidence text, detail text) LANGUAGE sql
BEGIN ATOMIC
	SELECT g.chf::bigint, g.evidence, g.detail FROM poa.genuine(day + interval '20 hours', day) AS g ORDER BY g.log_id, g.evidence;
END;
SELECT poa.learn('2026-03-01', '2026-03-04');
CALL reboot('2026-03-10', 10, 11);
CALL reboot('2026-03-10', 12, 12, '4 minutes');
CALL reboot('2026-03-10', 13, 13, '-4 minutes');
-- within the range
CALL reboot('2026-03-10', 101, 101, '-100 seconds');
-- another firmware is judged as its make, and so is one that is not known
CALL reboot('2026-03-10', 14, 14, '4 minutes', '\x99');
CALL reboot('2026-03-10', 15, 15, '4 minutes', NULL);
-- a start that is not known
CALL reboot('2026-03-10', 16, 16, '4 minutes', known => false);
SELECT * FROM told('2026-03-10');
-- both of two activations must say so: the second explains it
INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, manufacturer, firmware_hash)
	SELECT device, chf, 'second ' || chf::bigint, d, d, d, d + interval '30 minutes', 'tracked', manufacturer, '\x01'
		FROM poa.device, (SELECT timestamptz '2026-03-11 00:03') AS t (d) WHERE chf IN (20::bigint::guid, 21::bigint::guid);
CALL reboot('2026-03-11', 20, 20, '4 minutes');
CALL reboot('2026-03-11', 21, 21, '7 minutes');
SELECT hub, detail FROM told('2026-03-11');
-- not one that is newer than the alert; the newest of those that are not
INSERT INTO poa.reboot_profile (manufacturer, firmware_hash, from_at, to_at, alerts, started_low, started_high, silence_high, method) VALUES
	('1063', '\x01', '2026-03-01', '2026-03-10 01:00', 500, '1 minute', '25 minutes', '1 minute', 'by hand'),
	('1063', '\x01', '2026-02-01', '2026-03-01', 500, '1 hour', '2 hours', '1 minute', 'by hand');
SELECT hub, evidence FROM told('2026-03-10');
SELECT hub, evidence FROM told('2026-03-11');
-- a firmware that has too few since is judged by its make
INSERT INTO poa.reboot_profile (manufacturer, from_at, to_at, alerts, started_low, started_high, silence_high, method) VALUES
	('1063', '2026-03-02', '2026-03-11', 500, '1 hour', '2 hours', '10 minutes', 'by hand');
SELECT hub, evidence FROM told('2026-03-11');
DELETE FROM poa.reboot_profile WHERE silence_high = '10 minutes';
-- silent: longer than silence_high
DELETE FROM alerts WHERE alert_code = '8F36' AND chf IN (10::bigint::guid, 15::bigint::guid) AND received_at::date = '2026-03-10';
SELECT hub, evidence, detail FROM told('2026-03-10') WHERE evidence = 'silent';
SELECT p.silence_high, l.chf::bigint, l.outage_started_at + p.silence_high AS due,
	(SELECT count(*) FROM poa.genuine(l.outage_started_at + p.silence_high, '2026-03-10') AS g
		WHERE g.log_id = l.log_id AND evidence = 'silent') AS then,
	(SELECT count(*) FROM poa.genuine(l.outage_started_at + p.silence_high + interval '1 microsecond', '2026-03-10') AS g
		WHERE g.log_id = l.log_id AND evidence = 'silent') AS later
FROM poa.suppression_log AS l, poa.reboot_profile AS p
	WHERE l.chf = 10::bigint::guid AND l.decided_at::date = '2026-03-10' AND p.method <> 'by hand' AND p.firmware_hash = '\x01';

--
-- Drift: more than 2 % of the last 300 of a make outside, and `started` keeps silent for it
--
DELETE FROM poa.reboot_profile WHERE method = 'by hand';
CALL reboot('2026-03-20', 1, 294);
CALL reboot('2026-03-20', 295, 300, '-10 minutes');
SELECT * FROM poa_internal.drift('2026-03-20 20:00');
SELECT count(*) FROM told('2026-03-20') WHERE evidence = 'started';
CALL reboot('2026-03-21', 295, 301, '-10 minutes');
SELECT * FROM poa_internal.drift('2026-03-21 20:00');
SELECT count(*) FROM told('2026-03-21') WHERE evidence = 'started';
-- not yet drifted the day before; another make is another thing
SELECT count(*) FROM told('2026-03-20') WHERE evidence = 'started';
CALL reboot('2026-03-21', 2001, 2001, '-9 minutes');
SELECT hub FROM told('2026-03-21') WHERE evidence = 'started';
-- it is over when 300 more have come as they should
CALL reboot('2026-03-22', 301, 600);
SELECT * FROM poa_internal.drift('2026-03-22 20:00');
-- a storm is no drift
CALL reboot('2026-03-23', 701, 710, '6 minutes');
SELECT drifted FROM poa_internal.drift('2026-03-23 20:00') WHERE manufacturer = '1063';
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'lv', 'F' FROM generate_series(701, 720) AS n;
INSERT INTO alerts SELECT 'AD1', n::bigint::guid, '2026-03-23 00:20', NULL, '2026-03-23 00:17' FROM generate_series(711, 720) AS n;
SELECT * FROM poa_internal.drift('2026-03-23 20:00') WHERE manufacturer = '1063';

-- nor are two updates in a row, of which one explains the reboot
INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, manufacturer, firmware_hash)
	SELECT device, chf, 'in a row ' || chf::bigint, d, d, d, d + interval '30 minutes', 'tracked', manufacturer, '\x01'
	FROM poa.device, (SELECT timestamptz '2026-03-24 00:10') AS t (d) WHERE chf BETWEEN 101::bigint::guid AND 120::bigint::guid;
CALL reboot('2026-03-24', 101, 120);
SELECT count(*) FILTER (WHERE cardinality(matched) = 2) AS two, min(delay) FROM poa.suppression_log WHERE decided_at::date = '2026-03-24';
SELECT outside, drifted FROM poa_internal.drift('2026-03-24 20:00') WHERE manufacturer = '1063';

-- which health says
SELECT ok, detail FROM poa.health() WHERE check_name = 'reboots';
CALL reboot((now() - interval '2 days')::date, 801, 806, '-8 minutes');
SELECT ok, detail FROM poa.health() WHERE check_name = 'reboots';
CALL reboot((now() - interval '2 days')::date, 807, 810, '-8 minutes');
SELECT ok, detail FROM poa.health() WHERE check_name = 'reboots';

-- Who may
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_dno('regress_poa_dno', 19);
SET ROLE regress_poa_operator;
SELECT poa.learn('2026-03-01', '2026-03-04');
SET ROLE regress_poa_dno;
SELECT poa.learn('2026-03-01', '2026-03-04');
SELECT count(*) FROM poa.reboot_profile;
SELECT count(*), min(distributor_id), max(distributor_id) FROM poa.reboot('2026-03-01', '2026-03-04');
RESET ROLE;
SELECT poa.revoke_all('regress_poa_operator'), poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_operator, regress_poa_dno;
DROP FUNCTION told;
DROP VIEW profile;
DROP PROCEDURE reboot;
DROP TABLE alerts;
