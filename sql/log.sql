--
-- The log is append-only, for every role, and holds every alert that is diverted.
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

-- refused: to the superuser, and where ordinary triggers do not fire
UPDATE poa.suppression_log SET alert_code = 'AD2';
UPDATE poa.suppression_log SET diverted = false WHERE false;
DELETE FROM poa.suppression_log;
DELETE FROM poa.suppression_log WHERE log_id = 3;
TRUNCATE poa.suppression_log;
SET client_min_messages = warning;
TRUNCATE poa.suppression_log CASCADE;
UPDATE poa.release_log SET reason = 'another';
DELETE FROM poa.release_log;
TRUNCATE poa.release_log;
SET session_replication_role = replica;
UPDATE poa.suppression_log SET alert_code = 'AD2';
DELETE FROM poa.suppression_log;
TRUNCATE poa.suppression_log CASCADE;
UPDATE poa.release_log SET reason = 'another';
DELETE FROM poa.release_log;
TRUNCATE poa.release_log;
RESET session_replication_role;
MERGE INTO poa.suppression_log AS l USING (VALUES (1)) AS v (id) ON l.log_id = v.id WHEN MATCHED THEN DELETE;
INSERT INTO poa.release_log VALUES (1, now(), 'somebody', 'twice') ON CONFLICT (log_id) DO UPDATE SET reason = 'changed';
\set VERBOSITY sqlstate
DELETE FROM poa.suppression_log;
TRUNCATE poa.release_log;
\set VERBOSITY terse
SELECT log_id, alert_code, reason FROM poa.suppression_log LEFT JOIN poa.release_log USING (log_id) ORDER BY log_id;

-- an alert that the log does not take is not diverted: the insert fails
SELECT poa.track_activation('00000000000000e1', received_at => '2026-05-01 12:00') IS NOT NULL AS tracked;
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER keep_out BEFORE INSERT ON poa.suppression_log FOR EACH ROW EXECUTE FUNCTION keep_out();
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-05-01 12:10', 'nowhere');
DROP TRIGGER keep_out ON poa.suppression_log;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-05-01 12:10', 'logged');
SELECT mpxn FROM poa.suppression_log;
DROP FUNCTION keep_out;

-- columns that a later version adds, before its library is loaded
ALTER TABLE poa.suppression_log ADD COLUMN note text;
ALTER TABLE poa.activation ADD COLUMN note text;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-05-01 12:11', 'logged too');
SELECT mpxn, note FROM poa.suppression_log ORDER BY log_id;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-05-01 13:00') IS NOT NULL AS tracked;
SELECT received_at, note FROM poa.activation ORDER BY activation_id;
-- look-ups by hub and by MPxN have an index, also for a DNO: their operators are leakproof
CREATE ROLE regress_poa_dno;
SELECT poa.grant_dno('regress_poa_dno', 19);
CREATE FUNCTION pg_temp.indexes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN (SELECT string_agg(DISTINCT i #>> '{}', ' ') FROM jsonb_path_query(plan, '$.**."Index Name"') AS i
		WHERE i #>> '{}' LIKE 'suppression%');
END
$$;
SET enable_seqscan = off;
SET ROLE regress_poa_dno;
SELECT pg_temp.indexes($$SELECT log_id FROM poa.suppressed_alert WHERE mpxn = '1900000000001'$$) AS by_mpxn,
	pg_temp.indexes($$SELECT log_id FROM poa.suppressed_alert WHERE chf = '00000000000000c1'$$) AS by_hub,
	pg_temp.indexes($$SELECT log_id FROM poa.suppressed_alert WHERE chf = '00000000000000c1'
		ORDER BY received_at DESC LIMIT 1$$) AS newest_of_hub;
RESET ROLE;
RESET enable_seqscan;
SELECT poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_dno;
DROP TABLE alerts;
