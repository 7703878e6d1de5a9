--
-- Alerts that were stored although a window, tracked later, holds them.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device
	VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001'),
	('00000000000000e2', 'ESME', 2, '1063', '00000000000000c2', '2000000000001'),
	('00000000000000e3', 'ESME', 2, '1063', '00000000000000c3', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, alert_count int);
CREATE TABLE watched (LIKE alerts);
SELECT poa.attach('alerts'), poa.attach('watched', mode => 'shadow');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-07 12:10', '1900000000001', NULL),
	('AD1', '00000000000000c1', '2026-03-07 12:10', '2000000000001', NULL),
	('AD1', '00000000000000c1', '2026-03-07 12:30', 'M1234', NULL), ('AD1', '00000000000000c1', '2026-03-07 12:40', NULL, NULL),
	('AD1', '00000000000000c2', '2026-03-07 12:10', NULL, NULL), ('8F36', '00000000000000c1', '2026-03-07 12:10', NULL, NULL);
SELECT count(*) FROM poa.late_activation('2026-03-07', '2026-03-08');
SELECT poa.track_activation('00000000000000e1', request_id => 'late', received_at => '2026-03-07 12:00') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-07 12:10', '1900000000001', NULL);
SELECT source_schema, source_table, chf, mpxn, distributor_id, decided_at, device, request_id, received_at, activates_at,
	opens_at, closes_at, late_by FROM poa.late_activation('2026-03-07', '2026-03-08');
SELECT distributor_id, alerts, suppressed, would_suppress, newly_suppressed FROM poa.replay('2026-03-07', '2026-03-08');
SELECT distributor_id, alerts, suppressed, would_suppress, newly_suppressed FROM poa.replay('2026-03-07', '2026-03-08', '0', '30 minutes');
-- a second window makes no second row, and the last to activate is named
SELECT poa.track_activation('00000000000000e1', request_id => 'later', received_at => '2026-03-07 12:05') IS NOT NULL AS tracked;
SELECT decided_at, request_id, late_by FROM poa.late_activation('2026-03-07', '2026-03-08') ORDER BY decided_at, mpxn;
-- the one that was diverted is none, nor when it is released
SELECT poa.release(max(log_id), 'test') FROM poa.suppression_log;
SELECT count(*) FROM poa.late_activation('2026-03-07', '2026-03-08');
-- a window that does not suppress holds nothing
SELECT poa.record_outcome('later', 'hash_mismatch'), poa.record_outcome('late', 'no_image_held');
SELECT count(*) FROM poa.late_activation('-infinity', 'infinity');

-- Those of which the log has the same alert are none, in the table that it names; 13 characters are no MPAN yet
INSERT INTO alerts SELECT 'AD1', '00000000000000c2', '2026-03-09 12:10', mpxn, NULL
	FROM (VALUES (NULL), (NULL), ('190000000000x')) AS v (mpxn), generate_series(1, 2);
SELECT poa.track_activation('00000000000000e2', request_id => 'like', received_at => '2026-03-09 12:00') IS NOT NULL AS tracked;
INSERT INTO watched VALUES ('AD1', '00000000000000c2', '2026-03-09 12:10', NULL, NULL),
	('AD1', '00000000000000c2', '2026-03-09 12:10', NULL, NULL), ('AD1', '00000000000000c2', '2026-03-09 12:10', '190000000000x', NULL);
INSERT INTO alerts VALUES ('AD1', '00000000000000c2', '2026-03-09 12:10', NULL, NULL),
	('AD1', '00000000000000c2', '2026-03-09 12:10', '1900000000001', NULL);
SELECT count(poa.release(log_id, 'test')) FROM poa.suppression_log WHERE diverted AND request_id = 'like' AND mpxn IS NULL;
SELECT source_table, distributor_id, mpxn, count(*) FROM poa.late_activation('2026-03-09', '2026-03-10') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT * FROM poa.replay('2026-03-09', '2026-03-10');
SELECT * FROM poa.replay('2026-03-09', '2026-03-10', '0', '5 minutes');
SELECT * FROM poa.replay('2026-03-09', '2026-03-10', '0', '10 minutes');

SELECT * FROM poa.late_activation('2026-03-01', NULL);
DROP TABLE alerts, watched;
