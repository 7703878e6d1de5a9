/*
 * Checks of poa.health: what the extension is made of.  The last part, because
 * it lists the indexes that all others make.
 */
CREATE FUNCTION poa_internal.health_append_only(OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) = 0,
		CASE WHEN count(*) = 0 THEN 'the logs are guarded'
			ELSE format('%s can be changed; %s', string_agg(DISTINCT g.log, ', ' ORDER BY g.log),
				string_agg(g.mend, '; ' ORDER BY g.log, g.name)) END
	FROM (
		SELECT l.log, t.*, format('ALTER TABLE %s ENABLE %s TRIGGER %I', l.log, t.enabled, t.name) AS mend
		FROM (VALUES ('poa.suppression_log'), ('poa.release_log')) AS l (log)
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
		next_value := poa_internal.next_number(s.sequence);
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
