--
-- Reading the attached tables: one that cannot be read is left out, by name,
-- and keeps nothing of the others back.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET client_min_messages = warning;
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid, '2000000000001' FROM generate_series(1, 9) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE ROLE regress_poa_owner;
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_dno('regress_poa_dno', 20);

-- a table of the DSP, and one of another owner with every report's rows in it
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, device guid);
GRANT INSERT ON alerts TO regress_poa_operator;
CREATE SCHEMA regress_poa_other AUTHORIZATION regress_poa_owner;
GRANT USAGE ON SCHEMA regress_poa_other TO PUBLIC;
SET ROLE regress_poa_owner;
CREATE TYPE regress_poa_other.mood AS ENUM ('good', 'bad');
CREATE FUNCTION regress_poa_other.told(m regress_poa_other.mood) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	IF m = 'bad' THEN
		RAISE raise_exception USING MESSAGE = 'it is secret';
	END IF;
	RETURN '"good"';
END
$$;
CREATE TABLE regress_poa_other."The alerts" (alert_code text, chf guid, received_at timestamptz, mpxn text, device guid,
	alert_count regress_poa_other.mood DEFAULT 'good');
RESET ROLE;
CREATE CAST (regress_poa_other.mood AS json) WITH FUNCTION regress_poa_other.told(regress_poa_other.mood);
SELECT poa.attach('alerts', device => 'device'), poa.attach('regress_poa_other."The alerts"', device => 'device');
-- stored before the window is tracked; suppressed; restored
INSERT INTO alerts VALUES ('AD1', 101::bigint::guid, '2026-03-01 12:05', '2000000000001', NULL);
INSERT INTO regress_poa_other."The alerts" VALUES ('AD1', 102::bigint::guid, '2026-03-01 12:05', '2000000000001', NULL);
SELECT count(poa.track_activation(d.device, received_at => '2026-03-01 12:00')) FROM poa.device AS d;
INSERT INTO alerts SELECT 'AD1', (100 + n)::bigint::guid, '2026-03-01 12:10', '2000000000001', NULL FROM generate_series(1, 4) AS n;
INSERT INTO alerts VALUES ('8F36', NULL, '2026-03-01 12:20', NULL, 1::bigint::guid);
INSERT INTO regress_poa_other."The alerts" VALUES ('8F36', NULL, '2026-03-01 12:20', NULL, 2::bigint::guid);

CREATE VIEW told AS
	SELECT (SELECT count(*) FROM poa.late_activation('-infinity', 'infinity')) AS late,
		(SELECT sum(alerts) FROM poa.replay('-infinity', 'infinity')) AS replay,
		(SELECT string_agg(log_id::text, ' ') FROM poa.still_dark('0', '2026-03-02')) AS dark,
		(SELECT count(restored_at) FROM poa.restoration('-infinity', 'infinity')) AS restored;
GRANT SELECT ON told TO regress_poa_operator, regress_poa_dno;
SELECT * FROM told;
SELECT detail FROM poa.verify(NULL, NULL) WHERE check_name = 'stored';

-- A column is renamed: others' reports and releases go on, and disclose nothing
ALTER TABLE regress_poa_other."The alerts" RENAME mpxn TO mpan;
SET ROLE regress_poa_dno;
SELECT * FROM told;
RESET ROLE;
SELECT detail FROM poa.verify(NULL, NULL) WHERE check_name = 'stored';
BEGIN;
SET ROLE regress_poa_operator;
SELECT poa.release_still_dark();
RESET ROLE;
ROLLBACK;
ALTER TABLE regress_poa_other."The alerts" RENAME mpan TO mpxn;
-- its owner may not read it
REVOKE SELECT ON regress_poa_other."The alerts" FROM regress_poa_owner;
SELECT * FROM told;
GRANT SELECT ON regress_poa_other."The alerts" TO regress_poa_owner;
-- one of its rows cannot be read: none of its rows counts where that one is read
INSERT INTO regress_poa_other."The alerts" VALUES ('AD1', 109::bigint::guid, '2026-03-01 13:05', '2000000000001', NULL, 'bad');
SELECT * FROM told;
DELETE FROM regress_poa_other."The alerts" WHERE alert_count = 'bad';
-- row-level security, whose owner may not use the schema of the type
ALTER TABLE regress_poa_other."The alerts" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
SELECT * FROM told;
GRANT USAGE ON SCHEMA public TO PUBLIC;
ALTER TABLE regress_poa_other."The alerts" DISABLE ROW LEVEL SECURITY;
-- from 18 on, a virtual generated column may fail where it is read
SELECT current_setting('server_version_num')::int >= 180000 AS is_18 \gset
\if :is_18
ALTER TABLE regress_poa_other."The alerts" ADD n int DEFAULT 0, ADD broken int GENERATED ALWAYS AS (1 / n) VIRTUAL;
\endif
SET client_min_messages = error;
SELECT * FROM told;
SELECT check_name, ok FROM poa.verify(NULL, NULL);
SET client_min_messages = warning;
-- another type
ALTER TABLE regress_poa_other."The alerts" ALTER received_at TYPE timestamp;
SELECT * FROM told;
ALTER TABLE regress_poa_other."The alerts" ALTER received_at TYPE timestamptz;
SELECT * FROM told;

-- A cancelled statement is cancelled, it leaves no table out
CREATE FUNCTION regress_poa_other.slow(m regress_poa_other.mood) RETURNS json LANGUAGE sql AS $$SELECT '1'::json FROM pg_sleep(60)$$;
DROP CAST (regress_poa_other.mood AS json);
CREATE CAST (regress_poa_other.mood AS json) WITH FUNCTION regress_poa_other.slow(regress_poa_other.mood);
SET statement_timeout = '200ms';
SELECT * FROM poa.replay('-infinity', 'infinity');
RESET statement_timeout;

SELECT poa.revoke_all(r) FROM unnest('{regress_poa_operator,regress_poa_dno}'::name[]) AS r;
DROP VIEW told;
DROP TABLE alerts;
DROP SCHEMA regress_poa_other CASCADE;
DROP ROLE regress_poa_owner, regress_poa_operator, regress_poa_dno;
