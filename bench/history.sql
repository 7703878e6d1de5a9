/*
 * The reports over a year of history, as a DNO calls them:
 *
 *   tools/sandbox run psql -v alerts=20000000 -f "$PWD/bench/history.sql"
 *
 * 200,000 suppressed AD1s with their activations and restorations, among as
 * many activations as 1.4 million meters have, and :alerts other alerts of 5
 * million hubs, one in 20 an AD1, in an attached table with a partition a month.
 */
\set ON_ERROR_STOP on
\if :{?alerts} \else \set alerts 2000000 \endif
\if :{?activations} \else \set activations 1400000 \endif
\set suppressed 200000
\ir world.sql
SET TimeZone = 'UTC';

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT bench.meter(n), 'ESME', 2, '1063', bench.hub(n), bench.mpan(n) FROM generate_series(1, :activations) AS n;

/* activation n is of meter n; every so many had an AD1 ten minutes later, which was suppressed */
CREATE FUNCTION bench.at(n double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN timestamptz '2025-01-01Z' + n * interval '365 days';
INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status)
SELECT bench.meter(n), bench.hub(n), 'request ' || n, t, t, t, t + interval '30 minutes', 'succeeded'
FROM generate_series(1, :activations) AS n CROSS JOIN LATERAL bench.at(n / (:activations + 1.0)) AS t;
CREATE TABLE bench.outage AS
SELECT i, n, bench.hub(n) AS chf, bench.meter(n) AS device, bench.mpan(n) AS mpxn, t AS activated, t + interval '10 minutes' AS at
FROM generate_series(1, :suppressed) AS i CROSS JOIN LATERAL (SELECT i::bigint * :activations / :suppressed - i % 7) AS a (n)
CROSS JOIN LATERAL bench.at(n / (:activations + 1.0)) AS t;
INSERT INTO poa.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code, chf, mpxn,
	distributor_id, decided_at, activation_id, matched, device, manufacturer, request_id, activates_at, opens_at, closes_at, delay)
SELECT at, true, 'bench', 'alert_history',
	jsonb_build_object('alert_id', i, 'alert_code', 'AD1', 'chf', chf, 'device', NULL, 'mpxn', mpxn, 'received_at', at),
	'AD1', chf, mpxn, left(mpxn, 2)::smallint, at, n, ARRAY[n], device, '1063',
	'request ' || n, activated, activated, activated + interval '30 minutes', at - activated
FROM bench.outage ORDER BY i;

CREATE TABLE bench.alert_history (alert_id bigint, alert_code text NOT NULL, chf guid, device guid, mpxn text, received_at timestamptz NOT NULL)
PARTITION BY RANGE (received_at);
SELECT format('CREATE TABLE bench.alert_history_%s PARTITION OF bench.alert_history FOR VALUES FROM (%L) TO (%L)', m, d, d + interval '1 month')
FROM generate_series(1, 13) AS m CROSS JOIN LATERAL (SELECT timestamptz '2024-12-01Z' + m * interval '1 month') AS t (d) \gexec
/* one in 997 kept silent; the others' power came back */
INSERT INTO bench.alert_history SELECT i, '8F36', chf, device, mpxn, at + interval '5 minutes' FROM bench.outage WHERE i % 997 <> 0;
INSERT INTO bench.alert_history
SELECT i, CASE WHEN i % 20 = 0 THEN 'AD1' ELSE '8F3E' END, bench.hub(h), NULL, bench.mpan(h), bench.at(i / (:alerts + 1.0))
FROM generate_series(1, :alerts) AS i CROSS JOIN LATERAL (SELECT 2000000 + i::bigint * 7919 % 5000000) AS a (h);
CREATE INDEX ON bench.alert_history (chf, received_at);
SELECT poa.attach('bench.alert_history', device => 'device') \g /dev/null
VACUUM (ANALYZE) bench.alert_history, poa.suppression_log, poa.activation, poa.device;

CREATE ROLE bench_dno;
SELECT poa.grant_dno('bench_dno', 12) \g /dev/null
/* the median of five; a first, which finds its data on disk, does not count */
CREATE PROCEDURE bench.time(indexes text) LANGUAGE plpgsql AS $$
DECLARE
	report text;
	start timestamptz;
	ms integer[];
	n bigint;
BEGIN
	FOREACH report IN ARRAY ARRAY[
		'poa.suppression_monthly', 'poa.window_fit',
		'poa.still_dark(as_of => ''2026-01-01'')',
		'poa.restoration(''2025-06-01'', ''2025-07-01'')', 'poa.restoration(''2025-01-01'', ''2026-01-01'')',
		'poa.late_activation(''2025-06-01'', ''2025-07-01'')', 'poa.late_activation(''2025-01-01'', ''2026-01-01'')',
		'poa.replay(''2025-06-01'', ''2025-07-01'')', 'poa.replay(''2025-06-01'', ''2025-07-01'', ''0'', ''1 hour'')',
		'poa.replay(''2025-01-01'', ''2026-01-01'')', 'poa.replay(''2025-01-01'', ''2026-01-01'', ''0'', ''1 hour'')']
	LOOP
		FOR i IN 0 .. 5 LOOP
			start := clock_timestamp();
			EXECUTE 'SET LOCAL ROLE bench_dno';
			EXECUTE format('SELECT count(*) FROM %s', report) INTO n;
			RESET ROLE;
			ms[i] := extract(epoch FROM clock_timestamp() - start) * 1000;
		END LOOP;
		RAISE NOTICE '% ms, % rows, %: %', lpad((SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY m) FROM unnest(ms[1:]) AS m)::text, 6), lpad(n::text, 6), indexes, report;
	END LOOP;
END
$$;
CALL bench.time('index on hub');
CREATE INDEX ON bench.alert_history (device, received_at);
ANALYZE bench.alert_history;
CALL bench.time('and on device');
CREATE INDEX ON bench.alert_history (received_at) INCLUDE (chf, mpxn) WHERE alert_code = 'AD1';
VACUUM (ANALYZE) bench.alert_history;
CALL bench.time('and on AD1');
