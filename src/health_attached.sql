/*
 * Checks of poa.health: what is attached.
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
				/* a table is attached anew once all columns fit, or it could not be */
				|| string_agg(coalesce(f.mend, format('SELECT * FROM poa.attached WHERE relation = %L::regclass', f.name)), '; '
					ORDER BY f.stops_inserts DESC, f.name, f.role) END
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
