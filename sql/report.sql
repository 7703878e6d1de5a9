--
-- The reports: who may call them, and whose rows they show.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

CREATE ROLE regress_poa_dno19; CREATE ROLE regress_poa_dno20;
CREATE ROLE regress_poa_both IN ROLE regress_poa_dno19, regress_poa_dno20;
CREATE ROLE regress_poa_noinherit NOINHERIT IN ROLE regress_poa_dno19;
CREATE ROLE regress_poa_operator; CREATE ROLE regress_poa_auditor; CREATE ROLE regress_poa_stranger;
CREATE ROLE regress_poa_bypass BYPASSRLS;
CREATE ROLE regress_poa_owner;		-- of the table of alerts
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20),
	poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor');
GRANT USAGE ON SCHEMA poa TO regress_poa_bypass;
GRANT EXECUTE ON FUNCTION poa.still_dark, poa.restoration, poa.late_activation, poa.replay TO regress_poa_bypass;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device
	VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL),
	('00000000000000e2', 'ESME', 2, '1063', '00000000000000c2', '2000000000002');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE SCHEMA regress_poa_dsp AUTHORIZATION regress_poa_owner;
SET ROLE regress_poa_owner;
CREATE TABLE regress_poa_dsp.alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
RESET ROLE;
SELECT poa.attach('regress_poa_dsp.alerts');
-- one for each distributor and for none suppressed and dark, the same an hour before and stored, then late
CREATE VIEW mpxn (mpxn) AS VALUES ('1900000000001'), ('2000000000001'), ('2300000000001'), (NULL);
INSERT INTO regress_poa_dsp.alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 11:10', mpxn FROM mpxn;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
INSERT INTO regress_poa_dsp.alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', mpxn FROM mpxn;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 11:00') IS NOT NULL AS tracked;

CREATE FUNCTION pg_temp.sees(who name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	seen := format('dark %s; restorations %s; late %s; replay %s',
		(SELECT string_agg(coalesce(distributor_id::text, '-'), ',' ORDER BY distributor_id) FROM poa.still_dark()),
		(SELECT string_agg(coalesce(distributor_id::text, '-'), ',' ORDER BY distributor_id) FROM poa.restoration('-infinity', 'infinity')),
		(SELECT string_agg(coalesce(distributor_id::text, '-'), ',' ORDER BY distributor_id) FROM poa.late_activation('-infinity', 'infinity')),
		(SELECT string_agg(format('%s:%s/%s', coalesce(distributor_id::text, '-'), alerts, would_suppress), ','
			ORDER BY distributor_id) FROM poa.replay('-infinity', 'infinity', '0', '30 minutes')));
	RESET ROLE;
	RETURN seen;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN sqlerrm;
END
$$;
SELECT who, pg_temp.sees('regress_poa_' || who)
	FROM unnest(ARRAY['dno19', 'dno20', 'both', 'noinherit', 'operator', 'auditor', 'bypass', 'stranger', 'owner']) AS who;
SELECT pg_temp.sees(current_user);
-- no function of the extension returns another's part
SELECT proname, rolname FROM pg_proc AS p, pg_roles AS r
WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND rolname LIKE 'regress\_poa%'
	AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
	AND (p.proname LIKE '%\_of%' AND p.proname !~ '^(alerts_of|distributor_of|node_of|numbers_of)'
		OR p.proname IN ('query_attached', 'stored_ad1', 'check_range') OR p.proname = 'release_still_dark' AND rolname <> 'regress_poa_operator')
ORDER BY 1, 2;

-- A SECURITY DEFINER function gets the part of its owner, whichever role calls it
GRANT CREATE ON SCHEMA regress_poa_dsp TO regress_poa_dno20;
GRANT USAGE ON SCHEMA regress_poa_dsp TO regress_poa_dno19, regress_poa_operator;
SET ROLE regress_poa_dno20;
CREATE FUNCTION regress_poa_dsp.dark_of_20() RETURNS SETOF smallint LANGUAGE sql SECURITY DEFINER
	AS 'SELECT distributor_id FROM poa.still_dark()';
CREATE FUNCTION regress_poa_dsp.dark_of_caller() RETURNS SETOF smallint LANGUAGE sql AS 'SELECT distributor_id FROM poa.still_dark()';
RESET ROLE;
SET ROLE regress_poa_dno19;
SELECT regress_poa_dsp.dark_of_20();
SELECT regress_poa_dsp.dark_of_caller();
-- no setting shows more
SET row_security = off;
SELECT distributor_id FROM poa.still_dark();
RESET row_security;
SET search_path = pg_temp;
CREATE FUNCTION pg_temp.visible_distributors(name) RETURNS smallint[] LANGUAGE sql AS 'SELECT ''{20,23}''::smallint[]';
CREATE TEMP TABLE suppression_log (log_id int);
SELECT distributor_id FROM poa.still_dark();
DROP TABLE suppression_log;
RESET search_path;
-- the tables behind stay closed
SELECT count(*) FROM regress_poa_dsp.alerts;
SELECT count(*) FROM poa.sign_of_life;
INSERT INTO poa.sign_of_life VALUES ('00000000000000c1', now(), 'mine');
SELECT * FROM poa_internal.still_dark_of('{20}', '0', now());
SELECT poa.release_still_dark();
RESET ROLE;

-- What the owner of an attached table makes the server evaluate is evaluated as that owner, and settings it makes are undone
SET ROLE regress_poa_owner;
CREATE SEQUENCE regress_poa_dsp.evaluated;
CREATE FUNCTION regress_poa_dsp.spy(timestamptz) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_user <> 'regress_poa_owner' THEN
		RAISE NOTICE 'evaluated by %', current_user;
	END IF;
	PERFORM nextval('regress_poa_dsp.evaluated'), set_config('search_path', 'regress_poa_dsp', false);
	RETURN true;
END
$$;
CREATE INDEX spy ON regress_poa_dsp.alerts (chf) WHERE regress_poa_dsp.spy('2026-03-01') IS NOT NULL AND alert_code = 'AD1';
-- nor does the owner's own policy hide an alert
CREATE POLICY nothing ON regress_poa_dsp.alerts USING (false);
ALTER TABLE regress_poa_dsp.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE regress_poa_dsp.alerts FORCE ROW LEVEL SECURITY;
SELECT setval('regress_poa_dsp.evaluated', 1, false);
RESET ROLE;
RESET search_path;
SET ROLE regress_poa_dno19;
SELECT distributor_id, alerts FROM poa.replay('-infinity', 'infinity');
RESET ROLE;
SHOW search_path;
SELECT is_called AS evaluated FROM regress_poa_dsp.evaluated;
DROP INDEX regress_poa_dsp.spy;
ALTER TABLE regress_poa_dsp.alerts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE regress_poa_dsp.alerts DISABLE ROW LEVEL SECURITY;

-- The operator releases, with INSERT on the table; without, all stay and are named
SET ROLE regress_poa_operator;
INSERT INTO poa.sign_of_life VALUES ('00000000000000ff', now(), 'read');
SELECT poa.release_still_dark();
RESET ROLE;
GRANT INSERT ON regress_poa_dsp.alerts TO regress_poa_operator;
SET ROLE regress_poa_operator;
SELECT poa.release_still_dark();
SELECT poa.release_still_dark();
SELECT log_id, released_by FROM poa.release_log ORDER BY log_id;
RESET ROLE;

-- What was granted is taken away whole
SELECT poa.revoke_all('regress_poa_dno20');
SELECT pg_temp.sees('regress_poa_dno20');
SELECT poa.revoke_all(r) FROM unnest(ARRAY['regress_poa_dno19', 'regress_poa_operator', 'regress_poa_auditor', 'regress_poa_bypass']) AS r;
SET client_min_messages = warning;
DROP SCHEMA regress_poa_dsp CASCADE;
DROP VIEW mpxn;
DROP OWNED BY regress_poa_dno19, regress_poa_dno20;
DROP ROLE regress_poa_dno19, regress_poa_dno20, regress_poa_both, regress_poa_noinherit, regress_poa_operator,
	regress_poa_auditor, regress_poa_stranger, regress_poa_bypass, regress_poa_owner;
