--
-- The ways in which an alert can come, and where it can go to: statements,
-- transactions, partitions, temporary tables, inheritance.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', request_id => 'r1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;

CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, note text PRIMARY KEY);
SELECT poa.attach('alerts');
-- what came in since the last time, and where it went
CREATE TABLE seen (log_id bigint);
CREATE FUNCTION pg_temp.went() RETURNS TABLE (stored text, diverted text) LANGUAGE plpgsql AS $$
BEGIN
	stored := (SELECT string_agg(note, ', ' ORDER BY note) FROM alerts);
	diverted := (SELECT string_agg(alert->>'note', ', ' ORDER BY log_id) FROM poa.suppression_log
		WHERE log_id NOT IN (SELECT s.log_id FROM seen AS s));
	TRUNCATE alerts;
	INSERT INTO seen SELECT l.log_id FROM poa.suppression_log AS l;
	RETURN NEXT;
END
$$;
-- an AD1 inside the window, one outside, and something else
CREATE VIEW three AS
	SELECT v.* FROM (VALUES
		('AD1', guid '00000000000000c1', timestamptz '2026-03-01 12:10', '1900000000001', 'inside'),
		('AD1', '00000000000000c1', '2026-03-01 13:10', '1900000000001', 'outside'),
		('8F36', '00000000000000c1', '2026-03-01 12:10', '1900000000001', 'restored')
	) AS v (alert_code, chf, received_at, mpxn, note);

-- INSERT of a row, of rows, of a query
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'single');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'rows 1'),
	('8F36', '00000000000000c1', '2026-03-01 12:10', NULL, 'rows 2'), ('AD1', '00000000000000c1', '2026-03-01 12:20', NULL, 'rows 3');
INSERT INTO alerts TABLE three;
SELECT * FROM pg_temp.went();
-- its count and RETURNING have what was stored
DO $$
DECLARE
	stored bigint;
BEGIN
	INSERT INTO alerts TABLE three;
	GET DIAGNOSTICS stored = ROW_COUNT;
	RAISE NOTICE '% rows stored', stored;
	INSERT INTO alerts SELECT * FROM three WHERE note = 'inside';
	GET DIAGNOSTICS stored = ROW_COUNT;
	RAISE NOTICE '% rows stored, found %', stored, FOUND;
END
$$;
SELECT * FROM pg_temp.went();
INSERT INTO alerts TABLE three RETURNING note;
SELECT * FROM pg_temp.went();
-- COPY
COPY alerts FROM stdin;
AD1	00:00:00:00:00:00:00:c1	2026-03-01 12:10	\N	copied, inside
AD1	00:00:00:00:00:00:00:c1	2026-03-01 12:40	\N	copied, outside
8F36	\N	\N	\N	copied, restored
\.
SELECT * FROM pg_temp.went();
-- MERGE
MERGE INTO alerts AS a USING three AS t ON a.note = t.note
	WHEN NOT MATCHED THEN INSERT VALUES (t.alert_code, t.chf, t.received_at, t.mpxn, t.note);
SELECT * FROM pg_temp.went();
-- prepared, again and again, generic plan and all; what is tracked in between counts
PREPARE ins (text, timestamptz, text) AS INSERT INTO alerts VALUES ($1, '00000000000000c1', $2, NULL, $3);
EXECUTE ins('AD1', '2026-03-02 12:00', 'not yet tracked');
SELECT poa.track_activation('00000000000000e1', request_id => 'r2', received_at => '2026-03-02 12:00') IS NOT NULL AS tracked;
EXECUTE ins('AD1', '2026-03-02 12:00', 'tracked');
SELECT poa.record_outcome('r2', 'no_image_held');
EXECUTE ins('AD1', '2026-03-02 12:00', 'failed');
SET plan_cache_mode = force_generic_plan;
EXECUTE ins('AD1', '2026-03-01 12:00', 'generic');
RESET plan_cache_mode;
DEALLOCATE ins;
SELECT * FROM pg_temp.went();
-- in functions, loops and triggers of other tables
CREATE FUNCTION pg_temp.bring(a alerts) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO alerts VALUES (a.*);
	RETURN FOUND;
END
$$;
SELECT note, pg_temp.bring(three::text::alerts) AS stored FROM three;
CREATE FUNCTION pg_temp.bring_sql(n text) RETURNS SETOF text LANGUAGE sql
	AS 'INSERT INTO alerts SELECT * FROM three WHERE note = n RETURNING note';
TRUNCATE alerts;
SELECT note, pg_temp.bring_sql(note) FROM three;
SELECT * FROM pg_temp.went();
CREATE TABLE inbox (LIKE alerts);
CREATE FUNCTION forward() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO alerts VALUES (NEW.*); RETURN NEW; END';
CREATE TRIGGER forward AFTER INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION forward();
INSERT INTO inbox TABLE three;
SELECT * FROM pg_temp.went();
DROP TABLE inbox;
-- savepoints and rollback: the log goes with the alert
BEGIN;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'before the savepoint');
SAVEPOINT s;
INSERT INTO alerts TABLE three;
ROLLBACK TO s;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11', NULL, 'after the rollback');
SAVEPOINT s;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:12', NULL, 'released');
RELEASE s;
COMMIT;
BEGIN;
INSERT INTO alerts TABLE three;
ROLLBACK;
SELECT * FROM pg_temp.went();
-- a statement that fails half-way leaves nothing, also inside an exception block
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		BEGIN
			INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', NULL, format('row %s of %s, %s', n, i, 1 / (i - n))
				FROM generate_series(1, 2) AS n;
		EXCEPTION WHEN division_by_zero THEN
			INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, format('instead of %s', i));
		END;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.went();
-- an error and a savepoint between two rows of one statement
CREATE FUNCTION pg_temp.fail_inside(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'inner ' || n);
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
	RETURN 'outer ' || n;
END
$$;
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', NULL, pg_temp.fail_inside(n) FROM generate_series(1, 3) AS n;
SELECT * FROM pg_temp.went();
-- ON CONFLICT: the diverted row never comes to the conflict
INSERT INTO alerts SELECT * FROM three WHERE note = 'outside';
INSERT INTO alerts SELECT chf_of.alert_code, chf_of.chf, '2026-03-01 12:10', NULL, 'outside' FROM three AS chf_of
	WHERE note = 'outside' ON CONFLICT (note) DO UPDATE SET mpxn = 'updated';
INSERT INTO alerts SELECT * FROM three WHERE note = 'outside' ON CONFLICT (note) DO UPDATE SET mpxn = 'updated again' RETURNING mpxn;
INSERT INTO alerts SELECT * FROM three WHERE note = 'outside' ON CONFLICT DO NOTHING RETURNING mpxn;
SELECT mpxn FROM alerts;
SELECT * FROM pg_temp.went();
-- an UPDATE is no alert
INSERT INTO alerts SELECT * FROM three WHERE note = 'outside';
UPDATE alerts SET received_at = '2026-03-01 12:10';
SELECT * FROM pg_temp.went();

-- One transaction that tracks and brings the alert; one statement that does
-- both: what a statement of its own transaction has tracked, or does, counts.
BEGIN;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-03 12:00') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-03 12:10', NULL, 'own transaction');
SELECT poa.track_activation('00000000000000e1', activates_at => '2026-03-04 12:00', request_id => 'r4',
	received_at => '2026-03-03 13:00') IS NOT NULL AS tracked;
SELECT poa.cancel_activation('00000000000000e1', '2026-03-03 14:00');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-04 12:10', NULL, 'cancelled in own transaction');
COMMIT;
SELECT * FROM pg_temp.went();
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-05 12:00') IS NOT NULL AS tracked;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-05 12:10', NULL, 'own serializable transaction');
COMMIT;
SELECT * FROM pg_temp.went();
WITH tracked AS MATERIALIZED (
	SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-06 12:00') AS id
)
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-06 12:10', NULL, 'tracked by the statement itself' FROM tracked
	WHERE id IS NOT NULL;
SELECT * FROM pg_temp.went();
-- several tables in one statement
CREATE TABLE other_alerts (LIKE alerts);
SELECT poa.attach('other_alerts', mode => 'shadow');
WITH one AS (INSERT INTO alerts TABLE three RETURNING note), two AS (INSERT INTO other_alerts TABLE three RETURNING note)
SELECT (SELECT string_agg(note, ', ' ORDER BY note) FROM one) AS divert, (SELECT string_agg(note, ', ' ORDER BY note) FROM two) AS shadow;
SELECT source_table, diverted FROM poa.suppression_log WHERE log_id NOT IN (SELECT log_id FROM seen) ORDER BY source_table;
SELECT * FROM pg_temp.went();
DROP TABLE other_alerts;

-- A cursor, left open across a subtransaction that fails
BEGIN;
DECLARE c CURSOR FOR SELECT note, pg_temp.bring_sql(note) FROM three ORDER BY note;
FETCH 1 FROM c;
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'meanwhile');
COMMIT;
SELECT * FROM pg_temp.went();
-- many rows: one log row each, in the order in which they came
INSERT INTO alerts SELECT CASE WHEN n % 10 = 0 THEN '8F36' ELSE 'AD1' END, '00000000000000c1',
	timestamptz '2026-03-01 12:00' + n * interval '1 second', NULL, n FROM generate_series(1, 2000) AS n;
SELECT count(*) FROM alerts;
SELECT count(*), count(DISTINCT alert->>'note'), bool_and(ordered) FROM (
	SELECT alert, decided_at >= lag(decided_at, 1, '-infinity') OVER (ORDER BY log_id) AS ordered FROM poa.suppression_log
		WHERE log_id NOT IN (SELECT log_id FROM seen)) AS l;
TRUNCATE alerts;

SELECT count(*) FROM pg_temp.went();
-- A statement that fails in a subtransaction leaves its memory behind, where the expression that called it is kept
CREATE FUNCTION pg_temp.bring() RETURNS int LANGUAGE sql AS $$
	INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 1 / (3 - n) FROM generate_series(1, 3) AS n;
	SELECT 1;
$$;
DO $$
DECLARE
	one int;
BEGIN
	FOR n IN 1 .. 3 LOOP
		BEGIN
			one := pg_temp.bring();
		EXCEPTION WHEN division_by_zero THEN
			INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'after failure ' || n);
		END;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.went();
-- and one that fails inside of another leaves that one alone
CREATE FUNCTION pg_temp.fail(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 'lost'),
		('AD1', '00000000000000c1', '2026-03-01 12:10', NULL, 1 / (n - n));
	RETURN 'not reached';
EXCEPTION WHEN division_by_zero THEN
	RETURN 'outer ' || n;
END
$$;
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', NULL, pg_temp.fail(n) FROM generate_series(1, 3) AS n;
SELECT * FROM pg_temp.went();

-- a temporary table
SET client_min_messages = warning;
DROP TABLE alerts, seen CASCADE;
DROP FUNCTION forward;
RESET client_min_messages;
CREATE TEMP TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, note text);
SELECT poa.attach('alerts');
INSERT INTO alerts TABLE three RETURNING note;
SELECT source_schema ~ '^pg_temp_' AS temporary, source_table FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
DROP TABLE alerts;
CREATE TEMP TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, note text) ON COMMIT DELETE ROWS;
SELECT poa.attach('alerts');
BEGIN;
INSERT INTO alerts TABLE three RETURNING note;
COMMIT;
SELECT count(*) FROM poa.suppression_log WHERE source_schema ~ '^pg_temp_';
DROP VIEW three;
