--
-- DROP EXTENSION: refused while anything depends on it; after detach and a
-- change of type the table of alerts is whole.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE INDEX ON alerts (chf);
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'inside'),
	('AD1', '00000000000000c1', '2026-03-01 13:10', 'outside');
SELECT poa.release(1, 'uninstalled');

-- members cannot be dropped alone
DROP SCHEMA poa CASCADE;
DROP TABLE poa.suppression_log CASCADE;
DROP TYPE guid CASCADE;
DROP FUNCTION poa.divert() CASCADE;
-- attached, with a column of type guid
DROP EXTENSION poa_suppress;
SELECT poa.detach('alerts');
DROP EXTENSION poa_suppress;
ALTER TABLE alerts ALTER chf TYPE text USING chf::text;
DROP EXTENSION poa_suppress;
SELECT * FROM alerts ORDER BY received_at;
INSERT INTO alerts VALUES ('AD1', '00-00-00-00-00-00-00-C1', '2026-03-01 12:10', 'stored by anybody');
SELECT count(*) FROM alerts;

-- nothing is left, not even in this session
SELECT to_regnamespace('poa') AS schema, to_regtype('guid') AS type, to_regproc('try_guid') AS function;
SELECT count(*) AS catalog_entries FROM pg_depend AS d
	WHERE d.refclassid = 'pg_extension'::regclass AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.oid = d.refobjid);
-- and back: the text converts
CREATE EXTENSION poa_suppress;
ALTER TABLE alerts ALTER chf TYPE guid USING chf::guid;
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'no window is known any more');
SELECT count(*) FROM alerts;
-- by force: the table stays, without the column
SET client_min_messages = warning;
DROP EXTENSION poa_suppress CASCADE;
RESET client_min_messages;
SELECT * FROM alerts ORDER BY received_at, mpxn;
INSERT INTO alerts VALUES ('AD1', '2026-03-01 12:10', 'stored');
DROP TABLE alerts;
