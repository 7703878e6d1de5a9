--
-- Evidence of neighbours: hubs of a neighbourhood that go dark together.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
-- hub n on feeder n/10, circuit n/100; those with n % 10 = 0 or 1 have a listed meter, the others none
INSERT INTO poa.hub_group
	SELECT n::bigint::guid, k.kind, k.group_id FROM generate_series(0, 299) AS n
	CROSS JOIN LATERAL (VALUES ('lv', 'F' || n / 10), ('hv', 'C' || n / 100), ('postcode', 'AB1 ' || n / 50)) AS k (kind, group_id);
INSERT INTO poa.device SELECT (1000 + n)::bigint::guid, 'ESME', 2, '1063', n::bigint::guid,
	(19 + n / 100) || lpad(n::text, 11, '0') FROM generate_series(0, 299) AS n WHERE n % 10 < 2;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, began_at timestamptz);
SELECT poa.attach('alerts', started => 'began_at');
SELECT count(poa.track_activation(device, received_at => '2026-03-01 12:00', request_id => 'r' || chf::bigint)) FROM poa.device;
CREATE FUNCTION go_dark(hubs int[], began timestamptz DEFAULT '2026-03-01 12:10',
	delay interval DEFAULT '3 minutes') RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO alerts SELECT 'AD1', h::bigint::guid, began + delay, NULL, began FROM unnest(hubs) AS h;
END;
CREATE FUNCTION told(as_of timestamptz DEFAULT '2026-03-01 13:00') RETURNS TABLE (hub bigint, detail text) LANGUAGE sql
BEGIN ATOMIC
	SELECT g.chf::bigint, g.detail FROM poa.genuine(as_of) AS g WHERE g.evidence = 'neighbours';
END;

-- two others of a feeder, and a fifth of its eight hubs without a window
SELECT go_dark('{0}'), go_dark('{2}');
SELECT * FROM told();
SELECT go_dark('{3}', '2026-03-01 12:14');
SELECT * FROM told();
-- each once
SELECT go_dark('{10,12,12,12}'), go_dark('{12}', '2026-03-01 12:09');
SELECT * FROM told() WHERE hub = 10;
-- not the one that is suppressed, nor another that is
SELECT go_dark('{20,21,22}');
SELECT * FROM told() WHERE hub IN (20, 21);
-- four minutes before or after, both ends included
SELECT go_dark('{30,31}'), go_dark('{32}', '2026-03-01 12:06'), go_dark('{33}', '2026-03-01 12:14:00.000001'),
	go_dark('{34}', '2026-03-01 12:05:59.999999');
SELECT * FROM told() WHERE hub = 30;
SELECT go_dark('{35}', '2026-03-01 12:14');
SELECT * FROM told() WHERE hub = 30;
-- by the start where it is known, else by the alert
SELECT go_dark('{40}'), go_dark('{42,43}', delay => '30 minutes');
SELECT * FROM told() WHERE hub = 40;
INSERT INTO alerts SELECT 'AD1', h::bigint::guid, '2026-03-01 12:13', NULL, b
	FROM (VALUES (50, NULL::timestamptz), (52, '2026-03-01 12:14'), (53, NULL), (54, '-infinity')) AS v (h, b);
SELECT * FROM told() WHERE hub = 50;
-- another code, another feeder
SELECT go_dark('{60,62,73}');
INSERT INTO alerts VALUES ('8F35', 63::bigint::guid, '2026-03-01 12:13', NULL, '2026-03-01 12:10'),
	('N13', 64::bigint::guid, '2026-03-01 12:13', NULL, '2026-03-01 12:10');
SELECT * FROM told() WHERE hub = 60;
-- what is not known yet
SELECT string_agg(hub::text, ' ' ORDER BY hub) FROM told('2026-03-01 12:15')
	UNION ALL SELECT string_agg(hub::text, ' ' ORDER BY hub) FROM told('2026-03-01 12:16:59.999999')
UNION ALL SELECT string_agg(hub::text, ' ' ORDER BY hub) FROM told('2026-03-01 12:17')
	UNION ALL SELECT string_agg(hub::text, ' ' ORDER BY hub) FROM told('2026-03-01 12:40');

-- a circuit: four of its hubs, but a fifth of the 80 without a window
TRUNCATE alerts;
SELECT go_dark('{100,112,113,122,123,132,133,142,143,152,153,162,163,172,173}', '2026-03-01 12:11');
SELECT * FROM told() WHERE hub >= 100;
SELECT go_dark('{182}', '2026-03-01 12:11'), go_dark('{192}', '2026-03-01 12:11');
SELECT * FROM told() WHERE hub >= 100;
-- where a hub got its window, ended or not, is one of those that have none no more, and its AD1 does not count
INSERT INTO poa.device SELECT (1000 + n)::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, NULL FROM unnest('{182,192}'::int[]) AS n;
INSERT INTO poa.guid_list VALUES (1182::bigint::guid), (1192::bigint::guid);
SELECT poa.track_activation(1182::bigint::guid, received_at => '2026-03-01 12:00', request_id => 'r182') > 0,
	poa.track_activation(1192::bigint::guid, received_at => '2026-03-01 12:00', request_id => 'r192') > 0;
SELECT poa_internal.record_outcome_at('r192', 'no_image_held', '2026-03-01 12:01');
SELECT * FROM told() WHERE hub >= 100;
SELECT go_dark('{183,193}', '2026-03-01 12:11');
SELECT * FROM told() WHERE hub >= 100;

-- released, shadow, held and suppressed ones count for none
TRUNCATE alerts;
SELECT go_dark('{200}', '2026-03-01 12:12');
SELECT poa.detach('alerts'), poa.attach('alerts', started => 'began_at', mode => 'shadow');
SELECT go_dark('{201}', '2026-03-01 12:12');
SELECT poa.detach('alerts'), poa.attach('alerts', started => 'began_at');
SELECT count(*) FROM alerts;
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'street', 'S1' FROM unnest('{200,201,210,211,220}'::int[]) AS n;
INSERT INTO poa.neighbourhood VALUES ('street', 2, '4 minutes', 0);
SELECT go_dark('{210,211}', '2026-03-01 12:12');
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE chf IN (210::bigint::guid, 211::bigint::guid);
SELECT go_dark('{220}', '2026-03-01 12:12');
SELECT count(*) FROM alerts;
SELECT * FROM told() WHERE hub >= 200;
-- nor one that the switch, or late tracking, let through
SET poa_suppress.enabled = off;
SELECT go_dark('{230,231}', '2026-03-01 12:12');
RESET poa_suppress.enabled;
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'street', 'S1' FROM unnest('{230,231}'::int[]) AS n;
SELECT * FROM told() WHERE hub >= 200;
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'street', 'S1' FROM unnest('{232,233}'::int[]) AS n;
SELECT go_dark('{232,233}', '2026-03-01 12:12');
SELECT * FROM told() WHERE hub >= 200;

-- A row overrides the built-in one, or adds a kind
SELECT * FROM poa_internal.neighbourhoods() ORDER BY kind;
TRUNCATE alerts;
SELECT go_dark('{240,242,252,253,254}', '2026-03-01 12:12');
SELECT * FROM told() WHERE hub = 240;
INSERT INTO poa.neighbourhood VALUES ('hv', 4, '4 minutes', 0.05), ('lv', 1, '1 minute', 0), ('postcode', 1, '1 second', 0.1);
SELECT * FROM told() WHERE hub = 240;
DELETE FROM poa.neighbourhood;
-- the share of 15 hubs is 3, exactly
INSERT INTO poa.hub_group SELECT n::bigint::guid, 'fifteen', 'X' FROM generate_series(270, 285) AS n;
DELETE FROM poa.activation WHERE chf BETWEEN 271::bigint::guid AND 289::bigint::guid;
INSERT INTO poa.neighbourhood VALUES ('fifteen', 1, '1 minute', 0.2);
SELECT go_dark('{270,282,283}', '2026-03-01 12:12');
SELECT * FROM told() WHERE hub = 270;
SELECT go_dark('{284}', '2026-03-01 12:12');
SELECT * FROM told() WHERE hub = 270;
-- a window counts from its receipt on: what was told before stays
INSERT INTO poa.device VALUES (1262::bigint::guid, 'ESME', 2, '1063', 262::bigint::guid, NULL);
INSERT INTO poa.guid_list VALUES (1262::bigint::guid);
SELECT go_dark('{260,262,263}', '2026-03-01 12:20');
SELECT * FROM told('2026-03-01 12:25') WHERE hub = 260;
SELECT poa.track_activation(1262::bigint::guid, '2026-03-01 12:15', 'r262', '2026-03-01 12:40') > 0;
SELECT * FROM told('2026-03-01 12:39:59.999999') WHERE hub = 260;
SELECT * FROM told('2026-03-01 12:40') WHERE hub = 260;

-- What a row may hold
INSERT INTO poa.neighbourhood VALUES ('bad', 0, '1 minute', 0.2);
INSERT INTO poa.neighbourhood VALUES ('bad', 1, '-1 minute', 0.2);
INSERT INTO poa.neighbourhood VALUES ('bad', 1, '2 days', 0.2);
INSERT INTO poa.neighbourhood VALUES ('bad', 1, '1 minute', 1.1);
INSERT INTO poa.hub_group VALUES (1::bigint::guid, 'lv', 'F2');

-- Neighbours of another DNO count without being shown
CREATE ROLE regress_poa_dno;
SELECT poa.grant_dno('regress_poa_dno', 21);
SET ROLE regress_poa_dno;
SELECT count(*) FROM poa.hub_group;
SELECT chf::bigint, distributor_id, detail FROM poa.genuine('2026-03-01 13:00') WHERE evidence = 'neighbours' ORDER BY 1;
RESET ROLE;
SELECT poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_dno;

-- An alerts table whose hub is text and which does not tell when an outage began
DROP FUNCTION go_dark;
DROP TABLE alerts;
CREATE TABLE alerts (alert_code text, chf text, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT count(poa.track_activation(device, received_at => '2026-04-01 12:00', request_id => 's' || chf::bigint)) FROM poa.device
	WHERE chf < 100::bigint::guid;
INSERT INTO alerts SELECT 'AD1', (h::bigint::guid)::text, timestamptz '2026-04-01 12:13' + h * interval '1 second'
	FROM unnest('{0,2,3}'::int[]) AS h;
INSERT INTO alerts VALUES ('AD1', 'no hub', '2026-04-01 12:13');
SELECT * FROM told('2026-04-01 13:00');
DROP TABLE alerts;
DROP FUNCTION told;
