/*
 * Is all well?  A function for each check, called in turn by health_of().  Each
 * returns ok, and in detail what was found; where ok is false, detail ends in
 * the statements that mend it, after a semicolon.
 */

/*
 * What stops suppression on purpose.
 */
CREATE FUNCTION poa_internal.health_enabled(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH stored AS (
		SELECT format('%s RESET poa_suppress.enabled', CASE
				WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ALTER ROLE ALL'
				WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', current_database())
				WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I', r.rolname)
				ELSE format('ALTER ROLE %I IN DATABASE %I', r.rolname, current_database())
			END) AS mend
		FROM pg_db_role_setting AS s
		LEFT JOIN pg_roles AS r ON r.oid = s.setrole
		CROSS JOIN unnest(s.setconfig) AS c (setting)
		WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
			AND c.setting LIKE 'poa\_suppress.enabled=%' AND NOT split_part(c.setting, '=', 2)::boolean
		UNION ALL
		SELECT CASE s.source WHEN 'configuration file' THEN 'ALTER SYSTEM SET poa_suppress.enabled = on; SELECT pg_reload_conf()'
			ELSE 'SET poa_suppress.enabled = on' END
		FROM pg_settings AS s
		WHERE s.name = 'poa_suppress.enabled' AND NOT poa_internal.is_enabled()
			AND s.source NOT IN ('database', 'user', 'database user', 'global')
	)
	SELECT count(*) = 0,
		format('poa_suppress.enabled is %s in this session%s,'
			' while other sessions may have another value, and those of a pool keep theirs until they reconnect',
			CASE WHEN poa_internal.is_enabled() THEN 'on' ELSE 'off' END,
			CASE WHEN poa_internal.is_enabled() AND count(*) > 0 THEN ', but off is stored for sessions to come' ELSE '' END)
		|| coalesce('; ' || string_agg(s.mend, '; ' ORDER BY s.mend), '')
	FROM stored AS s
$$;
COMMENT ON FUNCTION poa_internal.health_enabled() IS
	'check enabled: the switch is on in this session, and off is stored for no other';
REVOKE ALL ON FUNCTION poa_internal.health_enabled() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_hold(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'no hold is in force'
			ELSE format('%s in force, by which windows do not suppress: %s; %s',
				CASE count(*) WHEN 1 THEN 'a hold is' ELSE format('%s holds are', count(*)) END,
				string_agg(format('%s of %s until %s (%s)', h.hold_id, h.held_by, h.until, h.reason), ', ' ORDER BY h.hold_id),
				string_agg(format('SELECT poa.end_hold(%s)', h.hold_id), '; ' ORDER BY h.hold_id)) END
	FROM poa_internal.holds_in_force() AS h
$$;
COMMENT ON FUNCTION poa_internal.health_hold() IS 'check hold: none is in force';
REVOKE ALL ON FUNCTION poa_internal.health_hold() FROM PUBLIC;

/*
 * What is attached.
 */
CREATE FUNCTION poa_internal.health_attached(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) > 0,
		CASE WHEN count(*) > 0
			THEN format('%s attached, %s of them in shadow mode', count(*), count(*) FILTER (WHERE a.mode = 'shadow'))
			ELSE 'no table is attached, nothing is suppressed; SELECT poa.attach(''alerts'')' END
	FROM poa.attached AS a
$$;
COMMENT ON FUNCTION poa_internal.health_attached() IS 'check attached: at least one table is';
REVOKE ALL ON FUNCTION poa_internal.health_attached() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_trigger(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(f.fault) = 0,
		CASE WHEN count(f.fault) = 0 THEN 'the trigger of every attached table fires'
			ELSE string_agg(format('the trigger %s %s', f.fault, a.relation::regclass), ', ' ORDER BY a.relation::regclass::text, f.fault)
				|| '; ' || string_agg(f.mend, '; ' ORDER BY a.relation::regclass::text, f.fault) END
	FROM poa_internal.attachment AS a
	CROSS JOIN LATERAL (
		SELECT 'does not fire, so that alerts are stored unjudged, on',
			format('ALTER TABLE %s ENABLE TRIGGER %I', a.relation::regclass, a.trigger_name)
		WHERE a.enabled NOT IN ('O', 'A')
		UNION ALL
		SELECT 'has another name, by which it may not fire last, on',
			format('ALTER TRIGGER %I ON %s RENAME TO "~poa_suppress"', a.trigger_name, a.relation::regclass)
		WHERE a.trigger_name <> '~poa_suppress' AND NOT a.is_partition
	) AS f (fault, mend)
$$;
COMMENT ON FUNCTION poa_internal.health_trigger() IS
	'check trigger: it fires on every attached table and partition, last of all';
REVOKE ALL ON FUNCTION poa_internal.health_trigger() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_column(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'the columns of every attached table are those that were attached'
			ELSE string_agg(format('table %s: %s', f.name, f.fault), ', ' ORDER BY f.name, f.role)
				|| CASE WHEN bool_or(f.stops_inserts) THEN ', so that every insert fails; ' ELSE '; ' END
				|| string_agg(regexp_replace(f.mend, ';?\s*(--.*)?$', ''), '; ' ORDER BY f.name, f.role) END
	FROM (SELECT a.relation::regclass::text AS name, c.*
		FROM poa.attached AS a, poa_internal.column_faults(a.relation) AS c) AS f
$$;
COMMENT ON FUNCTION poa_internal.health_column() IS
	'check column: no column of an attached table has gone, or changed its type';
REVOKE ALL ON FUNCTION poa_internal.health_column() FROM PUBLIC;

/*
 * Whether a table can be read is found by reading, the way reports do.
 */
CREATE FUNCTION poa_internal.health_readable(OUT ok boolean, OUT detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	faults text[] := '{}';
	mends text[] := '{}';
	t record;
BEGIN
	FOR t IN
		SELECT a.relation, r.rolname AS owner, c.relrowsecurity
		FROM poa.attached AS a
		JOIN pg_class AS c ON c.oid = a.relation
		JOIN pg_roles AS r ON r.oid = c.relowner
		WHERE NOT EXISTS (SELECT FROM poa_internal.column_faults(a.relation) AS f WHERE f.stops_inserts)
		ORDER BY a.relation::text
	LOOP
		BEGIN
			PERFORM FROM poa_internal.query_attached('SELECT true FROM alert AS a LIMIT 1', '-infinity', 'infinity', only_table => t.relation)
				AS a (readable boolean);
		EXCEPTION WHEN OTHERS THEN
			faults := faults || format('%s (%s)', t.relation, SQLERRM);
			mends := mends || CASE
				WHEN NOT has_table_privilege(t.owner, t.relation, 'SELECT')
					THEN format('GRANT SELECT ON %s TO %I', t.relation, t.owner)
				WHEN t.relrowsecurity AND NOT has_schema_privilege(t.owner, poa_internal.guid_schema(), 'USAGE')
					THEN format('GRANT USAGE ON SCHEMA %I TO %I', poa_internal.guid_schema(), t.owner)
				ELSE format('SELECT * FROM %s', t.relation) END;
		END;
	END LOOP;
	ok := faults = '{}';
	detail := CASE WHEN ok THEN 'every attached table can be read as its owner'
		ELSE format('reports leave out %s, which cannot be read as the owner; %s',
			array_to_string(faults, ', '), array_to_string(mends, '; ')) END;
END
$$;
COMMENT ON FUNCTION poa_internal.health_readable() IS
	'check readable: every attached table can be read as its owner, as reports do';
REVOKE ALL ON FUNCTION poa_internal.health_readable() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_hub_index(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'every attached table has an index that begins with its hub column'
			ELSE 'no index begins with the hub column, reports read the whole table; ' || string_agg(s.mend, '; ' ORDER BY s.mend) END
	FROM (
		SELECT format('CREATE INDEX ON %s (', a.relation::regclass) || poa_internal.guid_expression(a.relation, a.chf)
			|| format(', %I)', a.at) AS mend
		FROM poa_internal.attachment AS a
		JOIN pg_class AS c ON c.oid = a.relation AND c.relkind = 'r'
		WHERE NOT poa_internal.has_index(a.relation, a.chf)
	) AS s
	WHERE s.mend IS NOT NULL	/* the column has gone, which is for another check */
$$;
COMMENT ON FUNCTION poa_internal.health_hub_index() IS
	'check hub_index: every attached table and partition can be searched by its hub';
REVOKE ALL ON FUNCTION poa_internal.health_hub_index() FROM PUBLIC;

/* the index that hub_index advises finds them: it has a NULL for each */
CREATE FUNCTION poa_internal.health_hub_guid(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'every hub of the alerts of the last 24 hours is a GUID'
			ELSE format('alerts of the last 24 hours name a hub that is no GUID, and were stored unjudged: %s; %s',
				string_agg(format('%s in %s', s.alerts, s.name), ', ' ORDER BY s.name),
				string_agg(format('SELECT * FROM %s WHERE %s IS NULL AND %I IS NOT NULL AND %I > now() - interval ''1 day''',
					s.name, s.expression, s.chf, s.at), '; ' ORDER BY s.name)) END
	FROM (
		SELECT a.relation::text AS name, a.chf, a.at, poa_internal.guid_expression(a.relation, a.chf) AS expression, q.alerts
		FROM poa.attached AS a
		JOIN pg_attribute AS c ON c.attrelid = a.relation AND c.attname = a.chf AND c.atttypid <> '@extschema@.guid'::regtype
		CROSS JOIN LATERAL poa_internal.query_attached('SELECT count(*) FROM alert AS a WHERE a.chf IS NULL AND a.names_hub',
			now() - interval '1 day', 'infinity', only_table => a.relation) AS q (alerts bigint)
		WHERE q.alerts > 0
	) AS s
$$;
COMMENT ON FUNCTION poa_internal.health_hub_guid() IS
	'check hub_guid: no alert of the last 24 hours has a hub that is no GUID';
REVOKE ALL ON FUNCTION poa_internal.health_hub_guid() FROM PUBLIC;

/*
 * What decides.
 */
CREATE FUNCTION poa_internal.health_manufacturer(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.ok, CASE WHEN f.ok THEN 'there are manufacturers'
		ELSE 'poa.manufacturer is empty, no activation is tracked;'
			' INSERT INTO poa.manufacturer (manufacturer, name) VALUES (''1063'', ''Landis+Gyr'')' END
	FROM (SELECT EXISTS (SELECT FROM poa.manufacturer)) AS f (ok)
$$;
COMMENT ON FUNCTION poa_internal.health_manufacturer() IS 'check manufacturer: there is one';
REVOKE ALL ON FUNCTION poa_internal.health_manufacturer() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_guid_list(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.ok, CASE WHEN f.ok THEN 'there are GUIDs on the list'
		ELSE 'poa.guid_list is empty, no activation is tracked: load the list with poa-load-list' END
	FROM (SELECT EXISTS (SELECT FROM poa.guid_list)) AS f (ok)
$$;
COMMENT ON FUNCTION poa_internal.health_guid_list() IS 'check guid_list: there is a GUID on it';
REVOKE ALL ON FUNCTION poa_internal.health_guid_list() FROM PUBLIC;

/*
 * What the extension is made of.
 */
CREATE FUNCTION poa_internal.health_append_only(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'the logs are guarded'
			ELSE format('%s can be changed; %s', string_agg(DISTINCT g.log, ', ' ORDER BY g.log),
				string_agg(format('ALTER TABLE %s ENABLE %s TRIGGER %I', g.log, g.enabled, g.name), '; ' ORDER BY g.log, g.name)) END
	FROM (
		SELECT l.log, t.* FROM (VALUES ('poa.suppression_log'), ('poa.release_log')) AS l (log)
		CROSS JOIN (VALUES ('append_only', 'ALWAYS', 'A'), ('keep_at_warehouse', 'REPLICA', 'R')) AS t (name, enabled, tgenabled)
	) AS g
	WHERE NOT EXISTS (
		SELECT FROM pg_trigger AS t
		WHERE t.tgrelid = to_regclass(g.log) AND t.tgname = g.name AND t.tgenabled = g.tgenabled::"char")
		AND (g.name = 'append_only' OR poa_internal.this_node() = 0)
$$;
COMMENT ON FUNCTION poa_internal.health_append_only() IS 'check append_only: the logs cannot be changed';
REVOKE ALL ON FUNCTION poa_internal.health_append_only() FROM PUBLIC;

/*
 * The indexes that the extension makes, as they are now that its tables are
 * made: written into a function, because a table would be replicated.
 */
DO $$
BEGIN
	EXECUTE format($f$
		CREATE FUNCTION poa_internal.own_index() RETURNS TABLE (index text, definition text)
		LANGUAGE sql IMMUTABLE PARALLEL SAFE
		SET search_path = pg_catalog, pg_temp
		AS %L$f$, (
		SELECT 'VALUES ' || string_agg(format('(%L, %L)', i.indexrelid::regclass,
			CASE WHEN c.conname IS NULL THEN pg_get_indexdef(i.indexrelid)
				ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', i.indrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) END),
			E',\n' ORDER BY i.indexrelid::regclass::text)
		FROM pg_index AS i
		JOIN pg_class AS r ON r.oid = i.indrelid AND r.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
		LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')));
END
$$;
COMMENT ON FUNCTION poa_internal.own_index() IS
	'the indexes of the extension, and the statements that make them.'
	' Filled by the extension''s script';
REVOKE ALL ON FUNCTION poa_internal.own_index() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_own_index(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'every index of the extension is there and valid'
			ELSE format('%s missing or invalid, so that alerts fail or reports are slow; %s',
				string_agg(o.index, ', ' ORDER BY o.index), string_agg(o.mend, '; ' ORDER BY o.index)) END
	FROM (
		SELECT o.index, CASE WHEN i.indexrelid IS NULL THEN o.definition ELSE format('REINDEX INDEX %s', o.index) END AS mend
		FROM poa_internal.own_index() AS o
		LEFT JOIN pg_index AS i ON i.indexrelid = to_regclass(o.index)
		WHERE i.indisvalid IS NOT TRUE
	) AS o
$$;
COMMENT ON FUNCTION poa_internal.health_own_index() IS
	'check own_index: the indexes that the extension made are there and valid';
REVOKE ALL ON FUNCTION poa_internal.health_own_index() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_owner(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH member AS (
		SELECT e.extowner, pg_get_userbyid(e.extowner) AS owner, d.classid, d.objid
		FROM pg_extension AS e
		JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
		WHERE e.extname = 'poa_suppress'
	), other AS (
		/* a sequence goes with the table that has it */
		SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'TABLE ' END || c.oid::regclass AS object, m.owner
		FROM member AS m JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
		WHERE c.relowner <> m.extowner AND c.relkind IN ('r', 'p', 'v')
		UNION ALL
		SELECT 'ROUTINE ' || p.oid::regprocedure, m.owner
		FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
		WHERE p.proowner <> m.extowner AND p.prokind = 'f'
		UNION ALL
		SELECT 'SCHEMA ' || quote_ident(n.nspname), m.owner
		FROM member AS m JOIN pg_namespace AS n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid
		WHERE n.nspowner <> m.extowner
	)
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'all that the extension is made of has the owner of the extension'
			ELSE format('%s of another owner than the extension, so that alerts or reports may fail; %s',
				string_agg(o.object, ', ' ORDER BY o.object),
				string_agg(format('ALTER %s OWNER TO %I', o.object, o.owner), '; ' ORDER BY o.object)) END
	FROM other AS o
$$;
COMMENT ON FUNCTION poa_internal.health_owner() IS
	'check owner: the objects of the extension have the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.health_owner() FROM PUBLIC;

CREATE FUNCTION poa_internal.health_superuser(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.rolsuper, CASE WHEN r.rolsuper THEN format('%I, which owns the extension, is a superuser', r.rolname)
		ELSE format('%I, which owns the extension, is no superuser any more, so that reports leave out what it may not read, and purges fail; '
			'ALTER ROLE %I SUPERUSER', r.rolname, r.rolname) END
	FROM pg_extension AS e JOIN pg_roles AS r ON r.oid = e.extowner
	WHERE e.extname = 'poa_suppress'
$$;
COMMENT ON FUNCTION poa_internal.health_superuser() IS
	'check superuser: the owner of the extension still is one';
REVOKE ALL ON FUNCTION poa_internal.health_superuser() FROM PUBLIC;

/* the copy of a table by replication brings its rows, but not its sequence */
CREATE FUNCTION poa_internal.health_sequence(OUT ok boolean, OUT detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	node CONSTANT integer := coalesce(poa_internal.this_node(), 0);
	behind text[] := '{}';
	mends text[] := '{}';
	highest bigint;
	next_value bigint;
	s record;
BEGIN
	IF poa_internal.this_node() = 0 THEN
		ok := true;
		detail := 'the warehouse numbers nothing';
		RETURN;
	END IF;
	/* only such numbers can collide, and an index finds the highest; rows of other nodes do not matter */
	FOR s IN SELECT * FROM poa_internal.own_sequence() AS o WHERE o.leads_key LOOP
		highest := poa_internal.highest_number(s.relation, s.attname, node);
		EXECUTE format('SELECT last_value + is_called::integer FROM %s', s.sequence) INTO next_value;
		IF next_value <= highest OR poa_internal.node_of_number(next_value) <> node THEN
			behind := behind || s.relation::text;
			mends := mends || format('SELECT setval(%L, %s, false)', s.sequence, highest + 1);
		END IF;
	END LOOP;
	ok := behind = '{}';
	detail := CASE WHEN ok THEN 'every sequence is past the numbers of its table'
		ELSE format('the sequence of %s is behind its table, or in the range of another node, as after a copy by replication,'
			' so that inserts fail; %s', array_to_string(behind, ', '), array_to_string(mends, '; ')) END;
END
$$;
COMMENT ON FUNCTION poa_internal.health_sequence() IS
	'check sequence: each gives out numbers of this node that its table has not';
REVOKE ALL ON FUNCTION poa_internal.health_sequence() FROM PUBLIC;

/*
 * What runs beside.
 */
CREATE FUNCTION poa_internal.health_subscription(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'no subscription to these tables stands still'
			ELSE format('%s, for which the log of the server may have the reason; %s',
				string_agg(format('subscription %I %s', s.subname, s.state), ', ' ORDER BY s.subname),
				string_agg(format('ALTER SUBSCRIPTION %I ENABLE', s.subname), '; ' ORDER BY s.subname)) END
	FROM (
		SELECT s.subname, CASE
				WHEN NOT s.subenabled THEN 'is disabled'
				WHEN w.pid IS NULL THEN 'has no worker'
				ELSE 'is silent since ' || w.latest_end_time::text END AS state
		FROM pg_subscription AS s
		LEFT JOIN pg_stat_subscription AS w ON w.subid = s.oid AND w.relid IS NULL AND w.pid IS NOT NULL
		WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
			AND (NOT s.subenabled OR w.pid IS NULL OR w.latest_end_time < now() - interval '5 minutes')
			AND EXISTS (
				SELECT FROM pg_subscription_rel AS r JOIN pg_class AS c ON c.oid = r.srrelid
				WHERE r.srsubid = s.oid AND (c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
					OR c.oid IN (SELECT a.relation FROM poa_internal.attachment AS a)))
	) AS s
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

/*
 * What happens.  Rates are alerts a window, so that neither a quiet night nor a
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
		FROM (SELECT a.* FROM poa.activation AS a ORDER BY a.activation_id DESC LIMIT 30000) AS a
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
		SELECT max(a.received_at)
		FROM (SELECT a.received_at FROM poa.activation AS a ORDER BY a.activation_id DESC LIMIT 30000) AS a
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

/*
 * All checks.  One that fails itself is not ok, and keeps no other back.
 */
CREATE FUNCTION poa_internal.health_of(distributors smallint[])
RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE ROWS 21
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOREACH check_name IN ARRAY ARRAY['enabled', 'hold', 'attached', 'trigger', 'column', 'readable', 'hub_index', 'hub_guid',
		'manufacturer', 'guid_list', 'append_only', 'own_index', 'owner', 'superuser', 'sequence', 'subscription', 'scheduled',
		'tracking', 'logging', 'rate', 'released', 'reboots']
	LOOP
		BEGIN
			EXECUTE format('SELECT * FROM poa_internal.%I()', 'health_' || check_name) INTO ok, detail;
		EXCEPTION WHEN OTHERS THEN
			ok := false;
			detail := 'the check failed: ' || SQLERRM;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION poa_internal.health_of(smallint[]) IS
	'poa.health; called by it as the owner of the extension.'
	' Operators and auditors see all of it, so the distributors do not matter';
REVOKE ALL ON FUNCTION poa_internal.health_of(smallint[]) FROM PUBLIC;

CREATE FUNCTION poa.health()
RETURNS TABLE (check_name text, ok boolean, detail text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE ROWS 21;
COMMENT ON FUNCTION poa.health() IS
	'is all well: one row a check, always the same ones in the same order.'
	' detail says what was found and, where ok is false, ends in the statements that mend it or show more.'
	' enabled: the switch, in this session and as stored; hold: none is in force; attached: some table is; trigger: it fires everywhere;'
	' column: inserts find their columns; readable: reports can read every table; hub_index: every table can be searched by its'
	' hub; hub_guid: hubs are GUIDs; manufacturer, guid_list: not empty; append_only: the logs are guarded; own_index, owner: the'
	' extension''s objects are as it made them; superuser: its owner; sequence: none is behind its table; subscription: none stands'
	' still; scheduled: the release by pg_cron runs; tracking: an activation within 7 days; logging: not ten alerts too few since'
	' the last one; rate: alerts a window of the last 24 hours within a factor of five of the median of the 14 days before;'
	' released: at most a fifth of what was diverted within 15 days; reboots: those of each make begin when poa.learn found that'
	' they do. logging, rate and released need ten alerts, and see the newest 30,000 activations';
SELECT poa_internal.permit('FUNCTION poa.health()', '{operator,auditor}');

CREATE VIEW poa.health_now (check_name, ok, detail)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT h.check_name, h.ok, h.detail FROM poa.health() AS h;
COMMENT ON VIEW poa.health_now IS 'what poa.health says';
COMMENT ON COLUMN poa.health_now.check_name IS 'name of the check';
COMMENT ON COLUMN poa.health_now.ok IS 'true where all is well';
COMMENT ON COLUMN poa.health_now.detail IS 'what was found, and where ok is false the statements that mend it';
