--
-- The month's account: what was suppressed, released and saved.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '0', '31 days');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
-- 17,113 outages in the month of MP102B: one visit each, however many alerts report it
INSERT INTO poa.device SELECT (x'100000'::int + n)::bigint::guid, 'ESME', 2, '1063', (x'200000'::int + n)::bigint::guid, NULL
	FROM generate_series(1, 17113) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device WHERE device <> '00000000000000e1';
SELECT count(poa.track_activation(device, received_at => '2022-07-01')) FROM poa.device WHERE device <> '00000000000000e1';
INSERT INTO alerts SELECT 'AD1', (x'200000'::int + n)::bigint::guid, timestamptz '2022-07-01' + n * interval '2 minutes',
	'1900000000001' FROM generate_series(1, 17113) AS n;
SELECT * FROM poa.suppression_monthly;
SET poa_suppress.visit_cost = 100.5;
SELECT suppressed, saving FROM poa.suppression_monthly;
SET poa_suppress.visit_cost = 0;
SELECT suppressed, saving FROM poa.suppression_monthly;
SET poa_suppress.visit_cost = -1;
RESET poa_suppress.visit_cost;
-- released ones are no visit avoided, and cost their saving
SELECT poa.release(n, 'test') FROM generate_series(1, 3) AS n;
SELECT suppressed, released, visits_avoided, saving, outages FROM poa.suppression_monthly;
-- more alerts of an outage, throttled ones too, are no more visits; one that is released is the visit
BEGIN;
ALTER TABLE alerts ADD alert_count int;
INSERT INTO alerts SELECT 'AD1', (x'200000'::int + 5)::bigint::guid, timestamptz '2022-07-02' + n * interval '1 minute',
	'1900000000001', 10 FROM generate_series(1, 4) AS n;
SELECT suppressed, released, visits_avoided, saving, outages FROM poa.suppression_monthly;
SELECT poa.release(max(log_id), 'test') FROM poa.suppression_log;
SELECT suppressed, released, visits_avoided, saving, outages FROM poa.suppression_monthly;
-- a second activation of the meter is a second outage; one with alerts of two months or distributors counts in each line
SELECT poa.track_activation((x'100000'::int + 5)::bigint::guid, received_at => '2022-07-20') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', (x'200000'::int + 5)::bigint::guid, a.at, a.mpxn, NULL
FROM (VALUES (timestamptz '2022-07-20 01:00', '1900000000001'), ('2022-07-20 02:00', '2000000000001'),
	('2022-08-01', '1900000000001')) AS a (at, mpxn);
SELECT month, distributor_id, suppressed, released, visits_avoided, saving, outages FROM poa.suppression_monthly ORDER BY 1, 2;
SELECT month, distributor_id, dense_rank() OVER (ORDER BY activation_id) AS activation, originator, first_at, suppressed, released,
	cardinality(log_ids) AS alerts
FROM poa_internal.outage WHERE hub = x'200000'::int + 5 ORDER BY month, distributor_id, activation_id;
ROLLBACK;

-- Months are those of UTC, whatever the session's zone; each distributor has its
-- row, also one that is not known and none at all.
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-15') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES
	('AD1', '00000000000000c1', '2026-03-31 23:59:59.999999+00', '1900000000001'),
	('AD1', '00000000000000c1', '2026-04-01 00:00+00', '1900000000001'),
	('AD1', '00000000000000c1', '2026-04-01 00:30+01', '2000000000001'), ('AD1', '00000000000000c1', '2026-03-31 20:00-05', '2000000000001'),
	('AD1', '00000000000000c1', '2026-04-01 12:00+00', '9900000000001'), ('AD1', '00000000000000c1', '2026-04-01 12:00+00', NULL);
SET TimeZone = 'America/New_York';
SELECT * FROM poa.suppression_monthly WHERE month > '2026-01-01' ORDER BY month, distributor_id;
SET TimeZone = 'Pacific/Auckland';
SELECT * FROM poa.suppression_monthly WHERE month > '2026-01-01' ORDER BY month, distributor_id;
SET TimeZone = 'UTC';
-- months before 2000, and BC, are months too
BEGIN;
UPDATE poa.manufacturer SET window_before = '6712 years';
SELECT poa.track_activation('00000000000000e1', received_at => '2000-01-01') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', at, '1900000000001' FROM unnest(ARRAY[
	'2000-01-01 00:00:00', '1999-12-31 23:59:59.999999', '1999-12-31 00:00:00', '1999-12-30 23:59:59.999999', '1999-12-01 00:00:00',
	'1999-11-30 23:59:59.999999', '1996-02-29 12:00:00', '1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '1900-03-01 00:00:00',
	'0001-01-01 00:00:00', '0001-12-31 23:59:59.999999 BC', '0044-03-15 12:00:00 BC', '4713-02-29 00:00:00 BC']::timestamptz[]) AS at;
SELECT month, suppressed FROM poa.suppression_monthly WHERE month <= '2000-01-01' ORDER BY month;
ROLLBACK;
-- what was stored too, in shadow mode, was not avoided
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('shadowed', mode => 'shadow');
INSERT INTO shadowed VALUES ('AD1', '00000000000000c1', '2026-04-02', '1900000000001');
SELECT count(*) FROM poa.suppressed_alert WHERE NOT diverted;
SELECT sum(suppressed) FROM poa.suppression_monthly WHERE month = '2026-04-01';
-- a distributor that the user adds has its name
INSERT INTO poa.distributor VALUES (99, 'TEST', NULL, 'Test Networks');
SELECT distributor FROM poa.suppression_monthly WHERE distributor_id = 99;
DROP TABLE alerts, shadowed;
