--
-- Misuse: functions called as they are not
-- meant to, tables under another name, damaged messages; and that nothing of
-- it is left behind.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET client_min_messages = warning;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00000000000000e1');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
SELECT poa.track_activation('00000000000000e1', request_id => 'r', received_at => '2026-03-01 12:00') AS tracked;
-- a session that has tracked goes on with another poa_suppress, in the place of the first
DROP EXTENSION poa_suppress CASCADE;
CREATE EXTENSION poa_suppress;
RESET client_min_messages;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00000000000000e1');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
SELECT poa.track_activation('00000000000000e1', request_id => 'r', received_at => '2026-03-01 12:00') AS tracked;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz DEFAULT '2026-03-01 12:10', mpxn text);
SELECT poa.attach('alerts');

-- functions of triggers, called or fired otherwise
CREATE FUNCTION refuse_change() RETURNS integer AS '$libdir/poa_suppress', 'poa_refuse_change' LANGUAGE C;
CREATE FUNCTION divert() RETURNS integer AS '$libdir/poa_suppress', 'poa_divert' LANGUAGE C;
SELECT refuse_change();
SELECT divert();
DROP FUNCTION refuse_change, divert;
CREATE TRIGGER follow_hub AFTER INSERT ON alerts FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.follow_hub();
INSERT INTO alerts VALUES ('8F35', '00000000000000c1');
DROP TRIGGER follow_hub ON alerts;

-- a table of the extension that has been renamed: the alert is stored nowhere
ALTER TABLE poa.activation RENAME TO another;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1');
INSERT INTO alerts VALUES ('8F35', '00000000000000c1');
ALTER TABLE poa.another RENAME TO activation;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1');
SELECT alert_code FROM alerts;
SELECT log_id, alert_code FROM poa.suppression_log;

-- after a purge that failed the log is as append-only as before
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE lock_not_available USING MESSAGE = 'kept';
END
$$;
CREATE TRIGGER keep BEFORE DELETE ON poa.suppression_log FOR EACH ROW EXECUTE FUNCTION keep();
SELECT poa.purge_log('infinity');
DELETE FROM poa.suppression_log;
BEGIN;
SAVEPOINT s;
SELECT poa.purge_log('infinity');
ROLLBACK TO s;
DELETE FROM poa.suppression_log;
ROLLBACK;
DROP TRIGGER keep ON poa.suppression_log;
DROP FUNCTION keep;

-- the pass of a release is for its row: not for one that a default of its table inserts elsewhere
CREATE TABLE others (LIKE alerts);
SELECT poa.attach('others');
CREATE FUNCTION note() RETURNS text LANGUAGE sql AS $$
	INSERT INTO others VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10');
	SELECT 'noted';
$$;
ALTER TABLE alerts ADD COLUMN note text;
ALTER TABLE alerts ALTER COLUMN note SET DEFAULT note();
SELECT poa.release(min(log_id), 'a default inserts') FROM poa.suppression_log;
SELECT alert_code, note FROM alerts;
SELECT count(*) AS others FROM others;
SELECT source_table FROM poa.suppression_log ORDER BY log_id;

-- hubs of the same hash are neighbours in the index, but two hubs
CREATE TABLE same AS
	SELECT min(hub) AS one, max(hub) AS other
	FROM (SELECT n::bigint::guid AS hub FROM generate_series(1, 200000) AS n) AS hubs
	GROUP BY guid_hash(hub) HAVING count(*) > 1 LIMIT 1;
SELECT count(*) FROM same;
UPDATE poa.device SET chf = (SELECT one FROM same);
SELECT poa.track_activation('00000000000000e1', request_id => 'same', received_at => '2026-03-02 12:00') AS tracked;
TRUNCATE alerts;
INSERT INTO alerts SELECT 'AD1', unnest(ARRAY[one, other]), '2026-03-02 12:10' FROM same;
SELECT chf = other AS other FROM alerts, same;

SELECT poa.detach('alerts'), poa.detach('others');
DROP TABLE alerts, others, same;
DROP FUNCTION note;
-- months of infinite instants
SELECT poa_internal.utc_month('infinity') AS last, poa_internal.utc_month('-infinity') AS first;
