--
-- What other windows would have done to the same history.
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
SELECT count(poa.track_activation(device, request_id => 'r ' || device, received_at => '2026-03-01 12:00')) FROM poa.device;
-- the same alerts in both modes
CREATE TABLE history (LIKE alerts);
INSERT INTO history VALUES
	('AD1', '00000000000000c1', '2026-03-01 11:55', NULL, NULL),				-- five minutes before, no MPxN
	('AD1', '00000000000000c1', '2026-03-01 12:00', '1900000000001', NULL),
	('AD1', '00000000000000c1', '2026-03-01 12:20', '1900000000001', 3),		-- stands for three
	('AD1', '00000000000000c1', '2026-03-01 12:30', '1900000000001', 0),
	('AD1', '00000000000000c1', '2026-03-01 12:30:00.000001', '1900000000001', NULL),
	('AD1', '00000000000000c1', '2026-03-01 12:45', '1900000000001', 2),
	('AD1', '00000000000000c2', '2026-03-01 12:10', '1900000000009', NULL),		-- its own MPxN counts first
	('AD1', '00000000000000c2', '2026-03-01 12:40', NULL, NULL),
	('AD1', '00000000000000c3', '2026-03-01 12:10', NULL, NULL),				-- of no distributor
	('AD1', '00000000000000c3', '2026-03-01 13:10', 'M1234', NULL),
	('AD1', '00000000000000c4', '2026-03-01 12:10', '2300000000001', NULL),		-- never tracked
	('AD1', NULL, '2026-03-01 12:10', '2300000000001', NULL),
	('8F35', '00000000000000c1', '2026-03-01 12:10', '1900000000001', NULL),
	(NULL, '00000000000000c1', '2026-03-01 12:10', '1900000000001', NULL);
INSERT INTO alerts TABLE history;

-- What happened
SELECT * FROM poa.replay('2026-03-01', '2026-03-02');
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', '0', '30 minutes') EXCEPT SELECT * FROM poa.replay('2026-03-01', '2026-03-02');
SELECT sum(saving) = (SELECT sum(saving) FROM poa.suppression_monthly) AS as_the_month FROM poa.replay('2026-03-01', '2026-03-02');
-- Other windows: wider, narrower, one side
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', '5 minutes', '40 minutes');
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', NULL, '10 minutes');
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', '1 day', NULL);
SELECT sum(would_suppress) FROM poa.replay('2026-03-01', '2026-03-02', '0', '0');
-- The range: from_at <= at < to_at
SELECT sum(alerts), sum(suppressed), sum(would_suppress) FROM poa.replay('2026-03-01 12:00', '2026-03-01 12:30', '0', '1 hour');
SELECT sum(alerts), sum(suppressed), sum(would_suppress) FROM poa.replay('2026-03-01 12:30', '2026-03-01 12:45', '0', '1 hour');
SELECT sum(alerts), sum(suppressed) FROM poa.replay('-infinity', 'infinity');
SET poa_suppress.visit_cost = 1;
SELECT distributor_id, saving FROM poa.replay('2026-03-01', '2026-03-02', '0', '45 minutes');
RESET poa_suppress.visit_cost;

-- Shadow mode on the same history decides alike; all alerts stand in the table
CREATE TEMP TABLE diverted AS
	SELECT w.*, r.* FROM (VALUES (NULL, NULL), ('0'::interval, '30 minutes'::interval), ('5 minutes', '40 minutes'),
		(NULL, '10 minutes'), ('2 hours', NULL)) AS w (b, a) CROSS JOIN poa.replay('2026-03-01', '2026-03-02', b, a) AS r;
SELECT poa.purge_log('infinity');
TRUNCATE alerts;
INSERT INTO watched TABLE history;
SELECT count(*), bool_and(NOT diverted) AS shadow FROM poa.suppression_log;
(SELECT w.*, r.* FROM (VALUES (NULL, NULL), ('0'::interval, '30 minutes'::interval), ('5 minutes', '40 minutes'),
	(NULL, '10 minutes'), ('2 hours', NULL)) AS w (b, a) CROSS JOIN poa.replay('2026-03-01', '2026-03-02', b, a) AS r
	EXCEPT ALL TABLE diverted)
		UNION ALL (TABLE diverted EXCEPT ALL SELECT w.*, r.*
		FROM (VALUES (NULL, NULL), ('0'::interval, '30 minutes'::interval), ('5 minutes', '40 minutes'), (NULL, '10 minutes'),
		('2 hours', NULL)) AS w (b, a) CROSS JOIN poa.replay('2026-03-01', '2026-03-02', b, a) AS r);
SELECT count(*) AS late FROM poa.late_activation('2026-03-01', '2026-03-02');

-- Releases change no decision, and no number of alerts; a visit that was made is not saved
SELECT poa.purge_log('infinity');
TRUNCATE watched;
INSERT INTO alerts TABLE history;
SELECT count(poa.release(log_id, 'test')) FROM poa.suppression_log;
CREATE TEMP TABLE released AS
	SELECT w.*, r.* FROM (VALUES (NULL, NULL), ('0'::interval, '30 minutes'::interval), ('5 minutes', '40 minutes'),
		(NULL, '10 minutes'), ('2 hours', NULL)) AS w (b, a) CROSS JOIN poa.replay('2026-03-01', '2026-03-02', b, a) AS r;
ALTER TABLE diverted DROP saving;
SELECT sum(saving) FROM released WHERE suppressed > 0;
ALTER TABLE released DROP saving;
(TABLE released EXCEPT ALL TABLE diverted) UNION ALL (TABLE diverted EXCEPT ALL TABLE released);
SELECT count(*) AS late FROM poa.late_activation('2026-03-01', '2026-03-02');

-- What was decided stays so, whatever became of the activation
SELECT poa.refuse_activation('r 00-00-00-00-00-00-00-E1', 'E4', '2026-03-01 15:00') AS known;
SELECT status, count(*) FROM poa.activation GROUP BY status ORDER BY status;
SELECT distributor_id, suppressed, would_suppress, newly_suppressed, newly_forwarded FROM poa.replay('2026-03-01', '2026-03-02');
SELECT distributor_id, suppressed, would_suppress, newly_suppressed, newly_forwarded
	FROM poa.replay('2026-03-01', '2026-03-02', '0', '30 minutes');

-- A window that ended later could have held the alert, one that had ended could not; a held alert is stored whatever the window
SELECT poa.track_activation('00000000000000e3', '2026-03-04 12:00', received_at => '2026-03-04 10:00') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES ('AD1', '00000000000000c3', '2026-03-04 10:30', NULL, NULL),
	('AD1', '00000000000000c3', '2026-03-04 11:30', NULL, NULL);
SELECT poa.cancel_activation('00000000000000e3', '2026-03-04 11:00');
SELECT * FROM poa.replay('2026-03-04', '2026-03-05', '2 hours', NULL);
SELECT poa.track_activation('00000000000000e3', received_at => '2026-03-04 15:00') IS NOT NULL AS tracked;
SELECT poa.hold('works on the network', '2100-01-01') > 0 AS held;
INSERT INTO alerts VALUES ('AD1', '00000000000000c3', '2026-03-04 15:10', NULL, NULL);
SELECT poa.end_hold(max(hold_id)) FROM poa.hold_log;
SELECT * FROM poa.replay('2026-03-04 15:00', '2026-03-05');
SELECT * FROM poa.replay('2026-03-04 15:00', '2026-03-05', '0', '1 hour');
SELECT count(*) AS late FROM poa.late_activation('2026-03-04 15:00', '2026-03-05');

-- An activation that the DSP received after the alert could not have been known
SELECT poa.track_activation('00000000000000e2', '2026-03-05 12:00', received_at => '2026-03-05 11:30') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES ('AD1', '00000000000000c2', '2026-03-05 11:20', NULL, NULL),
	('AD1', '00000000000000c2', '2026-03-05 11:40', NULL, NULL);
SELECT * FROM poa.replay('2026-03-05', '2026-03-06', '1 hour', NULL);

-- a day of a window has 24 hours, also where the session's has 23
INSERT INTO alerts VALUES ('AD1', '00000000000000c4', '2026-03-29 12:45+00', '2300000000001', NULL);
INSERT INTO poa.device VALUES ('00000000000000e4', 'ESME', 2, '1063', '00000000000000c4', '2300000000001');
INSERT INTO poa.guid_list VALUES ('00000000000000e4');
SELECT poa.track_activation('00000000000000e4', received_at => '2026-03-28 13:00+00') IS NOT NULL AS tracked;
SET TimeZone = 'Europe/London';
SELECT sum(would_suppress) FROM poa.replay('2026-03-29', '2026-03-30', '0', '1 day');
SELECT sum(would_suppress) FROM poa.replay('2026-03-29', '2026-03-30', '0', '23 hours 44 minutes');
SET TimeZone = 'UTC';

SELECT * FROM poa.replay(NULL, '2026-03-02');
SELECT * FROM poa.replay('2026-03-01', NULL);
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', '-1 second');
SELECT * FROM poa.replay('2026-03-01', '2026-03-02', NULL, '-1 month');
SELECT * FROM poa.replay('2026-03-02', '2026-03-01', '0', '1 hour');
DROP TABLE alerts, watched, history;
