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
		SELECT a.relation::regclass::text AS name, a.relation AS tgrelid, NOT a.is_partition AS root, c.relkind,
			a.enabled IN ('O', 'A') AND a.trigger_name = '~poa_suppress' AS fires, a.chf, a.mode
		FROM poa_internal.attachment AS a JOIN pg_class AS c ON c.oid = a.relation
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
			count(*) FILTER (WHERE poa_internal.suppresses(a.status)) AS windows,
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
		(1, 'enabled', poa_internal.is_enabled(),
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
SELECT poa_internal.permit('FUNCTION poa.health()', '{operator,auditor}');
