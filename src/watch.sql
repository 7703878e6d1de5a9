/*
 * Watching: do the windows fit, is all well, and figures for a monitor.
 */

CREATE VIEW poa.window_fit
	(manufacturer, month, alerts, p50, p95, p99, longest, share_in_last_5_minutes)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT f.manufacturer, f.month, f.alerts, f.p[1], f.p[2], f.p[3], f.longest,
		f.late::numeric OPERATOR(pg_catalog./) f.alerts::numeric
	FROM (
		SELECT l.manufacturer, poa.utc_month(l.decided_at),
			pg_catalog.count(*),
			pg_catalog.percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY l.delay),
			pg_catalog.max(l.delay),
			pg_catalog.count(*) FILTER (WHERE l.decided_at
				OPERATOR(pg_catalog.>=) (l.closes_at OPERATOR(pg_catalog.-) interval '5 minutes'))
		FROM poa.suppression_log AS l
		GROUP BY 1, 2
	) AS f (manufacturer, month, alerts, p, longest, late);
COMMENT ON VIEW poa.window_fit IS
	'do the windows fit the meters: how long after the activation the alerts came, by manufacturer and UTC month, as far as the reader may see them. Diverted alerts and those of shadow mode alike, which is there to judge the window before it counts; released ones too. An alert after the window is not here but in its table';
COMMENT ON COLUMN poa.window_fit.manufacturer IS 'CPL identifier of the meters'' manufacturer, NULL for meters that were not in poa.device';
COMMENT ON COLUMN poa.window_fit.month IS 'first day of the month of the alerts, in UTC';
COMMENT ON COLUMN poa.window_fit.alerts IS 'number of log rows; a throttled AD1 counts once';
COMMENT ON COLUMN poa.window_fit.p50 IS 'interval from the activation to the alert (delay) that half of the alerts kept to, interpolated between two of them; negative before the activation';
COMMENT ON COLUMN poa.window_fit.p95 IS 'the same for 95 in 100';
COMMENT ON COLUMN poa.window_fit.p99 IS 'the same for 99 in 100';
COMMENT ON COLUMN poa.window_fit.longest IS 'the longest delay, interval';
COMMENT ON COLUMN poa.window_fit.share_in_last_5_minutes IS
	'fraction, 0 to 1, of the alerts that came in the last five minutes before their window closed; where it grows, windows have become short for the meters, and later alerts are missed';

/*
 * Rates are alerts a window, so that neither a quiet night nor a campaign looks
 * like a fault.  Only the newest windows and the log rows of 15 days are looked
 * at, which indexes find: it does not cost more when the log is longer.
 */
CREATE FUNCTION poa.health()
RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE sql STABLE ROWS 11
SET search_path = pg_catalog, pg_temp SET jit = off	/* compiling takes longer than running */
AS $$
	WITH attached AS (
		SELECT t.tgrelid::regclass::text AS name, t.tgrelid, t.tgparentid = 0 AS root, c.relkind,
			t.tgenabled IN ('O', 'A') AS fires, a.arguments[2] AS chf, a.arguments[6] AS mode
		FROM pg_trigger AS t
		JOIN pg_class AS c ON c.oid = t.tgrelid
		CROSS JOIN LATERAL (
			/* each ends with a zero byte; in hexadecimal no name looks like one */
			SELECT array_agg(convert_from(decode(replace(u.hex, ' ', ''), 'hex'), getdatabaseencoding()) ORDER BY u.n)
			FROM string_to_table(regexp_replace(encode(t.tgargs, 'hex'), '(..)', '\1 ', 'g'), '00 ')
				WITH ORDINALITY AS u (hex, n)
		) AS a (arguments)
		/* anybody may give a trigger of his own this name */
		WHERE t.tgname = '~poa_suppress' AND t.tgfoid = 'poa.divert()'::regprocedure AND t.tgnargs = 6
	), tables AS (
		SELECT count(*) FILTER (WHERE a.root) AS number,
			count(*) FILTER (WHERE a.root AND a.mode = 'shadow') AS shadows,
			string_agg(a.name, ', ' ORDER BY a.name) FILTER (WHERE NOT a.fires) AS silent,
			string_agg(format('CREATE INDEX ON %s (%I)', a.name, a.chf), '; ' ORDER BY a.name)
				FILTER (WHERE a.relkind = 'r' AND NOT EXISTS (
					SELECT FROM pg_index AS i
					JOIN pg_class AS x ON x.oid = i.indexrelid
					JOIN pg_am AS m ON m.oid = x.relam AND m.amname IN ('btree', 'hash')
					JOIN pg_attribute AS k ON k.attrelid = i.indrelid AND k.attnum = i.indkey[0]
					WHERE i.indrelid = a.tgrelid AND i.indisvalid AND i.indpred IS NULL AND k.attname = a.chf)) AS slow
		FROM attached AS a
	), unguarded AS (
		SELECT string_agg(g.log, ', ' ORDER BY g.log) AS logs
		FROM (VALUES ('poa.suppression_log'), ('poa.release_log')) AS g (log)
		WHERE NOT EXISTS (
			SELECT FROM pg_trigger AS t
			WHERE t.tgrelid = to_regclass(g.log) AND t.tgname = 'append_only' AND t.tgenabled = 'A')
	), entry AS MATERIALIZED (
		SELECT l.log_id, l.activation_id, l.diverted, l.decided_at
		FROM poa.suppression_log AS l
		WHERE l.decided_at > now() - interval '15 days'
	), last_entry AS (
		SELECT coalesce((SELECT max(e.decided_at) FROM entry AS e),
			(SELECT l.decided_at FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1)) AS at
	), day AS MATERIALIZED (
		/* of 24 hours back from now: 0 is the last one, 15 all before the fourteenth, -1 are windows that are open */
		SELECT a.day AS n, a.since_last_entry, max(a.received_at) AS last_received,
			count(*) FILTER (WHERE a.status IN ('tracked', 'succeeded')) AS windows,
			coalesce(sum(e.alerts), 0) AS alerts
		FROM (
			SELECT a.activation_id, a.received_at, a.status,
				a.opens_at > (SELECT coalesce(l.at, '-infinity') FROM last_entry AS l) AS since_last_entry,
				15 - width_bucket(a.closes_at, (SELECT array_agg(now() - n * interval '1 day' ORDER BY n DESC)
					FROM generate_series(0, 15) AS n)) AS day
			FROM poa.activation AS a
			ORDER BY a.activation_id DESC LIMIT 30000
		) AS a
		LEFT JOIN (
			SELECT e.activation_id, count(*) AS alerts FROM entry AS e GROUP BY e.activation_id
		) AS e USING (activation_id)
		GROUP BY 1, 2
	), last_activation AS (
		SELECT max(d.last_received) AS at FROM day AS d
	), silence AS (
		/*
		 * How many alerts were to be expected since the last one.  A hundred windows
		 * with one alert are taken for granted: a new log knows no better.
		 */
		SELECT s.windows, s.windows * (1 + s.alerts_before) / (100 + s.windows_before) AS expected
		FROM (
			SELECT coalesce(sum(d.windows) FILTER (WHERE d.since_last_entry), 0) AS windows,
				coalesce(sum(d.windows) FILTER (WHERE NOT d.since_last_entry), 0) AS windows_before,
				coalesce(sum(d.alerts) FILTER (WHERE NOT d.since_last_entry), 0) AS alerts_before
			FROM day AS d WHERE d.n BETWEEN 0 AND 14
		) AS s
	), rate AS (
		SELECT t.windows, t.alerts, t.windows * u.usual AS expected
		FROM (
			SELECT coalesce(sum(d.windows), 0) AS windows, coalesce(sum(d.alerts), 0) AS alerts
			FROM day AS d WHERE d.n = 0
		) AS t, (
			SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b.rate) AS usual
			FROM (
				SELECT (sum(d.alerts) / sum(d.windows))::float8
				FROM day AS d WHERE d.n BETWEEN 1 AND 14
				GROUP BY d.n
				HAVING sum(d.windows) >= 20
			) AS b (rate)
		) AS u
	), released AS (
		SELECT count(*) AS alerts, count(r.log_id) AS released
		FROM entry AS e
		LEFT JOIN poa.release_log AS r USING (log_id)
		WHERE e.diverted
	)
	SELECT c.check_name, c.ok, CASE WHEN c.ok THEN c.good ELSE c.bad END
	FROM (SELECT now() AS at) AS t, tables, unguarded, last_entry, last_activation, silence, rate, released
	CROSS JOIN LATERAL (VALUES
		(1, 'enabled', poa.is_enabled(),
			'poa_suppress.enabled is on',
			'poa_suppress.enabled is off, every alert is stored; ALTER SYSTEM RESET or ALTER DATABASE ... RESET poa_suppress.enabled'),
		(2, 'attached', tables.number > 0,
			format('%s attached, %s of them in shadow mode', tables.number, tables.shadows),
			'no table is attached, nothing is suppressed; SELECT poa.attach(...)'),
		(3, 'trigger', tables.silent IS NULL,
			'the trigger of every attached table fires',
			format('the trigger does not fire on %s, alerts are stored unjudged; ALTER TABLE ... ENABLE TRIGGER "~poa_suppress"', tables.silent)),
		(4, 'hub_index', tables.slow IS NULL,
			'every attached table has an index that begins with its hub column',
			format('no index begins with the hub column, reports read the whole table; %s', tables.slow)),
		(5, 'manufacturer', EXISTS (SELECT FROM poa.manufacturer),
			'there are manufacturers',
			'poa.manufacturer is empty, no activation is tracked; INSERT the manufacturers that are concerned'),
		(6, 'guid_list', EXISTS (SELECT FROM poa.guid_list),
			'there are GUIDs on the list',
			'poa.guid_list is empty, no activation is tracked; load the list with poa-load-list'),
		(7, 'append_only', unguarded.logs IS NULL,
			'the logs are guarded',
			format('%s can be changed; ALTER TABLE ... ENABLE ALWAYS TRIGGER append_only, and ask who disabled it', unguarded.logs)),
		(8, 'tracking', coalesce(last_activation.at > t.at - interval '7 days', false),
			format('the last activation was received at %s', last_activation.at),
			CASE WHEN last_activation.at IS NULL THEN 'no activation was ever tracked; pass the messages on to poa.receive'
				ELSE format('no activation was tracked since %s; do messages reach poa.receive, and does it answer not_eligible?', last_activation.at) END),
		(9, 'logging', silence.expected < 10,
			coalesce('the newest entry is for an alert at ' || last_entry.at::text, 'the log is empty'),
			format('%s windows have passed since %s without an alert, where some %s alerts were to be expected;'
				' do alerts reach the attached table, with the hub''s GUID and the time of receipt?',
				silence.windows, coalesce('the last alert at ' || last_entry.at::text, 'the beginning'), round(silence.expected))),
		(10, 'rate', coalesce(NOT (rate.alerts >= 10 AND rate.alerts > 5 * rate.expected
				OR rate.expected >= 10 AND rate.alerts * 5 < rate.expected), true),
			format('%s alerts in %s windows of the last 24 hours', rate.alerts, rate.windows)
				|| coalesce(', usually ' || round(rate.expected)::text, ', with nothing yet to compare them with'),
			format('%s alerts in %s windows of the last 24 hours, usually %s; %s', rate.alerts, rate.windows, round(rate.expected),
				CASE WHEN rate.alerts > rate.expected THEN 'is it a storm? poa.still_dark() has what should not stay suppressed'
					ELSE 'do all alerts reach the attached table?' END)),
		(11, 'released', NOT (released.released >= 10 AND released.released * 5 > released.alerts),
			format('%s of the %s alerts diverted within 15 days were released', released.released, released.alerts),
			format('%s of the %s alerts diverted within 15 days were released, more than a fifth;'
				' read why in poa.release_log, and poa.window_fit for a shorter window', released.released, released.alerts))
	) AS c (n, check_name, ok, good, bad)
	ORDER BY c.n
$$;
COMMENT ON FUNCTION poa.health() IS
	'is all well, one row a check, always the same ones in the same order; detail says what was found and, where ok is false, what to do. enabled: the kill switch; attached: some table is; trigger: it fires everywhere; hub_index: every attached table can be searched by its hub; manufacturer and guid_list: not empty; append_only: both logs are guarded; tracking: an activation within 7 days; logging: not ten alerts too few since the last one; rate: alerts a window of the last 24 hours within a factor of five of the median of the 14 days before; released: at most a fifth of what was diverted within 15 days. The last three need ten alerts to speak up, and know the newest 30,000 activations';
REVOKE ALL ON FUNCTION poa.health() FROM PUBLIC;

/*
 * Counters begin anew at midnight UTC, for the sake of cost: a day of the log is
 * found by index, a count of the whole would be made at every scrape.  A purge
 * cannot be seen in them either.  Sizes are the planner's estimates likewise.
 */
CREATE FUNCTION poa.read_metrics()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE ROWS 60
SET search_path = pg_catalog, pg_temp SET jit = off	/* compiling takes longer than running */
AS $$
	WITH entry AS MATERIALIZED (
		SELECT coalesce(l.distributor_id::text, 'none') AS distributor_id,
			count(*) FILTER (WHERE l.diverted) AS diverted, count(*) FILTER (WHERE NOT l.diverted) AS shadowed
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
COMMENT ON FUNCTION poa.read_metrics() IS 'the rows of the view poa.metrics';
REVOKE ALL ON FUNCTION poa.read_metrics() FROM PUBLIC;

CREATE VIEW poa.metrics
WITH (security_invoker = true, security_barrier = true) AS
	SELECT m.name, m.labels, m.value FROM poa.read_metrics() AS m;
COMMENT ON VIEW poa.metrics IS
	'figures for a monitor such as Prometheus. Since midnight UTC, when they begin anew: poa_suppress_alerts_diverted_total (by distributor_id), _alerts_shadowed_total (what shadow mode would have diverted), _alerts_released_total. Since ever, as numbers given out, some of which are missing after rollbacks: _log_entries_total, _activations_total. Instants in seconds since 1970, no row where there is none: _last_logged_timestamp_seconds, _last_activation_timestamp_seconds (its receipt). _newest_activations: of the newest 10,000, how many have which status. _manufacturers. Estimates of the planner, no row before ANALYZE: _guid_list_size, _devices. _health: 1 where the check of poa.health() is ok, else 0';
COMMENT ON COLUMN poa.metrics.name IS 'name by the rules of Prometheus: counters end in _total, times are in seconds';
COMMENT ON COLUMN poa.metrics.labels IS 'labels and their values, a flat object of strings: distributor_id (none for alerts without one), status or check; empty where the figure has none';
COMMENT ON COLUMN poa.metrics.value IS 'the figure, never NULL';
