/*
 * Counters begin again at midnight UTC, for the sake of cost: a day of the log is
 * found by index, a count of the whole would be made at every scrape.  A purge
 * cannot be seen in them either.  Sizes are the planner's estimates likewise.
 */
CREATE FUNCTION poa_internal.read_metrics()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE ROWS 60
SET search_path = pg_catalog, pg_temp SET jit = off	/* compiling takes longer than running */
AS $$
	WITH entry AS MATERIALIZED (
		SELECT coalesce(l.distributor_id::text, 'none') AS distributor_id,
			count(*) FILTER (WHERE l.diverted) AS diverted, count(*) FILTER (WHERE NOT l.diverted AND l.hold_id IS NULL) AS shadowed
		FROM poa.suppression_log AS l
		WHERE l.decided_at >= date_trunc('day', now(), 'UTC')
		GROUP BY 1
	), last_entry AS (
		SELECT l.logged_at FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1
	), last_activation AS (
		SELECT a.received_at FROM poa.activation AS a ORDER BY a.activation_id DESC LIMIT 1
	), metric AS (
		SELECT 1 AS n, 'alerts_diverted_total' AS name, jsonb_build_object('distributor_id', distributor_id) AS labels,
			coalesce(e.diverted, 0)::float8 AS value
		FROM (SELECT d.distributor_id::text FROM poa.distributor AS d UNION ALL SELECT 'none') AS d (distributor_id)
		FULL JOIN entry AS e USING (distributor_id)
		UNION ALL
		SELECT 2, 'alerts_shadowed_total', '{}', coalesce(sum(e.shadowed), 0) FROM entry AS e
		UNION ALL
		SELECT 3, 'alerts_released_total', '{}', count(*)
		FROM poa.release_log AS r WHERE r.released_at >= date_trunc('day', now(), 'UTC')
		UNION ALL
		SELECT 4, 'log_entries_total', '{}', CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM poa.suppression_log_log_id_seq AS s
		UNION ALL
		SELECT 5, 'last_logged_timestamp_seconds', '{}', extract(epoch FROM l.logged_at) FROM last_entry AS l
		UNION ALL
		SELECT 6, 'activations_total', '{}', CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM poa.activation_activation_id_seq AS s
		UNION ALL
		SELECT 7, 'last_activation_timestamp_seconds', '{}', extract(epoch FROM a.received_at) FROM last_activation AS a
		UNION ALL
		SELECT 8, 'newest_activations', jsonb_build_object('status', s.status), count(a.status)
		FROM unnest(ARRAY['tracked', 'superseded', 'cancelled', 'succeeded', 'failed']) AS s (status)
		LEFT JOIN (
			SELECT a.status FROM poa.activation AS a ORDER BY a.activation_id DESC LIMIT 10000
		) AS a USING (status)
		GROUP BY s.status
		UNION ALL
		SELECT 9, 'manufacturers', '{}', count(*) FROM poa.manufacturer
		UNION ALL
		SELECT 10, s.name, '{}', c.reltuples
		FROM (VALUES ('guid_list_size', 'poa.guid_list'), ('devices', 'poa.device')) AS s (name, relation)
		JOIN pg_class AS c ON c.oid = to_regclass(s.relation) AND c.reltuples >= 0
		UNION ALL
		SELECT 11, 'health', jsonb_build_object('check', h.check_name), h.ok::int FROM poa.health() AS h
	)
	SELECT 'poa_suppress_' || m.name, m.labels, m.value
	FROM metric AS m
	ORDER BY m.n, m.name, m.labels
$$;
COMMENT ON FUNCTION poa_internal.read_metrics() IS 'the rows of the view poa.metrics';
SELECT poa_internal.permit('FUNCTION poa_internal.read_metrics()', '{operator,auditor}');

CREATE VIEW poa.metrics
WITH (security_invoker = true, security_barrier = true) AS
	SELECT m.name, m.labels, m.value FROM poa_internal.read_metrics() AS m;
COMMENT ON VIEW poa.metrics IS
	'figures for a monitor such as Prometheus.'
	' Since midnight UTC, when they begin anew: poa_suppress_alerts_diverted_total (by distributor_id), _alerts_shadowed_total'
	' (what shadow mode would have diverted), _alerts_released_total. Since ever, as numbers given out, some of which are missing'
	' after rollbacks: _log_entries_total, _activations_total. Instants in seconds since 1970, no row where there is none:'
	' _last_logged_timestamp_seconds, _last_activation_timestamp_seconds (its receipt). _newest_activations: of the newest 10,000,'
	' how many have which status. _manufacturers. Estimates of the planner, no row before ANALYZE: _guid_list_size, _devices.'
	' _health: 1 where the check of poa.health() is ok, else 0';
COMMENT ON COLUMN poa.metrics.name IS 'name by the rules of Prometheus: counters end in _total, times are in seconds';
COMMENT ON COLUMN poa.metrics.labels IS
	'labels and their values, a flat object of strings.'
	' distributor_id (none for alerts without one), status or check; empty where the figure has none';
COMMENT ON COLUMN poa.metrics.value IS 'the figure, never NULL';
