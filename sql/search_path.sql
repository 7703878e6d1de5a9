--
-- A hostile search_path: what stands in front has the names of ours and of
-- core's, and is a trap.  None of it may ever run.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_dno('regress_poa_dno', 19);
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
GRANT ALL ON alerts TO regress_poa_operator;

-- operators of all the types that the bodies compare, functions that they call, tables that they read
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
DO $$
DECLARE
	t regtype;
	op text;
	f record;
BEGIN
	FOREACH t IN ARRAY ARRAY['guid', 'text', 'timestamptz', 'interval', 'int8', 'int4', 'int2', 'bool', 'name', 'oid', 'int8[]',
		'int2[]', 'jsonb', '"char"']::regtype[] LOOP
		EXECUTE format('CREATE FUNCTION hostile.trap(%1$s, %1$s) RETURNS boolean LANGUAGE plpgsql
			AS ''BEGIN RAISE EXCEPTION ''''fell into the trap''''; END''', t);
		FOREACH op IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>=', '~'] LOOP
			EXECUTE format('CREATE OPERATOR hostile.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = hostile.trap)', op, t);
		END LOOP;
	END LOOP;
	FOR f IN
		SELECT DISTINCT p.proname, pg_get_function_identity_arguments(p.oid) AS args, pg_get_function_result(p.oid) AS result
		FROM pg_proc AS p
		WHERE p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0 AND NOT p.prorettype = 'internal'::regtype
			AND NOT p.prorettype = 'trigger'::regtype
			AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a (t) JOIN pg_type ON pg_type.oid = a.t WHERE typtype = 'p')
			AND (p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
				OR p.pronamespace = 'pg_catalog'::regnamespace
					AND p.proname IN ('now', 'isfinite', 'left', 'position', 'btrim', 'decode', 'translate', 'length',
					'pg_has_role', 'date_trunc', 'to_jsonb', 'pg_trigger_depth', 'visit_cost', 'guid_eq'))
	LOOP
		EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''fell into the trap''''; END''',
			f.proname, f.args, f.result);
	END LOOP;
	FOR f IN SELECT relname, oid::regclass AS relation FROM pg_class
		WHERE relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND relkind IN ('r', 'v') LOOP
		EXECUTE format('CREATE TABLE hostile.%1$I (LIKE %2$s)', f.relname, f.relation);
		EXECUTE format('CREATE TEMP TABLE %1$I (LIKE %2$s)', f.relname, f.relation);
		EXECUTE format('GRANT ALL ON hostile.%1$I, pg_temp.%1$I TO PUBLIC', f.relname);
	END LOOP;
END
$$;
SELECT count(*) > 90 AS operators FROM pg_operator WHERE oprnamespace = 'hostile'::regnamespace;
SELECT count(*) > 20 AS functions FROM pg_proc WHERE pronamespace = 'hostile'::regnamespace;

SET search_path = hostile, pg_temp, pg_catalog, public;
-- the trap works
SELECT now();
SELECT guid '00000000000000c1' = '00000000000000c1';

-- whatever the superuser, the operator and a DNO do with it
SELECT poa.attach('alerts');
SET ROLE regress_poa_operator;
SELECT criterion, met FROM poa.eligibility('00000000000000e1');
SELECT poa.track_activation('00000000000000e1', '2190-01-01', 'r1', '2026-03-01');
SELECT poa.track_activation('00000000000000e1', '2190-01-01', 'r1', '2026-03-01');
UPDATE poa.device SET chf = '00000000000000c2';
INSERT INTO poa.device AS d
	VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c3', '1900000000001') ON CONFLICT (device) DO UPDATE SET chf = EXCLUDED.chf;
INSERT INTO poa.manufacturer VALUES ('118F', 'Aclara', '0', '1 hour');
INSERT INTO alerts VALUES ('AD1', '00000000000000c3', '2190-01-01 00:30', '1900000000001'),
	('AD1', '00000000000000c1', '2190-01-01', '1900000000001'), ('8F36', NULL, NULL, NULL);
SELECT alert_code, chf, received_at FROM alerts;
SELECT criterion, met FROM poa.explain('00000000000000c3', '2190-01-01') WHERE pg_catalog.texteq(criterion, 'verdict');
SELECT poa.release(1, 'test');
SELECT poa.record_outcome('r1', 'activation_failure'), poa.cancel_activation('00000000000000e1', '2026-03-02');
SELECT * FROM poa.receive('<a/>', '2026-03-02');
SELECT log_id, mpxn, distributor, release_reason FROM poa.suppressed_alert;
SELECT month, suppressed, released, saving FROM poa.suppression_monthly;
SET ROLE regress_poa_dno;
SELECT log_id, mpxn, distributor, release_reason FROM poa.suppressed_alert;
SELECT month, suppressed, released, saving FROM poa.suppression_monthly;
RESET ROLE;
SELECT poa.grant_dno('regress_poa_dno', 20), poa.grant_auditor('regress_poa_dno'), poa.revoke_all('regress_poa_dno');
UPDATE poa.distributor SET name = 'x';
SELECT poa.purge_log('infinity'), poa.purge_activations('infinity');
SELECT poa.detach('alerts');

-- nothing went where it did not belong
SET search_path = public;
SELECT relname FROM pg_class
WHERE relnamespace = 'hostile'::regnamespace AND relkind = 'r'
	AND query_to_xml('SELECT FROM hostile.' || relname, false, true, '')::text ~ 'row';
SELECT (SELECT count(*) FROM pg_temp.activation) + (SELECT count(*) FROM pg_temp.suppression_log) + (SELECT count(*)
	FROM pg_temp.access) + (SELECT count(*) FROM pg_temp.release_log) AS rows;
SET client_min_messages = warning;
DROP SCHEMA hostile CASCADE;
DROP TABLE alerts;
SELECT poa.revoke_all('regress_poa_operator');
DROP ROLE regress_poa_operator, regress_poa_dno;
