/*
 * Who reads what: roles, their rights, and row-level security.
 */

CREATE TABLE poa_internal.access (
	role name,
	kind text,
	distributor_ids smallint[],
	schema_usage boolean NOT NULL DEFAULT false,
	PRIMARY KEY (role, kind),
	CONSTRAINT kind_is_known
		CHECK (kind OPERATOR(pg_catalog.=) ANY (ARRAY['dno', 'operator', 'auditor'])),
	CONSTRAINT a_dno_has_distributors
		CHECK ((kind OPERATOR(pg_catalog.=) 'dno') OPERATOR(pg_catalog.=) (distributor_ids IS NOT NULL))
);
COMMENT ON TABLE poa_internal.access IS
	'what grant_dno, grant_operator and grant_auditor granted, by role name.'
	' Row-level security goes by it. A row whose role does not exist grants nothing';
COMMENT ON COLUMN poa_internal.access.role IS 'name of the role; its members who inherit have the access too';
COMMENT ON COLUMN poa_internal.access.kind IS 'dno, operator or auditor';
COMMENT ON COLUMN poa_internal.access.distributor_ids IS 'the distributors whose alerts a dno reads, NULL for the others, who read all';
COMMENT ON COLUMN poa_internal.access.schema_usage IS
	'whether USAGE on the schema of the type guid was granted too.'
	' It is where the role did not have it';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.access', '');

/*
 * Row-level security.  A distributor_id has two digits, so a role that reads
 * everything has all of them, and -1 for none: one condition for all roles,
 * whose array the policy's subquery finds once a query.  PL/pgSQL keeps its plan,
 * as each query of a DNO has it run.
 */
CREATE FUNCTION poa_internal.distributors_of(role name) RETURNS smallint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT coalesce(array_agg(DISTINCT v.distributor_id), '{}')
		FROM (
			SELECT a.kind, a.distributor_ids
			FROM poa_internal.access AS a
			JOIN pg_roles AS r ON r.rolname = a.role AND pg_has_role($1, r.oid, 'USAGE')
			/* a record that outlived its role is not that of another role of its name */
			JOIN pg_namespace AS n ON n.nspname = 'poa'
				AND r.oid IN (SELECT g.grantee FROM aclexplode(n.nspacl) AS g)
			UNION ALL
			SELECT 'bypass', NULL FROM pg_roles AS r WHERE r.rolname = $1 AND (r.rolsuper OR r.rolbypassrls)
		) AS a
		CROSS JOIN LATERAL (
			SELECT unnest(a.distributor_ids) WHERE a.kind = 'dno'
			UNION ALL
			SELECT generate_series(-1, 99)::smallint WHERE a.kind IN ('operator', 'auditor', 'bypass')
		) AS v (distributor_id));
END
$$;
COMMENT ON FUNCTION poa_internal.distributors_of(name) IS
	'the distributors whose suppressed alerts a role may read.'
	' By its own access and that of the roles it inherits from, all where row-level security does not apply to it; -1 stands for'
	' alerts without a distributor';
REVOKE ALL ON FUNCTION poa_internal.distributors_of(name) FROM PUBLIC;

CREATE FUNCTION poa_internal.visible_distributors(role name) RETURNS smallint[]
	AS 'MODULE_PATHNAME', 'poa_visible_distributors' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.visible_distributors(name) IS
	'poa_internal.distributors_of for a role whose privileges the caller has.'
	' NULL for NULL. Row-level security calls it for the current user. Raises 42501 for another role, 42704 for an unknown one';
SELECT poa_internal.permit('FUNCTION poa_internal.visible_distributors(name)', '{dno,operator,auditor}');

ALTER TABLE poa.suppression_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.suppression_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_alerts ON poa.suppression_log FOR SELECT
	USING (coalesce(distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=)
		ANY ((SELECT poa_internal.visible_distributors(CURRENT_USER))::smallint[]));
COMMENT ON POLICY own_alerts ON poa.suppression_log IS 'a DNO reads the alerts of its distributors, operators and auditors read all';

ALTER TABLE poa.release_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.release_log FORCE ROW LEVEL SECURITY;
/* evaluated once a query: those who see everything need no search of the log */
CREATE POLICY own_alerts ON poa.release_log FOR SELECT
	USING ((SELECT '-1'::smallint OPERATOR(pg_catalog.=) ANY (poa_internal.visible_distributors(CURRENT_USER)))
		OR EXISTS (
			SELECT FROM poa.suppression_log AS l
			WHERE l.log_id OPERATOR(pg_catalog.=) release_log.log_id));
COMMENT ON POLICY own_alerts ON poa.release_log IS 'roles that may read the alert may read its release';

/*
 * Granting.  The rights themselves are those of PostgreSQL; poa_internal.access only
 * adds which rows a DNO may see.
 */
CREATE FUNCTION poa_internal.guid_schema() RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT n.nspname FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
	WHERE t.oid = '@extschema@.guid'::regtype
$$;
COMMENT ON FUNCTION poa_internal.guid_schema() IS 'name of the schema of the type guid, whose use readers of the tables need';
REVOKE ALL ON FUNCTION poa_internal.guid_schema() FROM PUBLIC;

CREATE FUNCTION poa_internal.record_access(role name, kind text, distributor_ids smallint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	permission record;
	usage_lacks boolean;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = record_access.role) THEN
		RAISE undefined_object USING
			MESSAGE = format('role %s does not exist', coalesce('"' || record_access.role || '"', 'NULL')),
			HINT = 'Create it with CREATE ROLE; poa_suppress creates none.';
	END IF;
	/* likewise, before the new role of the name is granted something */
	DELETE FROM poa_internal.access AS a
	WHERE a.role = record_access.role
		AND NOT EXISTS (
			SELECT FROM pg_namespace AS n, aclexplode(n.nspacl) AS g, pg_roles AS r
			WHERE n.nspname = 'poa' AND r.rolname = a.role AND g.grantee = r.oid);
	usage_lacks := NOT has_schema_privilege(record_access.role, poa_internal.guid_schema(), 'USAGE');
	INSERT INTO poa_internal.access AS a
	VALUES (record_access.role, record_access.kind, record_access.distributor_ids, usage_lacks)
	ON CONFLICT ON CONSTRAINT access_pkey DO UPDATE
		SET distributor_ids = (
			SELECT array_agg(DISTINCT u.id ORDER BY u.id)
			FROM unnest(a.distributor_ids || excluded.distributor_ids) AS u (id)),
			schema_usage = a.schema_usage OR excluded.schema_usage;
	EXECUTE format('GRANT USAGE ON SCHEMA poa, poa_internal TO %I', record_access.role);
	IF usage_lacks THEN
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', poa_internal.guid_schema(), record_access.role);
	END IF;
	IF kind <> 'dno' THEN
		EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA poa, poa_internal TO %I', record_access.role);
		EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA poa TO %I', record_access.role);
	END IF;
	FOR permission IN SELECT * FROM poa_internal.permission AS p WHERE p.kind = record_access.kind LOOP
		/* MAINTAIN, to ANALYZE what was loaded, came with PostgreSQL 17 */
		EXECUTE format('GRANT %s ON %s TO %I',
			CASE WHEN current_setting('server_version_num')::int >= 170000 THEN permission.privileges
				ELSE replace(permission.privileges, ', MAINTAIN', '') END,
			permission.object, record_access.role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION poa_internal.record_access(name, text, smallint[]) IS
	'grants a role what its kind is permitted, and records it.'
	' Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.grant_dno(role name, VARIADIC distributor_ids integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unknown text;
BEGIN
	IF coalesce(cardinality(distributor_ids), 0) = 0 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a DNO needs at least one distributor_id';
	END IF;
	SELECT string_agg(coalesce(u.id::text, 'NULL'), ', ' ORDER BY u.id) INTO unknown
	FROM unnest(distributor_ids) AS u (id)
	WHERE NOT EXISTS (SELECT FROM poa.distributor AS d WHERE d.distributor_id = u.id);
	IF unknown IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown distributor_id: %s', unknown),
			HINT = 'Known ones are in poa.distributor, to which you can add rows.';
	END IF;
	PERFORM poa_internal.record_access(role, 'dno', distributor_ids::smallint[]);
END
$$;
COMMENT ON FUNCTION poa.grant_dno(name, integer[]) IS
	'lets a role read the suppressed alerts and the reports of distributors.'
	' They are added to those granted before. Raises 42704 for a role that does not exist,'
	' 22023 for no, a NULL or an unknown distributor_id';

CREATE FUNCTION poa.grant_operator(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.record_access(role, 'operator', NULL);
END
$$;
COMMENT ON FUNCTION poa.grant_operator(name) IS
	'lets a role fill the registry, track, receive, report and release.'
	' It fills manufacturer, guid_list, device and sign_of_life, imports and undoes imports, tracks, cancels, records outcomes,'
	' receives messages, explains, verifies, reports and releases, and reads everything. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.grant_auditor(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.record_access(role, 'auditor', NULL);
END
$$;
COMMENT ON FUNCTION poa.grant_auditor(name) IS
	'lets a role read everything and call what reads.'
	' That is eligibility, explain, health, verify and the reports. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.revoke_all(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	schema_usage boolean;
BEGIN
	WITH gone AS (
		DELETE FROM poa_internal.access AS a WHERE a.role = revoke_all.role RETURNING a.schema_usage
	)
	SELECT bool_or(g.schema_usage) INTO schema_usage FROM gone AS g;
	IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = revoke_all.role) THEN
		EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON SCHEMA poa, poa_internal FROM %I', role);
		/* only what was granted here */
		IF schema_usage THEN
			EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', poa_internal.guid_schema(), role);
		END IF;
	ELSIF schema_usage IS NULL THEN
		RAISE undefined_object USING
			MESSAGE = format('role %s does not exist', coalesce('"' || revoke_all.role || '"', 'NULL'));
	END IF;
END
$$;
COMMENT ON FUNCTION poa.revoke_all(name) IS
	'takes back what grant_dno, grant_operator and grant_auditor granted to a role.'
	' That is every right in schemas poa and poa_internal, USAGE on the schema of the type guid where they granted it, and the record,'
	' also when the role is gone. Raises 42704 where there is neither role nor record';

REVOKE ALL ON FUNCTION poa_internal.record_access(name, text, smallint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_dno(name, integer[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_operator(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_auditor(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.revoke_all(name) FROM PUBLIC;
