--
-- Which restoration alert ended which suppressed outage.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '0', '1 day');
INSERT INTO poa.device
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', ('00000000000000c' || n)::guid, '190000000000' || n
		FROM generate_series(1, 9) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, meter guid);
CREATE TABLE watched (LIKE alerts);
SELECT poa.attach('alerts', device => 'meter'), poa.attach('watched', mode => 'shadow');
SELECT count(poa.track_activation(device, received_at => '2026-03-01')) FROM poa.device;

INSERT INTO alerts VALUES
	-- by the meter, by the hub, in another table; the first of two
	('AD1', '00000000000000c1', '2026-03-01 01:00', NULL, NULL), ('8F36', NULL, '2026-03-01 01:05', NULL, '00000000000000e1'),
	('8F35', NULL, '2026-03-01 01:09', NULL, '00000000000000e1'),
	('AD1', '00000000000000c2', '2026-03-01 02:00', NULL, NULL), ('8F38', '00000000000000c2', '2026-03-01 02:00', NULL, NULL),
	('AD1', '00000000000000c3', '2026-03-01 03:00', NULL, NULL),
	-- two outages, two restorations; two outages, one restoration, which is that of the second
	('AD1', '00000000000000c4', '2026-03-01 04:00', NULL, NULL), ('8F36', NULL, '2026-03-01 04:05', NULL, '00000000000000e4'),
	('AD1', '00000000000000c4', '2026-03-01 05:00', NULL, NULL), ('8F36', NULL, '2026-03-01 05:05', NULL, '00000000000000e4'),
	('AD1', '00000000000000c5', '2026-03-01 06:00', NULL, NULL), ('AD1', '00000000000000c5', '2026-03-01 06:01', NULL, NULL),
	('8F3C', NULL, '2026-03-01 06:05', NULL, '00000000000000e5'),
	-- the restoration came before, or is none, or is another's
	('AD1', '00000000000000c6', '2026-03-01 07:00', NULL, NULL),
	('8F36', '00000000000000c6', '2026-03-01 06:59:59.999999', NULL, '00000000000000e6'),
	('8F3D', '00000000000000c6', '2026-03-01 07:05', NULL, '00000000000000e6'),
	('8F36', '00000000000000ff', '2026-03-01 07:05', NULL, '00000000000000ff'),
	-- days later
	('AD1', '00000000000000c7', '2026-03-01 08:00', NULL, NULL), ('8F36', NULL, '2026-03-09 08:00', NULL, '00000000000000e7');
INSERT INTO watched VALUES ('8F3A', '00000000000000c3', '2026-03-01 03:20', NULL, NULL),
	-- a shadow alert stands in its table, and is paired once
	('AD1', '00000000000000c8', '2026-03-01 09:00', NULL, NULL), ('8F36', '00000000000000c8', '2026-03-01 09:10', NULL, NULL);
SELECT log_id, chf, device, decided_at::time AS decided_at, restored_at, restoration_code AS code, restored_device, outage
	FROM poa.restoration('2026-03-01', '2026-03-02');
-- an AD1 that was stored ends the wait of the one before
INSERT INTO alerts VALUES ('AD1', '00000000000000c7', '2026-03-05', NULL, NULL);
SELECT restored_at FROM poa.restoration('2026-03-01 08:00', '2026-03-01 08:01');
-- so does one that was suppressed after the range; its ends are those of from_at <= decided_at < to_at
SELECT decided_at::time, outage FROM poa.restoration('2026-03-01 06:00', '2026-03-01 06:01');
SELECT decided_at::time, outage FROM poa.restoration('2026-03-01 06:01', '2026-03-01 07:00');
-- a released alert is still one alert
SELECT poa.release(1, 'test');
SELECT decided_at::time, restored_at::time, outage FROM poa.restoration('2026-03-01 01:00', '2026-03-01 02:00');
-- an alert that was delivered twice is two alerts and one restoration
INSERT INTO alerts SELECT * FROM alerts WHERE alert_code = '8F38';
INSERT INTO alerts VALUES ('AD1', '00000000000000c2', '2026-03-01 02:00', NULL, NULL);
SELECT log_id, outage FROM poa.restoration('2026-03-01 02:00', '2026-03-01 03:00');
-- a meter that has moved ends the outage of the hub where it was then, not both
UPDATE poa.device SET chf = '00000000000000c9' WHERE device = '00000000000000e6';
INSERT INTO alerts VALUES ('AD1', '00000000000000c9', '2026-03-01 07:30', NULL, NULL),
	('8F36', NULL, '2026-03-01 08:00', NULL, '00000000000000e6');
SELECT chf, restored_device, outage FROM poa.restoration('2026-03-01 07:00', '2026-03-01 07:31');
-- nothing is paired twice
SELECT count(restored_at) > 0
	AND count(restored_at) = count(DISTINCT (restored_at, restoration_code,
	restored_device)) FILTER (WHERE restored_at IS NOT NULL) AS once FROM poa.restoration('-infinity', 'infinity');

SELECT * FROM poa.restoration(NULL, '2026-03-02');
SELECT * FROM poa.restoration('2026-03-01', NULL);
SELECT count(*) FROM poa.restoration('2026-03-02', '2026-03-01');
DROP TABLE alerts, watched;
