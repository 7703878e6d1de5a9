--
-- Attack: a DNO after the rows of others, by ways that are not a plain query.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00');
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
-- the secret is in the rows of distributor 20
INSERT INTO alerts SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10',
	CASE WHEN n <= 3 THEN '19' ELSE '20' END || lpad(n::text, 11, '0') FROM generate_series(1, 1000) AS n;
ANALYZE poa.suppression_log;
SELECT poa.release(log_id, 'a secret') FROM poa.suppression_log WHERE mpxn = '2000000000999';
CREATE ROLE regress_poa_dno19;
CREATE ROLE regress_poa_dno20;
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20);
SET ROLE regress_poa_dno19;

-- Statistics
SELECT count(*) FROM pg_stats WHERE schemaname = 'poa' AND tablename IN ('suppression_log', 'release_log');
SELECT count(*) FROM pg_stats_ext WHERE schemaname = 'poa';
SELECT starelid FROM pg_statistic;
-- Estimates of EXPLAIN that come from statistics about others' rows: no operator that may leak has access to them
CREATE FUNCTION pg_temp.expects(condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM poa.suppression_log WHERE ' || condition INTO plan;
	RETURN plan #>> '{0,Plan,Plan Rows}';
END
$$;
SELECT pg_temp.expects($$mpxn = '2000000000999'$$) < 10 AS mpxn, pg_temp.expects($$alert ->> 'mpxn' LIKE '20%'$$) < 10 AS alert;
-- Keys and constraints: what is there already cannot be tried out
INSERT INTO poa.suppression_log (log_id) OVERRIDING SYSTEM VALUE VALUES (999);
INSERT INTO poa.release_log (log_id, released_by, reason) VALUES (999, 'me', 'is it there?') ON CONFLICT DO NOTHING;
-- Rows by their place, and locks
SELECT count(*) FROM poa.suppression_log WHERE ctid >= '(0,1)' AND distributor_id <> 19;
SELECT count(*) FROM poa.suppression_log WHERE tableoid = 'poa.suppression_log'::regclass;
SELECT mpxn FROM poa.suppressed_alert FOR SHARE;
SELECT mpxn FROM poa.suppression_log TABLESAMPLE BERNOULLI (100) WHERE distributor_id = 20;
-- Errors that would disclose a value: a row of others is never evaluated
SELECT count(*) FROM poa.suppression_log WHERE (alert ->> 'mpxn')::int > 0 AND distributor_id = 20;
SELECT count(mpxn::bigint / (distributor_id - 20)) FROM poa.suppressed_alert;
SELECT count(CASE WHEN mpxn LIKE '20%' THEN 1 / (log_id - log_id) END) FROM poa.suppressed_alert;
-- Operators and casts of one's own, believed to be cheap
CREATE FUNCTION pg_temp.tell(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
	AS $$BEGIN RAISE NOTICE 'told %', $1; RETURN true; END$$;
CREATE OPERATOR pg_temp.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.tell, RESTRICT = eqsel);
SELECT count(*) FROM poa.suppression_log WHERE mpxn OPERATOR(pg_temp.<<<<) 'x';
SELECT count(*) FROM poa.suppressed_alert AS a JOIN poa.release_log AS r USING (log_id) WHERE r.reason OPERATOR(pg_temp.<<<<) 'x';
SELECT count(*) FROM poa.suppression_monthly WHERE distributor OPERATOR(pg_temp.<<<<) 'x';
CREATE FUNCTION pg_temp.tell_all(poa.suppression_log) RETURNS text LANGUAGE sql COST 0.0000001 AS $$SELECT $1.mpxn$$;
SELECT string_agg(DISTINCT left(pg_temp.tell_all(l), 2), ',') FROM poa.suppression_log AS l;
CREATE FUNCTION pg_temp.leakproof() RETURNS boolean LANGUAGE sql LEAKPROOF RETURN true;

-- A cursor, a prepared statement, a temporary view and a definer's function, taken over by another
BEGIN;
DECLARE mine CURSOR WITH HOLD FOR SELECT left(mpxn, 2) AS d, count(*) FROM poa.suppressed_alert GROUP BY 1;
COMMIT;
PREPARE mine AS SELECT left(mpxn, 2) AS d, count(*) FROM poa.suppressed_alert GROUP BY 1;
EXECUTE mine;
CREATE TEMP VIEW mine AS SELECT left(mpxn, 2) AS d, count(*) FROM poa.suppression_log GROUP BY 1;
CREATE FUNCTION pg_temp.mine() RETURNS text LANGUAGE sql AS $$SELECT string_agg(DISTINCT left(mpxn, 2), ',') FROM poa.suppressed_alert$$;
SELECT pg_temp.mine();
RESET ROLE;
SET ROLE regress_poa_dno20;
EXECUTE mine;
SELECT pg_temp.mine();
RESET ROLE;
SET ROLE regress_poa_dno19;
EXECUTE mine;
FETCH ALL FROM mine;
-- rights of another for the question only
SELECT poa_internal.visible_distributors('regress_poa_dno20');
SELECT poa_internal.visible_distributors('regress_poa_dno19');
-- the reports, too
SELECT DISTINCT distributor_id FROM poa.replay('-infinity', 'infinity');
SELECT DISTINCT distributor_id FROM poa.still_dark('0', '2026-03-02');
SELECT DISTINCT distributor_id FROM poa.restoration('-infinity', 'infinity');
-- COPY of the table, and into it
COPY poa.suppression_log (mpxn) TO stdout;
\set VERBOSITY sqlstate
COPY poa.suppression_log TO PROGRAM 'cat';
\set VERBOSITY terse
\copy poa_internal.access FROM /dev/null
-- A trigger of another function by the same name hides no alert
CREATE TEMP TABLE mimic (i int);
CREATE TRIGGER "~poa_suppress" BEFORE INSERT ON mimic FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE mimic DISABLE TRIGGER "~poa_suppress";
RESET ROLE;
SELECT * FROM poa.health() WHERE check_name IN ('attached', 'trigger', 'hub_index');

DROP TABLE alerts;
CLOSE ALL;
DEALLOCATE ALL;
SELECT poa.revoke_all('regress_poa_dno19'), poa.revoke_all('regress_poa_dno20');
SET client_min_messages = warning;
DROP OWNED BY regress_poa_dno19, regress_poa_dno20;
DROP ROLE regress_poa_dno19, regress_poa_dno20;
