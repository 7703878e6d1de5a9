/*
 * Checks of poa.health: what happens.  Rates are alerts a window, so that neither a quiet night nor a
 * campaign looks like a fault.  Only the newest windows and the log rows of 15
 * days are read, which indexes find: it does not cost more when the log is
 * longer.
 */
CREATE FUNCTION poa_internal.last_alert() RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		(SELECT max(l.decided_at) FROM poa.suppression_log AS l WHERE l.decided_at > now() - interval '15 days'),
		(SELECT l.decided_at FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1))
$$;
COMMENT ON FUNCTION poa_internal.last_alert() IS 'UTC instant of the newest alert in the log, NULL where it is empty';
REVOKE ALL ON FUNCTION poa_internal.last_alert() FROM PUBLIC;

CREATE FUNCTION poa_internal.newest_activations() RETURNS SETOF poa.activation
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* by node, as numbers of different nodes have no order in time */
	WITH RECURSIVE node (node) AS (
		SELECT poa_internal.node_of_number((SELECT min(a.activation_id) FROM poa.activation AS a))
		UNION ALL
		SELECT poa_internal.node_of_number((
			SELECT min(a.activation_id) FROM poa.activation AS a WHERE a.activation_id >= (n.node + 1) * 1000000000000))
		FROM node AS n WHERE n.node IS NOT NULL
	)
	SELECT a.* FROM node AS n
	CROSS JOIN LATERAL (
		SELECT a.* FROM poa.activation AS a
		WHERE a.activation_id >= n.node * 1000000000000 AND a.activation_id < (n.node + 1) * 1000000000000
		ORDER BY a.activation_id DESC LIMIT 30000
	) AS a
$$;
COMMENT ON FUNCTION poa_internal.newest_activations() IS
	'the newest 30,000 activations of each node.'
	' That is all that health and metrics read of them';
SELECT poa_internal.permit('FUNCTION poa_internal.newest_activations()', '{operator,auditor}');

CREATE FUNCTION poa_internal.windows_by_day()
RETURNS TABLE (day integer, since_last_alert boolean, windows bigint, alerts bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off	/* compiling takes longer than running */
AS $$
	SELECT a.day, a.since_last_alert, count(*), coalesce(sum(e.alerts), 0)::bigint
	FROM (
		SELECT a.activation_id, a.opens_at > (SELECT coalesce(poa_internal.last_alert(), '-infinity')) AS since_last_alert,
			15 - width_bucket(a.closes_at, (SELECT array_agg(now() - n * interval '1 day' ORDER BY n DESC)
				FROM generate_series(0, 15) AS n)) AS day
		FROM poa_internal.newest_activations() AS a
		WHERE poa_internal.suppresses(a.status)
	) AS a
	LEFT JOIN (
		SELECT l.activation_id, count(*) AS alerts FROM poa.suppression_log AS l
		WHERE l.decided_at > now() - interval '15 days' GROUP BY l.activation_id
	) AS e USING (activation_id)
	GROUP BY 1, 2
$$;
COMMENT ON FUNCTION poa_internal.windows_by_day() IS
	'suppressing windows of the newest 30,000 activations, and the alerts in them.'
	' day counts 24 hours back from now: 0 is the last one, 15 all before the fourteenth, -1 are windows that are open';
REVOKE ALL ON FUNCTION poa_internal.windows_by_day() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_tracking(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(l.at > now() - interval '7 days', false),
		CASE WHEN l.at > now() - interval '7 days' THEN format('the last activation was received at %s', l.at)
			ELSE coalesce('no activation was tracked since ' || l.at::text, 'no activation was ever tracked')
				|| ': messages may not reach poa.receive, or concern no eligible meter;'
				' SELECT * FROM poa.activation ORDER BY activation_id DESC LIMIT 10' END
	FROM (
		SELECT max(a.received_at) FROM poa_internal.newest_activations() AS a
	) AS l (at)
$$;
COMMENT ON FUNCTION poa_internal.health_tracking() IS 'check tracking: an activation was received within 7 days';
REVOKE ALL ON FUNCTION poa_internal.health_tracking() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_logging(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH seen AS (
		SELECT coalesce(sum(d.windows) FILTER (WHERE d.since_last_alert), 0) AS windows,
			coalesce(sum(d.windows) FILTER (WHERE NOT d.since_last_alert), 0) AS windows_before,
			coalesce(sum(d.alerts) FILTER (WHERE NOT d.since_last_alert), 0) AS alerts_before
		FROM poa_internal.windows_by_day() AS d WHERE d.day BETWEEN 0 AND 14
	), silence AS (
		/* a hundred windows with one alert are taken for granted: a new log has no others */
		SELECT s.windows, s.windows * (1 + s.alerts_before) / (100 + s.windows_before) AS expected,
			poa_internal.last_alert() AS last_alert
		FROM seen AS s
	)
	SELECT s.expected < 10,
		CASE WHEN s.expected < 10
			THEN coalesce('the newest entry is for an alert at ' || s.last_alert::text, 'the log is empty')
			ELSE format('%s windows have passed since %s without an alert, where some %s alerts were to be expected:'
				' alerts may not reach the attached table, or not with the hub''s GUID and the time of receipt;'
				' SELECT * FROM poa.attached',
				s.windows, coalesce('the last alert at ' || s.last_alert::text, 'the beginning'), round(s.expected)) END
	FROM silence AS s
$$;
COMMENT ON FUNCTION poa_internal.health_logging() IS
	'check logging: fewer than ten alerts are missing since the last one';
REVOKE ALL ON FUNCTION poa_internal.health_logging() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_rate(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH day AS MATERIALIZED (
		SELECT d.day, sum(d.windows) AS windows, sum(d.alerts) AS alerts
		FROM poa_internal.windows_by_day() AS d GROUP BY d.day
	), rate AS (
		SELECT t.windows, t.alerts, t.windows * u.usual AS expected
		FROM (SELECT coalesce(sum(d.windows), 0) AS windows, coalesce(sum(d.alerts), 0) AS alerts
				FROM day AS d WHERE d.day = 0) AS t,
			(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (d.alerts / d.windows)::float8) AS usual
				FROM day AS d WHERE d.day BETWEEN 1 AND 14 AND d.windows >= 20) AS u
	), judged AS (
		SELECT r.*, coalesce(NOT (r.alerts >= 10 AND r.alerts > 5 * r.expected
			OR r.expected >= 10 AND r.alerts * 5 < r.expected), true) AS ok
		FROM rate AS r
	)
	SELECT j.ok, format('%s alerts in %s windows of the last 24 hours, ', j.alerts, j.windows)
		|| coalesce('usually ' || round(j.expected)::text, 'with nothing yet to compare them with')
		|| CASE WHEN j.ok THEN ''
			WHEN j.alerts > j.expected THEN ': genuine outages may be among them; SELECT * FROM poa.still_dark()'
			ELSE ': alerts may not reach the attached table; SELECT * FROM poa.attached' END
	FROM judged AS j
$$;
COMMENT ON FUNCTION poa_internal.health_rate() IS
	'check rate: alerts a window are within a factor of five of what is usual.'
	' The last 24 hours are compared with the median of the 14 days before';
REVOKE ALL ON FUNCTION poa_internal.health_rate() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_released(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT c.ok, format('%s of the %s alerts diverted within 15 days were released', c.released, c.alerts)
		|| CASE WHEN c.ok THEN '' ELSE ', more than a fifth: a shorter window may fit; SELECT * FROM poa.window_fit' END
	FROM (
		SELECT count(*), count(r.log_id), NOT (count(r.log_id) >= 10 AND count(r.log_id) * 5 > count(*))
		FROM poa.suppression_log AS l
		LEFT JOIN poa.release_log AS r USING (log_id)
		WHERE l.diverted AND l.decided_at > now() - interval '15 days'
	) AS c (alerts, released, ok)
$$;
COMMENT ON FUNCTION poa_internal.health_released() IS
	'check released: at most a fifth of what was diverted within 15 days was';
REVOKE ALL ON FUNCTION poa_internal.health_released() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_reboots(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) FILTER (WHERE d.drifted) = 0,
		CASE
			WHEN count(*) = 0 THEN 'nothing was learned of reboots, or nothing is known of them'
			WHEN count(*) FILTER (WHERE d.drifted) = 0 THEN format('reboots of %s begin when they are known to',
				string_agg(d.manufacturer, ', ' ORDER BY d.manufacturer))
			ELSE format('reboots have drifted, and the start of an outage is no evidence until what they are like now is learned: %s; %s',
				string_agg(format('%s of the last %s of %s began at another time than was learned', d.outside, d.alerts, d.manufacturer), ', '
					ORDER BY d.manufacturer) FILTER (WHERE d.drifted),
				'SELECT poa.learn(now() - interval ''14 days'', now())') END
	FROM poa_internal.drift(now()) AS d
$$;
COMMENT ON FUNCTION poa_internal.health_reboots() IS
	'check reboots: those of each make begin when poa.learn found that they do.'
	' Of its last 300 alerts at most 2 in 100 began at another time';
REVOKE ALL ON FUNCTION poa_internal.health_reboots() FROM PUBLIC;
