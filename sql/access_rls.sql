--
-- Rows: a DNO reads those of its distributors, whatever it runs.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', mpxn
	FROM unnest(ARRAY['1900000000001', '1900000000002', '2000000000001', '2300000000001', '9900000000001', NULL]) AS mpxn;
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE mpxn IN ('1900000000002', '2000000000001');

CREATE ROLE regress_poa_dno19;
CREATE ROLE regress_poa_dno20;
CREATE ROLE regress_poa_member IN ROLE regress_poa_dno19;
CREATE ROLE regress_poa_both IN ROLE regress_poa_dno19, regress_poa_dno20;
CREATE ROLE regress_poa_noinherit NOINHERIT IN ROLE regress_poa_dno19;
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_stranger;
CREATE ROLE regress_poa_bypass BYPASSRLS;
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20, 23),
	poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor');
SELECT count(*) FROM poa.suppressed_alert;

-- each role and what it reads in the log, in the views and in the account
CREATE FUNCTION pg_temp.sees(who name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	seen := format('log %s; views %s; released %s; months %s; releases %s',
		(SELECT string_agg(DISTINCT coalesce(distributor_id::text, '-'), ',') FROM poa.suppression_log),
		(SELECT string_agg(DISTINCT coalesce(distributor_id::text, '-'), ',') FROM poa.suppressed_alert),
		(SELECT count(*) FROM poa.suppressed_alert WHERE released_at IS NOT NULL),
		(SELECT sum(suppressed) FROM poa.suppression_monthly),
		(SELECT count(*) FROM poa.release_log));
	RESET ROLE;
	RETURN seen;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'permission denied';
END
$$;
SELECT who, pg_temp.sees('regress_poa_' || who)
	FROM unnest(ARRAY['dno19', 'dno20', 'member', 'both', 'noinherit', 'operator', 'auditor', 'stranger', 'bypass']) AS who;
-- BYPASSRLS, which a superuser gives, shows the rows of what may be read
GRANT regress_poa_dno19 TO regress_poa_bypass;
SELECT pg_temp.sees('regress_poa_bypass');

-- Whatever it runs: filters that disclose, functions, views, cursors, tables made of it, row_security
SET ROLE regress_poa_dno19;
CREATE FUNCTION pg_temp.leak(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
	AS $$BEGIN RAISE NOTICE 'leaked %', what; RETURN true; END$$;
SELECT mpxn FROM poa.suppression_log WHERE pg_temp.leak(mpxn) ORDER BY mpxn;
SELECT mpxn FROM poa.suppressed_alert WHERE pg_temp.leak(coalesce(mpxn, 'none')) ORDER BY mpxn;
SELECT suppressed FROM poa.suppression_monthly WHERE pg_temp.leak(distributor_id::text);
SELECT mpxn FROM poa.suppression_log WHERE 1 / (mpxn::numeric - 2000000000001) > -1 ORDER BY mpxn;
SELECT count(*) FROM poa.suppression_log WHERE distributor_id = 20 OR log_id > 0 OR true;
SELECT count(*) FROM poa.suppression_log AS a LEFT JOIN poa.suppression_log AS b ON a.log_id <> b.log_id WHERE b.distributor_id <> 19;
SET row_security = off;
SELECT count(*) FROM poa.suppression_log;
SELECT count(*) FROM poa.suppressed_alert;
RESET row_security;
CREATE TEMP VIEW my_view AS TABLE poa.suppression_log;
CREATE TEMP TABLE my_table AS TABLE poa.suppressed_alert;
SELECT (SELECT count(*) FROM my_view) AS view, (SELECT count(*) FROM my_table) AS made;
CREATE FUNCTION pg_temp.my_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM poa.suppression_log';
SELECT pg_temp.my_definer();
BEGIN;
DECLARE c CURSOR FOR SELECT mpxn FROM poa.suppression_log ORDER BY mpxn;
FETCH ALL FROM c;
COMMIT;
COPY (SELECT mpxn FROM poa.suppression_log ORDER BY mpxn) TO stdout;
-- what it may not: write, lock for others, name the rows of others
INSERT INTO poa.suppression_log (log_id) OVERRIDING SYSTEM VALUE VALUES (1);
DELETE FROM poa.suppression_log;
SELECT FROM poa.suppression_log FOR UPDATE;
SELECT count(*) FROM poa.device;
SELECT count(*) FROM poa.activation;
SELECT count(*) FROM poa_internal.access;
INSERT INTO poa_internal.access VALUES ('regress_poa_dno19', 'auditor', NULL);
SELECT poa.grant_auditor('regress_poa_dno19');
SELECT poa.release(3, 'not mine');
RESET ROLE;
-- a view of one DNO in the hands of another shows each its own rows, and no others
SELECT count(*) AS superuser FROM my_view;
CREATE SCHEMA regress_poa_shared;
GRANT ALL ON SCHEMA regress_poa_shared TO regress_poa_dno19, regress_poa_dno20;
SET ROLE regress_poa_dno19;
CREATE VIEW regress_poa_shared.alerts AS SELECT mpxn, distributor_id FROM poa.suppressed_alert;
CREATE FUNCTION regress_poa_shared.alerts_of() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
	AS 'SELECT mpxn FROM poa.suppressed_alert ORDER BY 1';
GRANT SELECT ON regress_poa_shared.alerts TO regress_poa_dno20;
SET ROLE regress_poa_dno20;
SELECT * FROM regress_poa_shared.alerts WHERE distributor_id NOT IN (20, 23);
SELECT * FROM regress_poa_shared.alerts_of();
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_poa_shared CASCADE;
RESET client_min_messages;

-- Plans that were made for another role
PREPARE rows AS SELECT string_agg(mpxn, ', ' ORDER BY mpxn) AS mpxns FROM poa.suppressed_alert;
SET plan_cache_mode = force_generic_plan;
EXECUTE rows;
SET ROLE regress_poa_dno19;
EXECUTE rows;
SET ROLE regress_poa_dno20;
EXECUTE rows;
SET ROLE regress_poa_stranger;
EXECUTE rows;
SET ROLE regress_poa_auditor;
EXECUTE rows;
SET ROLE regress_poa_dno19;
EXECUTE rows;
RESET ROLE;
RESET plan_cache_mode;
-- and what is granted or revoked later counts at once
SELECT poa.grant_dno('regress_poa_dno19', 23);
SET ROLE regress_poa_dno19;
EXECUTE rows;
RESET ROLE;
SELECT poa.revoke_all('regress_poa_dno19');
SET ROLE regress_poa_dno19;
EXECUTE rows;
RESET ROLE;
DEALLOCATE rows;

-- A role that is dropped breaks nothing, and leaves nothing to the next of its name
SELECT poa.grant_dno('regress_poa_dno19', 19);
DROP OWNED BY regress_poa_dno19;
DROP ROLE regress_poa_dno19;
SELECT who, pg_temp.sees('regress_poa_' || who) FROM unnest(ARRAY['dno20', 'member', 'both', 'auditor']) AS who;
CREATE ROLE regress_poa_dno19;
SELECT pg_temp.sees('regress_poa_dno19');
SELECT poa.grant_dno('regress_poa_dno19', 20);
SELECT pg_temp.sees('regress_poa_dno19');
DROP OWNED BY regress_poa_dno19;
DROP ROLE regress_poa_dno19;
SELECT poa.revoke_all('regress_poa_dno19');
-- not through membership either
CREATE ROLE regress_poa_heir IN ROLE regress_poa_dno20;
INSERT INTO poa_internal.access VALUES ('regress_poa_heir', 'dno', '{19}');
SELECT poa_internal.visible_distributors('regress_poa_heir') AS heir_sees;
DELETE FROM poa_internal.access WHERE role = 'regress_poa_heir';
DROP ROLE regress_poa_heir;
SELECT role FROM poa_internal.access ORDER BY role::text COLLATE "C";

DROP TABLE alerts;
SELECT poa.revoke_all('regress_poa_dno20'), poa.revoke_all('regress_poa_operator'), poa.revoke_all('regress_poa_auditor');
SET client_min_messages = warning;
DROP OWNED BY regress_poa_dno20, regress_poa_member, regress_poa_both, regress_poa_noinherit, regress_poa_operator,
	regress_poa_auditor, regress_poa_stranger, regress_poa_bypass;
DROP ROLE regress_poa_dno20, regress_poa_member, regress_poa_both, regress_poa_noinherit, regress_poa_operator,
	regress_poa_auditor, regress_poa_stranger, regress_poa_bypass;
