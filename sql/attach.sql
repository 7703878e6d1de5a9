--
-- Attaching and detaching: what is refused and how, odd names, and what may be
-- done to a table afterwards.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.attach(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT poa.attach(' || call || ')';
	RETURN 'attached';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END
$$;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;

-- Refused, naming the column and what it should be
CREATE TABLE none_of_them (id int);
CREATE TABLE wrong (n int, t text, v varchar(3), c char(3),
	g guid, at timestamptz, at_local timestamp, d date, gen text GENERATED ALWAYS AS ('AD1') STORED, enum name);
CREATE VIEW a_view AS TABLE wrong;
CREATE MATERIALIZED VIEW a_matview AS TABLE wrong;
CREATE SEQUENCE a_sequence;
CREATE FOREIGN DATA WRAPPER poa_nothing;
CREATE SERVER poa_nowhere FOREIGN DATA WRAPPER poa_nothing;
CREATE FOREIGN TABLE a_foreign_table (alert_code text, chf guid, received_at timestamptz, mpxn text) SERVER poa_nowhere;
SELECT call, pg_temp.attach(call) AS answer
FROM (VALUES
	(1, $$'none_of_them'$$),
	(2, $$'wrong', code => 't', chf => 'g', at => 'at'$$), (3, $$'wrong', code => 't', chf => 'g', mpxn => NULL$$),
	(4, $$'wrong', code => 't', at => 'at', mpxn => NULL$$),
	(5, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL, device => 'meter'$$),
	(6, $$'wrong', code => 'n', chf => 'g', at => 'at', mpxn => NULL$$),
	(7, $$'wrong', code => 'at', chf => 'n', at => 't', mpxn => 'gen', device => 'at', key => 'x', started => 'n'$$),
	(8, $$'wrong', code => 'enum', chf => 'g', at => 'at', mpxn => NULL$$),
	(9, $$'wrong', code => 'gen', chf => 'g', at => 'at', mpxn => NULL$$),
	(10, $$'wrong', code => 't', chf => 'enum', at => 'at', mpxn => NULL$$),
	(11, $$'wrong', code => 't', chf => 'g', at => 'at_local', mpxn => NULL$$),
	(12, $$'wrong', code => 't', chf => 'g', at => 'd', mpxn => NULL$$), (13, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => 'n'$$),
	(14, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL, device => 'n'$$),
	(15, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL, mode => 'audit'$$),
	(16, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL, mode => NULL$$),
	(17, $$'wrong', code => NULL, chf => 'g', at => 'at', mpxn => NULL$$),
	(18, $$'wrong', code => 't', chf => NULL, at => 'at', mpxn => NULL$$),
	(19, $$'wrong', code => 't', chf => 'g', at => NULL, mpxn => NULL$$), (20, $$NULL$$),
	(21, $$'wrong', code => 'T', chf => 'g', at => 'at', mpxn => NULL$$),
	(22, $$'wrong', code => 't', chf => 'tableoid', at => 'at', mpxn => NULL$$),
	(23, $$'wrong', code => '', chf => 'g', at => 'at', mpxn => NULL$$),
	(30, $$'a_view', code => 't', chf => 'g', at => 'at', mpxn => NULL$$),
	(31, $$'a_matview', code => 't', chf => 'g', at => 'at', mpxn => NULL$$),
	(32, $$'a_sequence'$$), (33, $$'a_foreign_table'$$), (34, $$'no_such_table'$$), (35, $$0$$),
	(40, $$'wrong', code => 'v', chf => 'g', at => 'at', mpxn => 't', device => 'g'$$),
	(41, $$'wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL$$)
) AS v (n, call)
ORDER BY n;
-- how one of them looks in full
SELECT poa.attach('none_of_them', code => 'alarm');
SELECT poa.attach('wrong', code => 't', chf => 'g', at => 'at', mpxn => NULL);
SELECT poa.detach('none_of_them');
SELECT poa.detach('a_view');
SELECT poa.detach(NULL);
SELECT poa.detach('wrong');
SELECT poa.detach('wrong');
SELECT count(*) AS left_over FROM pg_trigger WHERE tgname = '~poa_suppress';
SET client_min_messages = warning;
DROP TABLE none_of_them, wrong CASCADE;
DROP FOREIGN DATA WRAPPER poa_nothing CASCADE;
RESET client_min_messages;
DROP SEQUENCE a_sequence;

-- It sorts last, and warns of what sorts later still.
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, note text);
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := concat_ws(' ', NEW.note, TG_NAME); RETURN NEW; END$$;
CREATE TRIGGER a BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TRIGGER zz BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TRIGGER "~" BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TRIGGER "~later, but AFTER" AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TRIGGER "~later, but UPDATE" BEFORE UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TRIGGER "~later, but STATEMENT" BEFORE INSERT ON alerts FOR EACH STATEMENT EXECUTE FUNCTION mark();
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10'), ('8F36', '00000000000000c1', '2026-03-01 12:10');
SELECT alert_code, note FROM alerts;
SELECT alert->>'note' AS note FROM poa.suppression_log;
SELECT poa.detach('alerts');
CREATE TRIGGER "~poa_suppress2" BEFORE INSERT OR UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION mark();
SELECT poa.attach('alerts');
-- what triggers before it make of the row is what is judged
CREATE FUNCTION translate_code() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.alert_code := upper(NEW.alert_code); RETURN NEW; END$$;
CREATE TRIGGER b BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION translate_code();
INSERT INTO alerts VALUES ('ad1', '00000000000000c1', '2026-03-01 12:10') RETURNING alert_code;
DROP TABLE alerts;

-- the trigger function is of no use by itself, nor with other arguments
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.divert();
CREATE TRIGGER t AFTER INSERT ON alerts
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'divert', 'public', 'alerts', 'vgztooo');
INSERT INTO alerts VALUES ('AD1');
DROP TRIGGER t ON alerts;
CREATE TRIGGER t BEFORE INSERT ON alerts EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '',
	'divert', 'public', 'alerts', 'vgztooo');
INSERT INTO alerts VALUES ('AD1');
DROP TRIGGER t ON alerts;
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON alerts
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'divert', 'public', 'alerts', 'vgztooo');
INSERT INTO alerts VALUES ('8F36');
UPDATE alerts SET alert_code = 'AD1';
DROP TRIGGER t ON alerts;
CREATE TRIGGER t BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION poa.divert();
INSERT INTO alerts VALUES ('AD1');
DROP TRIGGER t ON alerts;
CREATE TRIGGER t BEFORE INSERT ON alerts
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'other', 'public', 'alerts', 'vgztooo');
INSERT INTO alerts VALUES ('AD1');
DROP TRIGGER t ON alerts;

-- A column that is renamed, dropped or of another type is an error at the next
-- insert, of any code, with a hint what to do.
SELECT poa.attach('alerts');
ALTER TABLE alerts RENAME chf TO hub;
INSERT INTO alerts VALUES ('8F36', '00000000000000c1', '2026-03-01 12:10');
COPY alerts FROM stdin;
8F36	00000000000000c1	2026-03-01 12:10	\N
\.
ALTER TABLE alerts RENAME hub TO chf;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10') RETURNING 'stored';
ALTER TABLE alerts ALTER received_at TYPE timestamp;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10');
ALTER TABLE alerts ALTER received_at TYPE timestamptz;
ALTER TABLE alerts ALTER alert_code TYPE char(4);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10');
ALTER TABLE alerts ALTER alert_code TYPE varchar(4);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10') RETURNING 'stored';
ALTER TABLE alerts DROP mpxn, ADD mpxn text GENERATED ALWAYS AS (left(alert_code, 2)) STORED;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10');
ALTER TABLE alerts DROP mpxn;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10');
SELECT poa.detach('alerts');
SELECT poa.attach('alerts', mpxn => NULL);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10') RETURNING 'stored';
-- also the column of the meter, which only reports use
ALTER TABLE alerts ADD meter guid;
SELECT poa.detach('alerts');
SELECT poa.attach('alerts', mpxn => NULL, device => 'meter');
ALTER TABLE alerts RENAME meter TO device;
INSERT INTO alerts VALUES ('8F36', '00000000000000c1', '2026-03-01 12:10');
DROP TABLE alerts;

-- Columns that come and go, the table's own new name and schema do no harm, in
-- the middle of a session and of prepared statements too.
CREATE TABLE alerts (gone text, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
PREPARE ins AS INSERT INTO alerts (alert_code, chf, received_at) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11');
EXECUTE ins;
ALTER TABLE alerts DROP gone;
EXECUTE ins;
ALTER TABLE alerts ADD note text DEFAULT 'added', ADD n int NOT NULL DEFAULT 7;
EXECUTE ins;
DEALLOCATE ins;
ALTER TABLE alerts RENAME TO alarms;
CREATE SCHEMA dsp;
ALTER TABLE alarms SET SCHEMA dsp;
PREPARE ins AS INSERT INTO dsp.alarms (alert_code, chf, received_at) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11');
EXECUTE ins;
SELECT source_schema, source_table, alert FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:11' ORDER BY log_id;
ALTER TABLE dsp.alarms DISABLE TRIGGER "~poa_suppress";
EXECUTE ins;
SELECT count(*) AS stored_while_disabled FROM dsp.alarms;
SELECT poa.detach('dsp.alarms');
EXECUTE ins;
SELECT poa.attach('dsp.alarms');
EXECUTE ins;
SELECT count(*) AS stored_while_detached_too FROM dsp.alarms;
DEALLOCATE ins;
DROP TABLE dsp.alarms;
DROP SCHEMA dsp;

-- Names that need quotes, are not ASCII, or have all 63 bytes
CREATE SCHEMA "Größe ""A"" \ 'b'";
SET search_path = "Größe ""A"" \ 'b'", public;
CREATE TABLE "Alarm; DROP TABLE x; -- %s" (
	"alert code" text, "CHF'" guid, "at %I" timestamptz, "mpxn\" text, "mètre" guid,
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" text, "$1" int DEFAULT 1);
SELECT poa.attach('"Alarm; DROP TABLE x; -- %s"', 'alert code', 'CHF''', 'at %I', E'mpxn\\', 'mètre');
INSERT INTO "Alarm; DROP TABLE x; -- %s" VALUES ('AD1', '00000000000000c1', '2026-03-01 12:12', '1000000000001');
SELECT source_schema, source_table, mpxn, alert FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:12';
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:12';
SELECT * FROM "Alarm; DROP TABLE x; -- %s";
SELECT poa.detach('"Alarm; DROP TABLE x; -- %s"');
SELECT poa.attach('"Alarm; DROP TABLE x; -- %s"', 'alert code', 'CHF''', 'at %I',
	'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx');
INSERT INTO "Alarm; DROP TABLE x; -- %s" VALUES ('AD1', '00000000000000c1', '2026-03-01 12:13');
SELECT count(*) FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:13';
RESET search_path;
DROP TABLE "Größe ""A"" \ 'b'"."Alarm; DROP TABLE x; -- %s";
DROP SCHEMA "Größe ""A"" \ 'b'";

-- All columns that do not fit are named at once, with the statements that mend them, which work as they stand
CREATE DOMAIN instant AS timestamptz;
CREATE TABLE mended (code int, hub bytea, received timestamp, mpan numeric, meter bigint, ref json, began date,
	"Other hub" name, epoch double precision, at instant, gen text GENERATED ALWAYS AS ('AD1') STORED);
INSERT INTO mended (code, hub, received, mpan, meter, ref, began, "Other hub", epoch, at)
	VALUES (1, '\x00000000000000c1', '2026-03-01 12:10', 1900000000001, 7, '{"a": 1}', '2026-03-01', 'x', 1772367000, '2026-03-01 12:10');
CREATE FUNCTION pg_temp.mend(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	statements text;
BEGIN
	EXECUTE 'SELECT poa.attach(' || call || ')';
	RETURN 'attached';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS statements = PG_EXCEPTION_HINT;
	EXECUTE statements;
	RETURN sqlstate || E'\n' || statements;
END
$$;
SELECT poa.attach('mended', 'code', 'hub', 'received', 'mpan', 'meter', key => 'ref', started => 'began');
SELECT pg_temp.mend($$'mended', 'code', 'hub', 'received', 'mpan', 'meter', key => 'ref', started => 'began'$$);
SELECT pg_temp.mend($$'mended', 'gen', 'Other hub', 'epoch', 'no such', key => 'no key', started => 'at'$$);
SELECT * FROM mended;
SELECT pg_temp.mend($$'mended', 'gen', 'Other hub', 'epoch', 'no such', key => 'no key', started => 'at'$$);
SELECT * FROM poa.attached;
SELECT poa.detach('mended');
SELECT pg_temp.mend($$'mended', 'code', 'hub', 'received', 'mpan', 'meter', key => 'ref', started => 'began'$$);
SELECT * FROM poa.attached;
-- what has changed since is told to the same extent
ALTER TABLE mended ALTER began TYPE date, DROP meter;
SELECT * FROM poa_internal.column_faults('mended'::regclass);
DROP TABLE mended;
DROP DOMAIN instant;
CREATE TABLE counted (alert_code text, chf guid, received_at timestamptz, mpxn text, n int, alert_count int GENERATED ALWAYS AS (n) STORED);
SELECT poa.attach('counted');
DROP TABLE counted;

-- What is attached is a matter of the trigger's function, not of its name
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "~poa_suppress" BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION mine();
SELECT count(*) AS attached FROM poa.attached;
SELECT poa.attach('alerts');
SELECT poa.detach('alerts');
ALTER TRIGGER "~poa_suppress" ON alerts RENAME TO mine;
SELECT poa.attach('alerts');
ALTER TRIGGER "~poa_suppress" ON alerts RENAME TO "Another";
SELECT relation, chf, enabled FROM poa.attached;
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:14') RETURNING 'stored';
SELECT poa.detach('alerts');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'alerts'::regclass;
DROP TABLE alerts;
DROP FUNCTION mine;

-- A hub, a meter, a code and an MPxN as text, in whatever form
CREATE TABLE alerts (alert_code char(5), chf varchar(30), received_at timestamptz, mpxn char(15), device text, started timestamptz);
SELECT poa.attach('alerts', device => 'device', started => 'started');
INSERT INTO alerts VALUES
	('AD1', '00000000000000c1', '2026-03-01 12:15', '1900000000001', 'no meter', '2026-03-01 12:14'),
	('AD1', '00:00:00:00:00:00:00:c1', '2026-03-01 12:16', '19', NULL, NULL),
	('AD1', E' 00-00-00-00-00-00-00-C1\n', '2026-03-01 12:17', NULL, NULL, NULL),
	('AD1', '00000000000000c', '2026-03-01 12:18', 'no hub', NULL, NULL), ('AD1', '', '2026-03-01 12:18', 'no hub', NULL, NULL),
	('AD1', NULL, '2026-03-01 12:18', 'no hub', NULL, NULL),
	('AD10', '00000000000000c1', '2026-03-01 12:18', 'no AD1', NULL, NULL),
	('AD', '00000000000000c1', '2026-03-01 12:18', 'no AD1', NULL, NULL)
	RETURNING alert_code, chf, mpxn;
SELECT alert_code || '|' AS code, chf, mpxn || '|' AS mpxn, distributor_id, outage_started_at, alert FROM poa.suppression_log
	WHERE decided_at BETWEEN '2026-03-01 12:15' AND '2026-03-01 12:17' ORDER BY log_id;
SELECT count(poa.release(log_id, 'test')) FROM poa.suppression_log WHERE decided_at BETWEEN '2026-03-01 12:15' AND '2026-03-01 12:17';
SELECT * FROM alerts WHERE mpxn IS NULL OR mpxn !~ '^no' ORDER BY received_at;
SELECT check_name FROM poa.verify(NULL, NULL) WHERE NOT ok;
DROP TABLE alerts;

-- a domain over the right type is another type
CREATE DOMAIN hub AS guid;
CREATE TABLE alerts (alert_code text, chf hub, received_at timestamptz, mpxn text);
SELECT pg_temp.attach($$'alerts'$$);
DROP TABLE alerts;
DROP DOMAIN hub;
DROP FUNCTION mark, translate_code;
