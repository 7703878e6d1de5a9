/*
 * What poa.genuine costs: seconds of a processor, for a month of 240,000 hubs with
 * storms, and for two days up to each morning, of which the dearest and the mean count.
 *
 *   tools/sandbox run psql -f "$PWD/bench/genuine.sql"
 */
\set ON_ERROR_STOP on
\if :{?hubs} \else \set hubs 240000 \endif
SET TimeZone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION poa_suppress;
\ir outages.sql
SET work_mem = '16MB';
CALL sim.make_world(:hubs);
CALL sim.make_month('2026-04-01', 2, :hubs / 12, 0.05, storms => 3, others => 600000);
RESET work_mem;
VACUUM (ANALYZE);

/* what this session has taken of a processor (Linux) */
CREATE FUNCTION sim.cpu() RETURNS numeric LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric / 1000000000;

CREATE FUNCTION sim.time(as_of timestamptz, since timestamptz, OUT seconds numeric, OUT told bigint) LANGUAGE plpgsql AS $$
DECLARE
	start numeric := sim.cpu();
BEGIN
	SELECT count(*) INTO told FROM poa.genuine(as_of, since);
	seconds := round(sim.cpu() - start, 2);
END
$$;
SELECT count(*) AS suppressed, (SELECT count(*) FROM alerts) AS alerts FROM poa.suppression_log;
SELECT t.seconds AS month, t.told FROM sim.time('2026-05-02', '2026-04-01') AS t;
WITH morning AS MATERIALIZED (
	SELECT d, t.* FROM generate_series(timestamptz '2026-04-02 06:00', '2026-05-01 06:00', '1 day') AS d
	CROSS JOIN LATERAL sim.time(d, d - interval '2 days') AS t
)
SELECT max(seconds) AS dearest_two_days, max(told) AS most_told, round(avg(seconds), 2) AS mean FROM morning;
