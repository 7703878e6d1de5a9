/*
 * Checks of poa.health: what runs beside.
 */
CREATE FUNCTION poa_internal.health_subscription(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'no subscription to these tables stands still'
			ELSE format('%s, for which the log of the server may have the reason; %s',
				string_agg(s.state, ', ' ORDER BY s.state), string_agg(s.mend, '; ' ORDER BY s.mend)) END
	FROM (
		SELECT format('subscription %I %s', s.subname, CASE
				WHEN NOT s.subenabled THEN 'is disabled'
				WHEN w.pid IS NULL THEN 'has no worker'
				WHEN w.latest_end_time < now() - interval '5 minutes' THEN 'is silent since ' || w.latest_end_time::text
				WHEN w.latest_end_time IS NULL THEN 'has failed and begins again'
				ELSE 'has failed to copy its tables' END), format('ALTER SUBSCRIPTION %I ENABLE', s.subname)
		FROM pg_subscription AS s
		/* of several, those that apply parts of a large transaction beside the first have no times */
		LEFT JOIN LATERAL (
			SELECT p.pid, p.latest_end_time FROM pg_stat_subscription AS p
			WHERE p.subid = s.oid AND p.relid IS NULL AND p.pid IS NOT NULL
			ORDER BY p.latest_end_time DESC NULLS LAST LIMIT 1
		) AS w ON true
		LEFT JOIN pg_stat_subscription_stats AS e ON e.subid = s.oid
		CROSS JOIN LATERAL (
			SELECT count(*) AS tables, count(*) FILTER (WHERE r.srsubstate NOT IN ('s', 'r')) AS not_copied
			FROM pg_subscription_rel AS r JOIN pg_class AS c ON c.oid = r.srrelid
			WHERE r.srsubid = s.oid AND (c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
				OR c.oid IN (SELECT a.relation FROM poa_internal.attachment AS a))
		) AS t
		WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND t.tables > 0
			AND (NOT s.subenabled OR w.pid IS NULL OR w.latest_end_time < now() - interval '5 minutes'
				OR w.latest_end_time IS NULL AND e.apply_error_count > 0 OR t.not_copied > 0 AND e.sync_error_count > 0)
		UNION ALL
		SELECT 'rows that come to the warehouse again stop a subscription', 'SELECT poa.set_node(0)'
		WHERE poa_internal.this_node() = 0
			AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = 'poa.activation'::regclass AND t.tgname = 'keep_first')
	) AS s (state, mend)
$$;
COMMENT ON FUNCTION poa_internal.health_subscription() IS
	'check subscription: none to the extension''s or attached tables stands still';
REVOKE ALL ON FUNCTION poa_internal.health_subscription() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_scheduled(OUT ok boolean, OUT detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	ok := true;
	detail := 'pg_cron schedules no release in this database';
	IF to_regclass('cron.job') IS NULL THEN
		RETURN;
	END IF;
	EXECUTE $query$
		SELECT count(f.mend) = 0, CASE
				WHEN count(*) = 0 THEN $1
				WHEN count(f.mend) = 0 THEN 'the scheduled release runs'
				ELSE format('the scheduled release does not run: %s; %s',
					string_agg(format('job %s %s', j.jobid, f.state), ', ' ORDER BY j.jobid) FILTER (WHERE f.mend IS NOT NULL),
					string_agg(f.mend, '; ' ORDER BY j.jobid)) END
		FROM cron.job AS j
		LEFT JOIN LATERAL (
			SELECT d.status, d.return_message, d.start_time FROM cron.job_run_details AS d
			WHERE d.jobid = j.jobid AND d.status IN ('succeeded', 'failed') ORDER BY d.runid DESC LIMIT 1
		) AS last ON true
		LEFT JOIN LATERAL (
			SELECT 'is not active' AS state, format('SELECT cron.alter_job(%s, active := true)', j.jobid) AS mend
			WHERE NOT j.active
			UNION ALL
			SELECT format('failed at %s (%s)', last.start_time, trim(last.return_message)), j.command
			WHERE j.active AND last.status = 'failed'
			UNION ALL
			SELECT format('ran last at %s', last.start_time), j.command
			WHERE j.active AND last.status = 'succeeded' AND last.start_time < now() - interval '1 day'
		) AS f ON true
		WHERE j.database = current_database() AND j.command ~ '\mrelease_(still_dark|genuine)\M'
	$query$ INTO ok, detail USING detail;
END
$$;
COMMENT ON FUNCTION poa_internal.health_scheduled() IS
	'check scheduled: a release that pg_cron schedules runs.'
	' It is active, and ran within a day without failing';
REVOKE ALL ON FUNCTION poa_internal.health_scheduled() FROM PUBLIC;
