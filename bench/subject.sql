/*
 * What is asked of one hub, device or MPxN, among very many, as a DNO and as an
 * operator: milliseconds of a processor, the mean of 50 different ones.
 *
 *   tools/sandbox run psql -v log=10000000 -v devices=13000000 -f "$PWD/bench/subject.sql"
 *
 * :log suppressed AD1s in a year up to now and their restorations, :activations of
 * the first of :devices meters, of which some have windows that are open or to come.
 */
\set ON_ERROR_STOP on
\if :{?log} \else \set log 2000000 \endif
\if :{?devices} \else \set devices 3000000 \endif
\if :{?activations} \else \set activations 1400000 \endif
\ir world.sql
SET TimeZone = 'UTC';

CREATE FUNCTION bench.at(n double precision) RETURNS timestamptz LANGUAGE sql STABLE
RETURN date_trunc('day', now(), 'UTC') + interval '1 day' - n * interval '365 days';

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT bench.meter(n), 'ESME', 2, '1063', bench.hub(n), bench.mpan(n) FROM generate_series(1, :devices) AS n;
INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status, mpxn, originator)
SELECT bench.meter(n), bench.hub(n), 'request ' || n, t, t, t, t + interval '30 minutes', 'succeeded', bench.mpan(n), bench.hub(0)
FROM generate_series(1, :activations) AS n CROSS JOIN LATERAL bench.at(1 - n::double precision / :activations) AS t;
CREATE TABLE bench.outage AS
SELECT i, a.n, bench.hub(a.n) AS chf, bench.meter(a.n) AS device, bench.mpan(a.n) AS mpxn, t AS activated, t + interval '10 minutes' AS at
FROM generate_series(1, :log) AS i CROSS JOIN LATERAL (SELECT 1 + i::bigint * 7919 % :activations) AS a (n)
CROSS JOIN LATERAL bench.at(1 - i::double precision / :log) AS t;
INSERT INTO poa.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code, chf, mpxn,
	distributor_id, decided_at, activation_id, matched, device, manufacturer, request_id, activates_at, opens_at, closes_at, delay)
SELECT at, true, 'bench', 'alert_history',
	jsonb_build_object('alert_id', i, 'alert_code', 'AD1', 'chf', chf, 'device', NULL, 'mpxn', mpxn, 'received_at', at),
	'AD1', chf, mpxn, left(mpxn, 2)::smallint, at, n, ARRAY[n], device, '1063',
	'request ' || n, activated, activated, activated + interval '30 minutes', at - activated
FROM bench.outage ORDER BY i;
CREATE TABLE bench.alert_history (alert_id bigint, alert_code text NOT NULL, chf guid, device guid, mpxn text, received_at timestamptz NOT NULL)
PARTITION BY RANGE (received_at);
SELECT format('CREATE TABLE bench."alert_history_%s" PARTITION OF bench.alert_history FOR VALUES FROM (%L) TO (%L)', m, d, d + interval '1 month')
FROM generate_series(-12, 1) AS m CROSS JOIN LATERAL (SELECT date_trunc('month', now(), 'UTC') + m * interval '1 month') AS t (d) \gexec
INSERT INTO bench.alert_history SELECT i, '8F36', chf, device, mpxn, at + interval '5 minutes' FROM bench.outage;
CREATE INDEX ON bench.alert_history (chf, received_at);
CREATE INDEX ON bench.alert_history (device, received_at);
CREATE INDEX ON bench.alert_history (received_at) INCLUDE (chf, mpxn) WHERE alert_code = 'AD1';
SELECT poa.attach('bench.alert_history', device => 'device') \g /dev/null
VACUUM (ANALYZE) bench.alert_history, poa.suppression_log, poa.activation, poa.device;

CREATE ROLE bench_dno;
CREATE ROLE bench_operator;
SELECT poa.grant_dno('bench_dno', 12), poa.grant_operator('bench_operator') \g /dev/null
GRANT USAGE ON SCHEMA bench TO bench_dno, bench_operator;

/* %1$L is a hub, %2$L a device and %3$L an MPxN of distributor 12; those asked have alerts */
CREATE PROCEDURE bench.time(question text, role name) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	start bigint;
	spent bigint := 0;
	n bigint;
	answered bigint := 0;
BEGIN
	FOR turn IN 0 .. 50 LOOP
		SELECT format(question, o.chf, o.device, o.mpxn) INTO statement FROM bench.outage AS o
		WHERE o.i >= 100 + turn * (SELECT max(m.i) FROM bench.outage AS m) / 52 AND left(o.mpxn, 2) = '12' LIMIT 1;
		start := cpu_ns();
		EXECUTE format('SET LOCAL ROLE %I', role);
		EXECUTE statement INTO n;
		RESET ROLE;
		/* which plans, and finds nothing in the caches */
		IF turn > 0 THEN
			spent := spent + cpu_ns() - start;
			answered := answered + n;
		END IF;
	END LOOP;
	RAISE NOTICE '% ms, % rows, %: %', to_char(spent / 50e6, '9990.9'), lpad(answered::text, 6), rpad(role, 14), question;
END
$$;
CREATE INDEX ON bench.outage (i);
ANALYZE bench.outage;
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT format('CALL bench.time(%L, %L)', question, role)
FROM unnest(ARRAY[
	'SELECT count(*) FROM poa.timeline(%1$L)', 'SELECT count(*) FROM poa.timeline(%2$L)', 'SELECT count(*) FROM poa.timeline(%3$L)',
	'SELECT count(*) FROM poa.suppressed_alert WHERE mpxn = %3$L', 'SELECT count(*) FROM poa.suppressed_alert WHERE chf = %1$L',
	'SELECT count(*) FROM poa.open_window WHERE mpxn = %3$L', 'SELECT count(*) FROM poa.open_window WHERE chf = %1$L',
	'SELECT count(*) FROM poa.open_window WHERE device = %2$L', 'SELECT count(*) FROM poa.open_window',
	'SELECT count(*) FROM poa.metrics', 'SELECT count(*) FROM poa.health_now'
]) WITH ORDINALITY AS q (question, n), unnest(ARRAY['bench_dno', 'bench_operator']) AS role
WHERE role = 'bench_operator' OR question !~ 'metrics|health'
ORDER BY n, role \gexec
