--
-- Rights: which role may do what.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

CREATE ROLE regress_poa_dno;
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_writer;		-- brings alerts
CREATE ROLE regress_poa_owner;		-- owns the table of alerts
CREATE ROLE regress_poa_stranger;
CREATE ROLE "regress_poa Odd; ""--""";
SELECT poa.grant_dno('regress_poa_dno', 19), poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor');

-- Functions: who may execute what, against the manual.  Listed is what differs.
CREATE TEMP VIEW may_execute AS
	SELECT p.proname::text AS function, r.rolname::text AS role,
		has_function_privilege(r.oid, p.oid, 'EXECUTE') AND has_schema_privilege(r.oid, 'poa', 'USAGE') AS may, p.provolatile = 'v' AS writes
	FROM pg_proc AS p, pg_roles AS r
	WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND r.rolname LIKE 'regress\_poa%';
SELECT m.role, m.function, m.may
FROM may_execute AS m
JOIN (VALUES
	('track_activation', '{operator}'::text[]), ('cancel_activation', '{operator}'), ('record_outcome', '{operator}'),
	('receive', '{operator}'),
	('release', '{operator}'), ('undo_import', '{operator}'), ('release_still_dark', '{operator}'),
	('still_dark', '{operator,auditor,dno}'), ('restoration', '{operator,auditor,dno}'),
	('late_activation', '{operator,auditor,dno}'), ('replay', '{operator,auditor,dno}'),
	('eligibility', '{operator,auditor}'), ('explain', '{operator,auditor}'), ('health', '{operator,auditor}'),
	('attach', '{}'), ('detach', '{}'), ('divert', '{}'), ('purge_log', '{}'), ('purge_activations', '{}'),
	('grant_dno', '{}'), ('grant_operator', '{}'), ('grant_auditor', '{}'), ('revoke_all', '{}')
) AS manual (function, roles) USING (function)
WHERE m.may <> (replace(m.role, 'regress_poa_', '') = ANY (manual.roles))
ORDER BY 1, 2;
-- a role that was granted nothing executes nothing; dno and auditor nothing that writes, but that metrics keeps its totals;
-- nobody executes trigger functions
SELECT role, function FROM may_execute
	WHERE may AND role NOT IN ('regress_poa_dno', 'regress_poa_operator', 'regress_poa_auditor') ORDER BY 1, 2;
SELECT role, function FROM may_execute WHERE may AND writes AND role IN ('regress_poa_dno', 'regress_poa_auditor') ORDER BY 1, 2;
SELECT role, function FROM may_execute
	JOIN pg_proc ON proname = function AND pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
	WHERE may AND prorettype = 'trigger'::regtype ORDER BY 1, 2;

-- Tables and views: likewise
SELECT r.rolname AS role, c.relname AS relation, p.privilege
FROM pg_roles AS r, pg_class AS c,
	unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
WHERE r.rolname LIKE 'regress\_poa%' AND c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
	AND c.relkind IN ('r', 'p', 'v')
	AND has_table_privilege(r.oid, c.oid, p.privilege) <> CASE r.rolname
		WHEN 'regress_poa_operator' THEN p.privilege = 'SELECT'
			OR p.privilege IN ('INSERT', 'UPDATE', 'DELETE')
				AND c.relname IN ('manufacturer', 'guid_list', 'device', 'originator', 'hub_group', 'neighbourhood', 'learning')
			OR p.privilege = 'INSERT' AND c.relname IN ('sign_of_life', 'asked', 'no_answer', 'reboot_profile')
		WHEN 'regress_poa_auditor' THEN p.privilege = 'SELECT'
		/* views of the invoker: what they read is read by the DNO, row by row */
		WHEN 'regress_poa_dno' THEN p.privilege = 'SELECT'
			AND c.relname IN ('suppressed_alert', 'suppression_monthly', 'outage', 'distributor', 'suppression_log', 'release_log', 'window_fit',
				'still_dark_now', 'open_window')
		ELSE false END
ORDER BY 1, 2, 3;
SELECT r.rolname AS role, s.relname AS sequence
FROM pg_roles AS r, pg_class AS s
WHERE r.rolname LIKE 'regress\_poa%' AND s.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND s.relkind = 'S'
	AND (has_sequence_privilege(r.oid, s.oid, 'USAGE') OR has_sequence_privilege(r.oid, s.oid, 'UPDATE'));
SELECT r.rolname AS may_create FROM pg_roles AS r WHERE r.rolname LIKE 'regress\_poa%' AND has_schema_privilege(r.oid, 'poa', 'CREATE');

-- What an operator does
SET ROLE regress_poa_operator;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('0000', 'gone');
DELETE FROM poa.manufacturer WHERE manufacturer = '0000';
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c0', '1900000000001');
COPY poa.guid_list FROM stdin;
00000000000000e1
\.
SELECT bool_and(met) FROM poa.eligibility('00000000000000e1');
SELECT poa.track_activation('00000000000000e1', '2190-01-01', 'r', '2026-03-01') IS NOT NULL AS tracked;
UPDATE poa.device SET chf = '00000000000000c1';
SELECT chf, status FROM poa.activation;
SELECT poa.record_outcome('r', 'activation_failure'), poa.cancel_activation('00000000000000e1', '2190-01-01');
SELECT met FROM poa.explain('00000000000000c1', '2190-01-01') WHERE criterion = 'verdict';
INSERT INTO poa.activation (device) VALUES ('00000000000000e1');
UPDATE poa.activation SET status = 'failed';
DELETE FROM poa.distributor;
SELECT poa.purge_activations('infinity');
SELECT poa.grant_operator('regress_poa_stranger');
SET poa_suppress.enabled = off;
RESET ROLE;

-- The owner of the table attaches it, once granted EXECUTE on attach and on the trigger function
CREATE SCHEMA regress_poa_dsp AUTHORIZATION regress_poa_owner;
GRANT USAGE ON SCHEMA regress_poa_dsp TO regress_poa_writer, regress_poa_operator;
SET ROLE regress_poa_owner;
CREATE TABLE regress_poa_dsp.alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
GRANT INSERT ON regress_poa_dsp.alerts TO regress_poa_writer;
SELECT poa.attach('regress_poa_dsp.alerts');
RESET ROLE;
GRANT USAGE ON SCHEMA poa TO regress_poa_owner;
GRANT EXECUTE ON FUNCTION poa.attach TO regress_poa_owner;
SET ROLE regress_poa_owner;
SELECT poa.attach('regress_poa_dsp.alerts');
RESET ROLE;
GRANT EXECUTE ON FUNCTION poa.divert TO regress_poa_owner;
SET ROLE regress_poa_owner;
SELECT poa.attach('regress_poa_dsp.alerts');
RESET ROLE;
-- but not the table of another owner
CREATE TABLE not_his (LIKE regress_poa_dsp.alerts);
SET ROLE regress_poa_owner;
SELECT poa.attach('public.not_his');
RESET ROLE;
DROP TABLE not_his;

-- The writer needs INSERT on the table and nothing in schema poa
SET ROLE regress_poa_writer;
INSERT INTO regress_poa_dsp.alerts
	VALUES ('AD1', '00000000000000c1', '2190-01-01 00:10', '1900000000001'), ('AD1', '00000000000000c1', '2191-01-01', '1900000000001');
COPY regress_poa_dsp.alerts FROM stdin;
AD1	00000000000000c1	2190-01-01 00:11	\N
\.
SELECT count(*) FROM poa.suppression_log;
SELECT count(*) FROM regress_poa_dsp.alerts;
SET poa_suppress.enabled = off;
RESET ROLE;
SELECT count(*) FROM regress_poa_dsp.alerts;
SELECT log_id, mpxn, distributor_id FROM poa.suppression_log ORDER BY log_id;
-- also where a security definer function brings the alert, as its owner
CREATE FUNCTION regress_poa_dsp.bring() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO regress_poa_dsp.alerts
	VALUES ('AD1', '00000000000000c1', '2190-01-01 00:12', NULL)$$;
ALTER FUNCTION regress_poa_dsp.bring OWNER TO regress_poa_writer;
SET ROLE regress_poa_operator;
SELECT regress_poa_dsp.bring();
RESET ROLE;
SELECT count(*) FROM poa.suppression_log;

-- What the writer's own types do when they become jsonb they do as the writer.
CREATE SCHEMA regress_poa_own AUTHORIZATION regress_poa_writer;
SET ROLE regress_poa_writer;
CREATE TYPE regress_poa_own.spy AS ENUM ('here');
CREATE FUNCTION regress_poa_own.report(regress_poa_own.spy) RETURNS json LANGUAGE sql
	AS $$SELECT json_build_object('user', current_user, 'may read the log', has_schema_privilege('poa', 'USAGE'))$$;
CREATE CAST (regress_poa_own.spy AS json) WITH FUNCTION regress_poa_own.report(regress_poa_own.spy);
RESET ROLE;
ALTER TABLE regress_poa_dsp.alerts ADD spy regress_poa_own.spy;
SET ROLE regress_poa_writer;
INSERT INTO regress_poa_dsp.alerts VALUES ('AD1', '00000000000000c1', '2190-01-01 00:13', NULL, 'here');
RESET ROLE;
SELECT alert->'spy' AS spy FROM poa.suppression_log WHERE decided_at = '2190-01-01 00:13';
ALTER TABLE regress_poa_dsp.alerts DROP spy;
SET client_min_messages = warning;
DROP SCHEMA regress_poa_own CASCADE;
RESET client_min_messages;

-- Release inserts as the caller, who needs INSERT on the table
SET ROLE regress_poa_operator;
SELECT poa.release(1, 'without INSERT');
RESET ROLE;
SELECT count(*) AS released FROM poa.release_log;
GRANT INSERT ON regress_poa_dsp.alerts TO regress_poa_operator;
SET ROLE regress_poa_operator;
SELECT poa.release(1, 'with INSERT');
SELECT log_id, released_by, reason FROM poa.release_log;
SELECT log_id, release_reason FROM poa.suppressed_alert WHERE released_at IS NOT NULL;
RESET ROLE;
SELECT count(*) FROM regress_poa_dsp.alerts;

-- Granting: what is refused, what is added, what is taken away
SELECT poa.grant_dno('regress_poa_nobody', 19);
SELECT poa.grant_dno(NULL, 19);
SELECT poa.grant_dno('regress_poa_stranger');
SELECT poa.grant_dno('regress_poa_stranger', 19, 77);
SELECT poa.grant_dno('regress_poa_stranger', 19, NULL);
SELECT poa.grant_dno('regress_poa_stranger', 65536 + 19);
SELECT poa.grant_dno('regress_poa_stranger', VARIADIC '{}');
SELECT poa.grant_dno('regress_poa_stranger', VARIADIC NULL);
SELECT poa.grant_operator('regress_poa_nobody');
SELECT poa.grant_auditor('regress_poa_nobody');
SELECT poa.revoke_all('regress_poa_nobody');
SELECT has_schema_privilege('regress_poa_stranger', 'poa', 'USAGE') AS granted_by_an_error;
SELECT poa.grant_dno('regress_poa_dno', VARIADIC '{20, 19, 23}'), poa.grant_auditor('regress_poa_dno'),
	poa.grant_dno('regress_poa Odd; "--"', 10);
SELECT role, kind, distributor_ids FROM poa_internal.access ORDER BY role::text COLLATE "C", kind;
SELECT poa.revoke_all('regress_poa_dno'), poa.revoke_all('regress_poa Odd; "--"'), poa.revoke_all('regress_poa_stranger');
SELECT role, kind, distributor_ids FROM poa_internal.access ORDER BY role::text COLLATE "C", kind;
SELECT role, function FROM may_execute WHERE may AND role IN ('regress_poa_dno', 'regress_poa Odd; "--"');
SELECT has_schema_privilege('regress_poa_dno', 'poa', 'USAGE') AS usage,
	has_table_privilege('regress_poa_dno', 'poa.suppressed_alert', 'SELECT') AS reads;

-- where PUBLIC may not use the schema of the type, that is granted too, and taken away where it was
SELECT poa.revoke_all('regress_poa_auditor');
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO regress_poa_auditor;
SELECT poa.grant_dno('regress_poa_stranger', 19), poa.grant_dno('regress_poa_stranger', 20), poa.grant_auditor('regress_poa_auditor');
SET ROLE regress_poa_stranger;
SELECT count(*) FROM poa.suppressed_alert WHERE chf = '00000000000000c9';
RESET ROLE;
SELECT poa.revoke_all('regress_poa_stranger'), poa.revoke_all('regress_poa_auditor');
SELECT r AS role, has_schema_privilege(r, 'public', 'USAGE') AS usage
	FROM unnest('{regress_poa_stranger,regress_poa_auditor}'::name[]) AS r;
BEGIN;
DROP ROLE regress_poa_stranger;
ROLLBACK;
GRANT USAGE ON SCHEMA public TO PUBLIC;
REVOKE USAGE ON SCHEMA public FROM regress_poa_auditor;
-- an operator may ANALYZE what an operator fills, where there is MAINTAIN (17)
SELECT c.relname AS differs FROM pg_class AS c
WHERE c.relnamespace = 'poa'::regnamespace AND c.relkind = 'r' AND current_setting('server_version_num')::int >= 170000
	AND has_table_privilege('regress_poa_operator', c.oid, 'INSERT')
		<> has_table_privilege('regress_poa_operator', c.oid,
			CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'MAINTAIN' ELSE 'SELECT' END);

DROP VIEW may_execute;
SET client_min_messages = warning;
DROP SCHEMA regress_poa_dsp CASCADE;
SELECT poa.revoke_all('regress_poa_operator'), poa.revoke_all('regress_poa_auditor'), poa.revoke_all('regress_poa_owner');
DROP ROLE regress_poa_dno, regress_poa_operator, regress_poa_auditor, regress_poa_writer, regress_poa_owner,
	regress_poa_stranger, "regress_poa Odd; ""--""";
