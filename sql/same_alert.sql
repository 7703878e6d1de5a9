--
-- The same alert again: what is moved or delivered again after a release is
-- stored, and by its key one alert is one row of the log.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid, '190000000000' || n
	FROM generate_series(1, 5) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT count(poa.track_activation(device, received_at => '2026-03-01 12:00')) FROM poa.device;
CREATE VIEW logged AS
	SELECT log_id, source_table, diverted, alert_key, hold_id, alert->>'note' AS note FROM poa.suppression_log;

-- Without a key it is the same table, hub, instant and MPxN, and is logged at each delivery ...
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, received_at timestamptz, note text);
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'first'),
	('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'second');
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'third'),
	('AD1', 101::bigint::guid, NULL, '2026-03-01 12:10', 'no MPxN');
SELECT * FROM logged ORDER BY log_id;
-- ... until it is released: then it is stored, and not logged; another is judged
SELECT poa.release(2, 'a customer is dark');
BEGIN;
CREATE TEMP TABLE aside ON COMMIT DROP AS TABLE alerts;
DELETE FROM alerts;
INSERT INTO alerts TABLE aside;
COMMIT;
INSERT INTO alerts VALUES
	('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'again'), ('AD1', 102::bigint::guid, '1', '2026-03-01 12:10', 'another hub'),
	('AD1', 101::bigint::guid, '2', '2026-03-01 12:10', 'another MPxN'), ('AD1', 101::bigint::guid, NULL, '2026-03-01 12:10', 'none'),
	('AD1', 101::bigint::guid, '1', '2026-03-01 12:10:00.000001', 'another instant');
SELECT note FROM alerts ORDER BY note;
SELECT * FROM logged WHERE log_id > 4 ORDER BY log_id;
-- nothing is alike by a NULL, and what is released in the same transaction is known too
BEGIN;
SELECT poa.release(4, 'no MPxN');
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, NULL, '2026-03-01 12:10', 'none again') RETURNING note;
ROLLBACK;
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, NULL, '2026-03-01 12:10', 'after a rollback') RETURNING note;
-- that of another table is another
CREATE TABLE others (LIKE alerts);
SELECT poa.attach('others');
INSERT INTO others VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'in another table') RETURNING note;
-- unless the log has the table by the name that it had
ALTER TABLE others RENAME TO others_2025;
ALTER TABLE alerts RENAME TO alarms;
INSERT INTO alarms VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'renamed') RETURNING note;
-- also for a writer who has no right in the extension's schemas
CREATE ROLE regress_poa_writer;
GRANT INSERT, SELECT ON alarms TO regress_poa_writer;
SET ROLE regress_poa_writer;
INSERT INTO alarms VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'renamed, again') RETURNING note;
RESET ROLE;
REVOKE ALL ON alarms FROM regress_poa_writer;
DROP ROLE regress_poa_writer;
SELECT poa.release(max(log_id), 'test') FROM logged WHERE source_table = 'others';
SELECT note FROM others_2025;
-- and a table that has that name now has its rows
CREATE TABLE alerts (LIKE alarms);
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'of the new table') RETURNING note;
INSERT INTO alarms VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'the old one') RETURNING note;
DROP TABLE alerts;
INSERT INTO alarms VALUES ('AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'its name is free') RETURNING note;
-- In shadow mode what is stored anyway is logged each time
SELECT poa.detach('alarms'), poa.attach('alarms', mode => 'shadow');
INSERT INTO alarms SELECT 'AD1', 103::bigint::guid, '3', '2026-03-01 12:10', 'shadow ' || n FROM generate_series(1, 2) AS n;
INSERT INTO alarms VALUES ('AD1', 103::bigint::guid, '3', '2026-03-01 12:10', 'shadow 3');
SELECT count(*) AS logged, bool_or(diverted) AS diverted FROM logged WHERE note LIKE 'shadow %';
-- once the table diverts, those stand
SELECT poa.detach('alarms'), poa.attach('alarms');
INSERT INTO alarms VALUES ('AD1', 103::bigint::guid, '3', '2026-03-01 12:10', 'forwarded before') RETURNING note;
DROP TABLE alarms, others_2025;
SELECT poa.purge_log('infinity') > 0 AS purged;

-- By its key: whatever else is in it
CREATE TABLE alerts (id bigint, alert_code text, chf guid, mpxn text, received_at timestamptz, note text);
SELECT poa.attach('alerts', key => 'id');
INSERT INTO alerts VALUES (1, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'a'),
	(1, 'AD1', 102::bigint::guid, '2', '2026-03-01 12:11', 'b'), (2, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'c');
INSERT INTO alerts VALUES (1, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:12', 'd') RETURNING note;
INSERT INTO alerts VALUES (2, 'AD1', 101::bigint::guid, '1', '2026-03-01 13:12', 'out of its window') RETURNING note;
COPY alerts FROM stdin;
1	AD1	00-00-00-00-00-00-00-65	1	2026-03-01 12:10	e
3	AD1	00-00-00-00-00-00-00-65	1	2026-03-01 12:10	f
3	AD1	00-00-00-00-00-00-00-65	1	2026-03-01 12:10	g
\.
SELECT alert_key, note FROM logged ORDER BY log_id;
SELECT poa.release(min(log_id), 'test') FROM logged;
INSERT INTO alerts VALUES (1, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:15', 'h'),
	(2, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'i') RETURNING note;
-- a savepoint that is rolled back takes its row along
BEGIN;
SAVEPOINT s;
INSERT INTO alerts VALUES (4, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'rolled back');
ROLLBACK TO s;
INSERT INTO alerts VALUES (4, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'for good');
COMMIT;
SELECT note FROM logged WHERE alert_key = '4';
-- without a key in the row it is as in a table without one, also where the log has a row with a key
INSERT INTO alerts VALUES (NULL, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'released is its like') RETURNING note;
INSERT INTO alerts VALUES (NULL, 'AD1', 104::bigint::guid, '4', '2026-03-01 12:10', 'no key') RETURNING note;
INSERT INTO alerts VALUES (NULL, 'AD1', 104::bigint::guid, '4', '2026-03-01 12:10', 'no key again') RETURNING note;
SELECT poa.release(max(log_id), 'test') FROM logged WHERE note = 'no key';
-- one that was logged before the table had a key is known by the rest of it
INSERT INTO alerts VALUES (5, 'AD1', 104::bigint::guid, '4', '2026-03-01 12:10', 'has got a key') RETURNING note;
INSERT INTO alerts VALUES (6, 'AD1', 104::bigint::guid, '4', '2026-03-01 12:11', 'another') RETURNING note;
-- shadow mode logs one alert once
SELECT poa.detach('alerts'), poa.attach('alerts', key => 'id', mode => 'shadow');
INSERT INTO alerts VALUES (7, 'AD1', 105::bigint::guid, '5', '2026-03-01 12:10', 'shadow'),
	(7, 'AD1', 105::bigint::guid, '5', '2026-03-01 12:10', 'shadow again') RETURNING note;
-- and also one that had been diverted, which is in its table now
INSERT INTO alerts VALUES (2, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'diverted before'),
	(2, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10', 'diverted before') RETURNING note;
SELECT diverted, alert_key, note FROM logged WHERE alert_key IN ('2', '7') ORDER BY log_id;
SELECT check_name, ok FROM poa.verify(NULL, NULL) WHERE NOT ok;
DROP TABLE alerts;
SELECT poa.purge_log('infinity') > 0 AS purged;

-- A key is known in every session, whatever its settings, and of any type that has an equality
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(5);
CREATE FUNCTION pg_temp.keys(type text, variadic texts text[]) RETURNS TABLE (type_ text, logged text, verified boolean)
LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	SET LOCAL client_min_messages = warning;
	DROP TABLE IF EXISTS keyed;
	EXECUTE format('CREATE TABLE keyed (k %s, alert_code text, chf guid, received_at timestamptz)', type);
	PERFORM poa.attach('keyed', mpxn => NULL, key => 'k');
	FOREACH t IN ARRAY texts LOOP
		EXECUTE format('INSERT INTO keyed VALUES (%L, ''AD1'', 101::bigint::guid, ''2026-03-01 12:10Z'')', t);
		SET LOCAL TimeZone = 'Asia/Kolkata'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = sql_standard;
		SET LOCAL extra_float_digits = -3; SET LOCAL bytea_output = escape;
		EXECUTE format('INSERT INTO keyed SELECT (SELECT (jsonb_populate_record(NULL::keyed, l.alert)).k FROM poa.suppression_log AS l'
			' ORDER BY l.log_id DESC LIMIT 1), ''AD1'', 101::bigint::guid, ''2026-03-01 12:10Z''');
		/* and verify finds it there once it is released */
		PERFORM poa.release(max(l.log_id), 'test') FROM poa.suppression_log AS l;
		verified := verified IS NOT FALSE AND NOT EXISTS (SELECT FROM poa.verify(NULL, NULL) AS v WHERE NOT v.ok);
		SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = postgres;
		SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = hex;
	END LOOP;
	RETURN QUERY SELECT type, string_agg(l.alert_key, ' | ' ORDER BY l.log_id), verified
		FROM poa.suppression_log AS l WHERE l.source_table = 'keyed';
	PERFORM poa.purge_log('infinity');
END
$$;
SELECT k.* FROM (VALUES
	('text', '{a,"",b}'::text[]), ('varchar(3)', '{a}'), ('char(5)', '{a,ab}'), ('smallint', '{-1}'),
	('bigint', '{9223372036854775807}'), ('uuid', '{00000000-0000-0000-0000-00000000000a}'),
	('guid', '{00db1234567890a0}'), ('timestamptz', '{"2026-03-01 12:10:00.123456Z"}'), ('date', '{2026-03-04}'),
	('interval', '{"1 day -02:03"}'), ('double precision', '{0.1,0.30000000000000004}'),
	('bytea', '{"\\x00ff"}'), ('numeric', '{1.10}'), ('jsonb', '{"{\"a\": 1}"}'), ('pair', '{"(1,x)"}'), ('short', '{a}'),
	('int[]', '{"{1,2}"}'), ('tstzrange', '{"[2026-03-01 12:00Z,)"}')
) AS v (type, texts), pg_temp.keys(v.type, VARIADIC v.texts) AS k;
DROP TABLE keyed;
DROP TYPE pair;
DROP DOMAIN short;
-- not one that has none
CREATE TABLE keyed (alert_code text, chf guid, mpxn text, received_at timestamptz, j json, p point, x xml);
SELECT poa.attach('keyed', key => 'j');
SELECT poa.attach('keyed', key => 'x');
-- a long one, and of char(n)
ALTER TABLE keyed ALTER j TYPE text;
SELECT poa.attach('keyed', key => 'j');
INSERT INTO keyed (alert_code, chf, received_at, j) SELECT 'AD1', 101::bigint::guid, '2026-03-01 12:10',
	string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n;
INSERT INTO keyed (alert_code, chf, received_at, j) SELECT 'AD1', 101::bigint::guid, '2026-03-01 12:10',
	string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n;
SELECT count(*), max(length(alert_key)) FROM poa.suppression_log;
DROP TABLE keyed;

-- Rows that are moved between partitions, and a key with the root's name
CREATE TABLE alerts (id int, alert_code text, chf guid, mpxn text, received_at timestamptz) PARTITION BY RANGE (received_at);
CREATE TABLE rest PARTITION OF alerts DEFAULT;
SELECT poa.attach('alerts', key => 'id');
INSERT INTO alerts VALUES (1, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10'), (2, 'AD1', 102::bigint::guid, '2', '2026-03-01 12:10');
SELECT poa.release(max(log_id), 'test') FROM poa.suppression_log;
BEGIN;
CREATE TEMP TABLE aside ON COMMIT DROP AS TABLE alerts;
DELETE FROM rest;
CREATE TABLE march PARTITION OF alerts FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO march SELECT * FROM aside;
COMMIT;
INSERT INTO march VALUES (1, 'AD1', 101::bigint::guid, '1', '2026-03-01 12:10');
SELECT tableoid::regclass AS part, id FROM alerts;
SELECT count(*) FROM poa.suppression_log WHERE source_table = 'alerts';
DROP TABLE alerts;
DROP VIEW logged;
