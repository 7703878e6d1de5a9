/*
 * Figures for a monitor.
 */

/*
 * Totals must not fall when what they count is purged, or goes with a partition of
 * an attached table, and no alert pays for them.  So a scrape counts the last days,
 * and keeps for each day the most that it has seen; older days are not read again.
 * A day of the log is that of logged_at, so that an alert that comes late counts.
 */
CREATE TABLE poa_internal.metric_total (
	name text,
	day date,
	label text,
	value bigint NOT NULL,
	purged bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (name, day, label)
);
COMMENT ON TABLE poa_internal.metric_total IS
	'totals of poa.metrics by UTC day: what was counted, at the most.'
	' Written when poa.metrics is read, and by poa.purge_log';
COMMENT ON COLUMN poa_internal.metric_total.name IS 'name in poa.metrics';
COMMENT ON COLUMN poa_internal.metric_total.day IS 'day, in UTC';
COMMENT ON COLUMN poa_internal.metric_total.label IS 'value of the label';
COMMENT ON COLUMN poa_internal.metric_total.value IS 'how many were counted on that day, at the most, with those that were purged';
COMMENT ON COLUMN poa_internal.metric_total.purged IS 'how many of them poa.purge_log removed while the day was still counted';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.metric_total', '');

CREATE FUNCTION poa_internal.utc_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CAST(at AT TIME ZONE 'UTC' AS date);
COMMENT ON FUNCTION poa_internal.utc_day(timestamptz) IS 'day of an instant in UTC; infinite for an infinite one, NULL for NULL';
REVOKE ALL ON FUNCTION poa_internal.utc_day(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.counts_since(names text[]) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce((max(least(t.day, poa_internal.utc_day(now()))) - 1)::timestamp AT TIME ZONE 'UTC', '-infinity')
	FROM poa_internal.metric_total AS t WHERE t.name = ANY (names)
$$;
COMMENT ON FUNCTION poa_internal.counts_since(text[]) IS
	'UTC instant from which these totals are counted again.'
	' It is a day before the newest day that was counted';
REVOKE ALL ON FUNCTION poa_internal.counts_since(text[]) FROM PUBLIC;

CREATE FUNCTION poa_internal.count_log(before timestamptz)
RETURNS TABLE (name text, day date, label text, value bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT n.name, poa_internal.utc_day(l.logged_at), coalesce(l.distributor_id::text, 'none'),
		sum(poa_internal.alerts_of(l.alert -> 'alert_count'))::bigint
	FROM poa.suppression_log AS l
	CROSS JOIN LATERAL (SELECT CASE WHEN l.diverted THEN 'poa_alerts_suppressed' WHEN l.hold_id IS NOT NULL THEN 'poa_alerts_held'
		ELSE 'poa_alerts_shadowed' END) AS n (name)
	WHERE l.logged_at >= (SELECT poa_internal.counts_since('{poa_alerts_suppressed,poa_alerts_held,poa_alerts_shadowed}'))
		AND l.logged_at < before
	GROUP BY 1, 2, 3
	UNION ALL
	SELECT 'poa_releases', poa_internal.utc_day(r.released_at), e.evidence, count(*)
	FROM poa.release_log AS r
	CROSS JOIN LATERAL unnest(poa_internal.release_evidence(r.reason)) AS e (evidence)
	WHERE r.released_at >= (SELECT poa_internal.counts_since('{poa_releases}'))
		AND (before = 'infinity' OR EXISTS (SELECT FROM poa.suppression_log AS l WHERE l.log_id = r.log_id AND l.logged_at < before))
	GROUP BY 2, 3
$$;
COMMENT ON FUNCTION poa_internal.count_log(timestamptz) IS
	'what was logged before an instant, by day, of the days that are counted again.'
	' A throttled alert counts as often as its alert_count says; a release counts for each piece of its evidence';
REVOKE ALL ON FUNCTION poa_internal.count_log(timestamptz) FROM PUBLIC;

/* stored is also what the log has of shadow mode and of holds; what was released was suppressed */
CREATE FUNCTION poa_internal.count_stored()
RETURNS TABLE (name text, day date, label text, value bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT 'poa_alerts_stored', poa_internal.utc_day(s.decided_at), coalesce(s.distributor_id::text, 'none'),
		sum(poa_internal.alerts_of(s.alert_count))::bigint
	FROM (
		SELECT a.decided_at, a.distributor_id, a.alert_count
		FROM poa_internal.stored_ad1(ARRAY(SELECT generate_series(-1, 99)::smallint),
			poa_internal.counts_since('{poa_alerts_stored}'), 'infinity') AS a
		UNION ALL
		SELECT l.decided_at, l.distributor_id, l.alert -> 'alert_count'
		FROM poa.suppression_log AS l
		WHERE NOT l.diverted AND l.decided_at >= (SELECT poa_internal.counts_since('{poa_alerts_stored}'))
	) AS s
	GROUP BY 2, 3
$$;
COMMENT ON FUNCTION poa_internal.count_stored() IS
	'AD1s in attached tables, by their own day, of the days that are counted again.'
	' Without those that were suppressed and released; a throttled one counts as often as its alert_count says';
REVOKE ALL ON FUNCTION poa_internal.count_stored() FROM PUBLIC;

/*
 * Nothing is kept where nothing can be written, where another session keeps, and
 * where a subscription brings what another server has kept.  Sessions are kept
 * apart by a lock on the table, which only its owner can take: an advisory lock is
 * anybody's, who could make a purge wait.
 */
CREATE FUNCTION poa_internal.keep_totals(for_purge boolean) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_subscription_rel AS r WHERE r.srrelid = 'poa_internal.metric_total'::regclass) THEN
		RETURN false;
	ELSIF for_purge THEN
		LOCK TABLE poa_internal.metric_total IN SHARE ROW EXCLUSIVE MODE;
	ELSIF current_setting('transaction_read_only')::boolean OR current_setting('transaction_isolation') <> 'read committed' THEN
		RETURN false;
	ELSE
		BEGIN
			LOCK TABLE poa_internal.metric_total IN SHARE ROW EXCLUSIVE MODE NOWAIT;
		EXCEPTION WHEN lock_not_available THEN
			RETURN false;
		END;
	END IF;
	INSERT INTO poa_internal.metric_total AS t
	SELECT c.* FROM (
		SELECT * FROM poa_internal.count_log('infinity')
		UNION ALL
		SELECT s.* FROM poa_internal.count_stored() AS s WHERE NOT for_purge
	) AS c
	ON CONFLICT ON CONSTRAINT metric_total_pkey DO UPDATE SET value = excluded.value + t.purged
	WHERE t.value < excluded.value + t.purged;
	RETURN true;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_totals(boolean) IS
	'counts the last days for poa.metrics and keeps the result.'
	' False where it may not be kept.'
	' For a purge only what the log has is counted, and another session that keeps is waited for';
REVOKE ALL ON FUNCTION poa_internal.keep_totals(boolean) FROM PUBLIC;

CREATE FUNCTION poa_internal.keep_purged(before timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	IF poa_internal.keep_totals(true) THEN
		UPDATE poa_internal.metric_total AS t SET purged = t.purged + c.value
		FROM poa_internal.count_log(before) AS c
		WHERE t.name = c.name AND t.day = c.day AND t.label = c.label;
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_purged(timestamptz) IS
	'keeps the totals of what was logged before a UTC instant.'
	' poa.purge_log is about to remove it';
REVOKE ALL ON FUNCTION poa_internal.keep_purged(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.current_totals() RETURNS TABLE (name text, label text, value double precision)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	IF poa_internal.keep_totals(false) THEN
		RETURN QUERY SELECT t.name, t.label, sum(t.value)::float8 FROM poa_internal.metric_total AS t GROUP BY 1, 2;
	ELSE
		RETURN QUERY
		SELECT name, label, sum(greatest(t.value, c.value + coalesce(t.purged, 0)))::float8
		FROM poa_internal.metric_total AS t
		FULL JOIN (
			SELECT * FROM poa_internal.count_log('infinity') UNION ALL SELECT * FROM poa_internal.count_stored()
		) AS c USING (name, day, label)
		GROUP BY 1, 2;
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.current_totals() IS 'the totals of poa.metrics, which it keeps where it may';
REVOKE ALL ON FUNCTION poa_internal.current_totals() FROM PUBLIC;

CREATE FUNCTION poa_internal.read_totals() RETURNS TABLE (name text, label text, value double precision)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.name, t.label, t.value FROM poa_internal.current_totals() AS t
$$;
COMMENT ON FUNCTION poa_internal.read_totals() IS 'the totals of poa.metrics, for those who may read it';
SELECT poa_internal.permit('FUNCTION poa_internal.read_totals()', '{operator,auditor}');

/* by the index, one entry a node: the warehouse has no sequence that counts */
CREATE FUNCTION poa_internal.numbers_of_nodes(relation regclass, attname name) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ends bigint := 9223372036854775807;
	highest bigint;
	numbers bigint := 0;
BEGIN
	LOOP
		EXECUTE format('SELECT max(t.%I) FROM %s AS t WHERE t.%I < $1', attname, relation, attname) INTO highest USING ends;
		EXIT WHEN highest IS NULL;
		numbers := numbers + highest % 1000000000000;
		ends := highest - highest % 1000000000000;
	END LOOP;
	RETURN numbers;
END
$$;
COMMENT ON FUNCTION poa_internal.numbers_of_nodes(regclass, name) IS
	'how many numbers the nodes have given out, as far as their rows are here.'
	' The sum over the nodes of the highest number in a column; 0 without rows';
SELECT poa_internal.permit('FUNCTION poa_internal.numbers_of_nodes(regclass, name)', '{operator,auditor}');

/* volatile, as it keeps totals; once for a query */
CREATE FUNCTION poa_internal.read_metrics()
RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql ROWS 150
SET search_path = pg_catalog, pg_temp SET jit = off	/* compiling takes longer than running */
AS $$
	WITH total AS MATERIALIZED (
		SELECT * FROM poa_internal.read_totals()
	), distributor AS (
		SELECT d.distributor_id::text FROM poa.distributor AS d UNION SELECT 'none'
	), last_entry AS (
		/* numbers of different nodes have no order in time */
		SELECT coalesce(
			(SELECT max(l.logged_at) FROM poa.suppression_log AS l WHERE l.logged_at > now() - interval '1 day'),
			(SELECT l.logged_at FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1)) AS logged_at
	), activation AS MATERIALIZED (
		SELECT a.received_at, a.status FROM poa_internal.newest_activations() AS a
	), metric AS (
		/* series that are there from the beginning, so that their first alert is an increase */
		SELECT s.n, s.name, jsonb_build_object(s.key, s.label) AS labels, max(s.value) AS value
		FROM (
			SELECT n.n, n.name, 'distributor_id', d.distributor_id, 0
			FROM distributor AS d, (VALUES (1, 'poa_alerts_stored'), (2, 'poa_alerts_suppressed')) AS n (n, name)
			UNION ALL
			SELECT array_position('{poa_alerts_stored,poa_alerts_suppressed,poa_alerts_shadowed,poa_alerts_held}', t.name), t.name,
				'distributor_id', t.label, t.value
			FROM total AS t WHERE t.name <> 'poa_releases'
			UNION ALL
			SELECT 5, 'poa_releases', 'evidence', k.kind, 0 FROM unnest(poa_internal.evidence_kinds() || '{still_dark,other}') AS k (kind)
			UNION ALL
			SELECT 5, 'poa_releases', 'evidence', t.label, t.value FROM total AS t WHERE t.name = 'poa_releases'
		) AS s (n, name, key, label, value)
		GROUP BY s.n, s.name, s.key, s.label
		UNION ALL
		SELECT 6, 'poa_open_windows', '{}', count(*) FROM poa.open_window AS w
		UNION ALL
		SELECT 7, 'poa_holds', '{}', count(*) FROM poa_internal.holds_in_force() AS h
		UNION ALL
		SELECT 8, 'poa_messages_received', jsonb_build_object('action', action), coalesce(c.commands, 0)
		FROM unnest(ARRAY['tracked', 'retimed', 'duplicate', 'not_eligible', 'cancelled', 'ignored']) AS a (action)
		FULL JOIN (
			SELECT c.action, count(*) AS commands FROM poa.command AS c WHERE c.received_at > now() - interval '1 day' GROUP BY 1
		) AS c USING (action)
		UNION ALL
		/* by number, of which a node has those from node * 10^12 on */
		SELECT 9, 'poa_log_entries', '{}', CASE
			WHEN poa_internal.this_node() = 0 THEN poa_internal.numbers_of_nodes('poa.suppression_log', 'log_id')
			WHEN s.is_called THEN s.last_value % 1000000000000 ELSE 0 END
		FROM poa.suppression_log_log_id_seq AS s
		UNION ALL
		SELECT 10, 'poa_last_logged_timestamp_seconds', '{}', extract(epoch FROM l.logged_at) FROM last_entry AS l
		WHERE l.logged_at IS NOT NULL
		UNION ALL
		SELECT 11, 'poa_activations', '{}', CASE
			WHEN poa_internal.this_node() = 0 THEN poa_internal.numbers_of_nodes('poa.activation', 'activation_id')
			WHEN s.is_called THEN s.last_value % 1000000000000 ELSE 0 END
		FROM poa.activation_activation_id_seq AS s
		UNION ALL
		SELECT 12, 'poa_last_activation_timestamp_seconds', '{}', extract(epoch FROM max(a.received_at)) FROM activation AS a
		HAVING count(*) > 0
		UNION ALL
		SELECT 13, 'poa_newest_activations', jsonb_build_object('status', s.status), count(a.status)
		FROM unnest(ARRAY['tracked', 'superseded', 'cancelled', 'succeeded', 'failed']) AS s (status)
		LEFT JOIN activation AS a USING (status)
		GROUP BY s.status
		UNION ALL
		SELECT 14, 'poa_manufacturers', '{}', count(*) FROM poa.manufacturer
		UNION ALL
		/* as the planner estimates them: a count would read all */
		SELECT 15, s.name, '{}', c.reltuples
		FROM (VALUES ('poa_guid_list_size', 'poa.guid_list'), ('poa_devices', 'poa.device')) AS s (name, relation)
		JOIN pg_class AS c ON c.oid = to_regclass(s.relation) AND c.reltuples >= 0
		UNION ALL
		SELECT 16, 'poa_health', jsonb_build_object('check', h.check_name), h.ok::int FROM poa.health() AS h
	)
	SELECT m.name, m.labels, m.value
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
	' Totals, which never fall, by distributor_id: poa_alerts_stored, AD1s in attached tables, also in shadow mode and by a'
	' hold; poa_alerts_suppressed, also where released later; of the stored ones poa_alerts_shadowed and poa_alerts_held, no'
	' row where there is none. A throttled alert counts as often as its alert_count says; a stored one that comes more than'
	' a day after newer ones may be missing. poa_releases by evidence: one for each piece, still_dark for'
	' poa.release_still_dark, other for all others. Now: poa_open_windows, as in the view poa.open_window; poa_holds, those in force.'
	' poa_messages_received by action: those of the last 24 hours in poa.command. Numbers given out, at the warehouse by its'
	' nodes, some of which are missing after rollbacks: poa_log_entries, poa_activations. Instants in seconds since 1970, no row'
	' where there is none:'
	' poa_last_logged_timestamp_seconds, poa_last_activation_timestamp_seconds (its receipt). poa_newest_activations: of the newest'
	' 30,000 of each node, how many have which status. poa_manufacturers. Estimates of the planner, no row before ANALYZE:'
	' poa_guid_list_size, poa_devices. poa_health: 1 where the check of poa.health() is ok, else 0';
COMMENT ON COLUMN poa.metrics.name IS 'name of the figure; times are in seconds';
COMMENT ON COLUMN poa.metrics.labels IS
	'labels and their values, a flat object of strings.'
	' distributor_id (none for alerts without one), evidence, action, status or check; empty where the figure has none';
COMMENT ON COLUMN poa.metrics.value IS 'the figure, never NULL';
