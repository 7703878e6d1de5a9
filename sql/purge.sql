--
-- Purging: what is old leaves the log and the activations, and nothing else.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', request_id => 'r', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', n FROM generate_series(1, 3) AS n;
SELECT poa.release(1, 'test');

-- purge_log removes what was logged before, with its releases, and counts log rows
SELECT poa.purge_log(min(logged_at)) AS nothing_before_the_first FROM poa.suppression_log;
SELECT count(*) FROM poa.suppression_log;
SELECT poa.purge_log(NULL);
BEGIN;
SELECT poa.purge_log('infinity') AS purged;
SELECT count(*) AS log, (SELECT count(*) FROM poa.release_log) AS releases FROM poa.suppression_log;
DELETE FROM poa.suppression_log;
ROLLBACK;
SELECT count(*) AS log, (SELECT count(*) FROM poa.release_log) AS releases FROM poa.suppression_log;
-- only its own DELETE is let through, whatever else runs in the transaction and how it ends
BEGIN;
SELECT poa.purge_log('-infinity') AS purged;
SAVEPOINT s;
DELETE FROM poa.suppression_log;
ROLLBACK TO s;
SELECT poa.purge_log(NULL);
ROLLBACK;
DELETE FROM poa.suppression_log;
-- while those that are logged later stay
CREATE TABLE between_them AS SELECT clock_timestamp() AS at;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11', 'later');
SELECT poa.purge_log(at) AS purged FROM between_them;
SELECT mpxn FROM poa.suppression_log;
DROP TABLE between_them;

-- purge_activations: windows that closed before, and that no log row refers to
SELECT poa.track_activation('00000000000000e1', activates, request, received) IS NOT NULL AS tracked
FROM (VALUES
	('closed', NULL::timestamptz, timestamptz '2026-01-01 12:00'), ('also matched', NULL, '2026-03-01 11:55'),
	('closes later', NULL, '2026-04-01 12:00'), ('superseded', '2026-02-02', '2026-02-01 12:00'),
	('superseding', '2026-02-03', '2026-02-01 13:00')
) AS c (request, activates, received);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:12', 'matched by two');
SELECT poa.purge_activations(NULL);
SELECT poa.purge_activations('2026-01-01 12:30') AS not_before_it_closed;
SELECT poa.purge_activations('2026-04-01 12:30') AS purged;
SELECT request_id, status FROM poa.activation ORDER BY activates_at;
SELECT poa.purge_log('infinity') AS purged_log;
SELECT poa.purge_activations('2026-04-01 12:30:00.000001') AS purged;
SELECT count(*) FROM poa.activation;
SELECT poa.purge_activations('infinity') AS purged_again;
DROP TABLE alerts;
