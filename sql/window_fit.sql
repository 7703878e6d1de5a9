--
-- Do the windows fit: delays by manufacturer and month.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '0', '30 minutes'), ('118F', 'Aclara', '10 minutes', '3 minutes');
INSERT INTO poa.device VALUES
	('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001'),
	('00000000000000e2', 'ESME', 2, '118F', '00000000000000c2', '2000000000001'),
	('00000000000000e3', 'ESME', 2, '1063', '00000000000000c3', '1900000000003');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT * FROM poa.window_fit;

-- a hundred alerts at 0.3, 0.6 ... 30 minutes, both ends of the last five minutes inside: 25 to 30
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-31 23:45') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', timestamptz '2026-03-31 23:45' + n * interval '18 seconds', '1900000000001'
FROM generate_series(1, 49) AS n;	-- up to 23:59:42: March
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', timestamptz '2026-03-31 23:45' + n * interval '18 seconds', '1900000000001'
FROM generate_series(50, 100) AS n;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-04-01 00:10', '2000000000001');
-- before the activation, and a window that is shorter than five minutes
SELECT poa.track_activation('00000000000000e2', '2026-05-10 12:00', received_at => '2026-05-01') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', '00000000000000c2', timestamptz '2026-05-10 12:00' + n * interval '1 minute', '2000000000001'
FROM unnest(ARRAY[-10, -3, -2, 3]) AS n;
-- its figures are those of the definition, in any zone
SET TimeZone = 'Pacific/Auckland';
SELECT * FROM poa.window_fit ORDER BY month, manufacturer;
SET TimeZone = 'UTC';
SELECT f.manufacturer, f.month, f.longest = max(l.delay) AND f.alerts = count(*)
	AND f.share_in_last_5_minutes = avg((l.decided_at >= l.closes_at - interval '5 minutes')::int)
	AND f.p95 = percentile_cont(0.95) WITHIN GROUP (ORDER BY l.delay) AS right
FROM poa.window_fit AS f
JOIN poa.suppression_log AS l
	ON l.manufacturer = f.manufacturer AND date_trunc('month', l.decided_at) = f.month
GROUP BY f.manufacturer, f.month, f.longest, f.alerts, f.share_in_last_5_minutes, f.p95 ORDER BY 2, 1;

-- a meter that has left the inventory keeps the manufacturer it was tracked with; shadow mode counts, and so do released alerts
SELECT poa.track_activation('00000000000000e3', received_at => '2026-06-01') IS NOT NULL AS tracked;
DELETE FROM poa.device WHERE device = '00000000000000e3';
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('shadowed', mode => 'shadow');
INSERT INTO shadowed VALUES ('AD1', '00000000000000c3', '2026-06-01 00:10', '1900000000003');
INSERT INTO alerts VALUES ('AD1', '00000000000000c3', '2026-06-01 00:20', '1900000000003');
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE decided_at = '2026-06-01 00:20';
SELECT * FROM poa.window_fit WHERE month = '2026-06-01';

-- a DNO has its own alerts in it
CREATE ROLE regress_poa_dno;
SELECT poa.grant_dno('regress_poa_dno', 20);
SET ROLE regress_poa_dno;
SELECT manufacturer, month, alerts, longest FROM poa.window_fit ORDER BY month, manufacturer;
RESET ROLE;
SELECT poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_dno;
DROP TABLE alerts, shadowed;
