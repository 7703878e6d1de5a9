/*
 * What poa.genuine costs: seconds of a processor, for a month of 240,000 hubs with
 * storms, and for two days up to each morning, the most and the mean.
 *
 *   tools/sandbox run psql -f "$PWD/bench/genuine.sql"
 */
\set ON_ERROR_STOP on
\if :{?hubs} \else \set hubs 240000 \endif
SET TimeZone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION poa_suppress;
\ir outages.sql
\ir cpu.sql
SET work_mem = '16MB';
CALL sim.make_world(:hubs);
CALL sim.make_month('2026-04-01', 2, :hubs / 12, 0.05, storms => 3, others => 600000);
RESET work_mem;
VACUUM (ANALYZE);

CREATE FUNCTION sim.time(as_of timestamptz, since timestamptz, OUT seconds numeric, OUT n bigint) LANGUAGE plpgsql AS $$
DECLARE
	start bigint := cpu_ns();
BEGIN
	SELECT count(*) INTO n FROM poa.genuine(as_of, since);
	seconds := round((cpu_ns() - start) / 1e9, 2);
END
$$;
SELECT count(*) AS suppressed, (SELECT count(*) FROM alerts) AS alerts FROM poa.suppression_log;
SELECT t.seconds AS month, t.n AS rows FROM sim.time('2026-05-02', '2026-04-01') AS t;
WITH morning AS MATERIALIZED (
	SELECT d, t.* FROM generate_series(timestamptz '2026-04-02 06:00', '2026-05-01 06:00', '1 day') AS d
	CROSS JOIN LATERAL sim.time(d, d - interval '2 days') AS t
)
SELECT max(seconds) AS most_two_days, max(n) AS most_rows, round(avg(seconds), 2) AS mean_two_days FROM morning;
