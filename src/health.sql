/*
 * Is all well?  A function for each check, called in turn by health_of().  Each
 * returns ok, and in detail what was found; where ok is false, detail ends in
 * the statements that mend it, after a semicolon.  Those not in this file are in
 * health_*.sql.
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
	), here AS (
		SELECT CASE s.source WHEN 'configuration file' THEN 'ALTER SYSTEM SET poa_suppress.enabled = on; SELECT pg_reload_conf()'
			ELSE 'SET poa_suppress.enabled = on' END
		FROM pg_settings AS s
		WHERE s.name = 'poa_suppress.enabled' AND NOT poa_internal.is_enabled()
			/* a stored setting is mended where it is stored; it may have been since the session began */
			AND (s.source NOT IN ('database', 'user', 'database user', 'global') OR NOT EXISTS (SELECT FROM stored))
	)
	SELECT count(*) = 0,
		format('poa_suppress.enabled is %s in this session%s,'
			' while other sessions may have another value, and those of a pool keep theirs until they reconnect',
			CASE WHEN poa_internal.is_enabled() THEN 'on' ELSE 'off' END,
			CASE WHEN poa_internal.is_enabled() AND count(*) > 0 THEN ', but off is stored for sessions to come' ELSE '' END)
		|| coalesce('; ' || string_agg(s.mend, '; ' ORDER BY s.mend), '')
	FROM (TABLE stored UNION ALL TABLE here) AS s
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
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	listed bigint;
	newest poa.guid_list_import;
BEGIN
	ok := EXISTS (SELECT FROM poa.guid_list);
	detail := CASE WHEN ok THEN 'there are GUIDs on the list'
		ELSE 'poa.guid_list is empty, no activation is tracked: load the list with poa-load-list' END;
	/* of several machines each has the list of one: what the newest import left there is here, too */
	IF ok AND poa_internal.this_node() IS NOT NULL THEN
		SELECT count(*) INTO listed FROM poa.guid_list;
		SELECT i.* INTO newest FROM poa_internal.newest_import() AS i;
		ok := coalesce(listed = newest.unchanged + newest.added, true);
		detail := format('%s GUIDs on the list', listed)
			|| CASE WHEN newest.import_id IS NULL THEN ', which no import has left'
				ELSE format(', where import %s of sha256 %s left %s', newest.import_id, newest.sha256, newest.unchanged + newest.added) END
			|| CASE WHEN ok THEN '' ELSE ': the list differs from that of other nodes;'
				' SELECT * FROM poa.guid_list_import ORDER BY imported_at DESC LIMIT 10' END;
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.health_guid_list() IS
	'check guid_list: it is not empty.'
	' At a node of several it has as many GUIDs as the newest import has left';
REVOKE ALL ON FUNCTION poa_internal.health_guid_list() FROM PUBLIC;

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
