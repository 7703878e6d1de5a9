/*
 * Who sees what: roles, their rights, and row-level security.
 */

CREATE TABLE poa_internal.access (
	role name,
	kind text,
	distributor_ids smallint[],
	PRIMARY KEY (role, kind),
	CONSTRAINT kind_is_known
		CHECK (kind OPERATOR(pg_catalog.=) ANY (ARRAY['dno', 'operator', 'auditor'])),
	CONSTRAINT a_dno_has_distributors
		CHECK ((kind OPERATOR(pg_catalog.=) 'dno') OPERATOR(pg_catalog.=) (distributor_ids IS NOT NULL))
);
COMMENT ON TABLE poa_internal.access IS
	'what grant_dno and its kin granted, by role name; row-level security asks it. A row whose role does not exist grants nothing';
COMMENT ON COLUMN poa_internal.access.role IS 'name of the role; its members who inherit have the access too';
COMMENT ON COLUMN poa_internal.access.kind IS 'dno, operator or auditor';
COMMENT ON COLUMN poa_internal.access.distributor_ids IS 'the distributors whose alerts a dno sees, NULL for the others, who see all';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.access', '');

/*
 * Row-level security.  A distributor_id has two digits, so whoever may read
 * everything simply has all of them, and -1 for none: one condition for all
 * roles, whose array the policy's subquery finds once a query.
 */
CREATE FUNCTION poa_internal.distributors_of(role name) RETURNS smallint[]
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT v.distributor_id), '{}')
	FROM poa_internal.access AS a
	JOIN pg_roles AS r ON r.rolname = a.role AND pg_has_role($1, r.oid, 'USAGE')
	/* a record that outlived its role is not that of another role of its name */
	JOIN pg_namespace AS n ON n.nspname = 'poa'
		AND r.oid IN (SELECT g.grantee FROM aclexplode(n.nspacl) AS g)
	CROSS JOIN LATERAL (
		SELECT unnest(a.distributor_ids) WHERE a.kind = 'dno'
		UNION ALL
		SELECT generate_series(-1, 99)::smallint WHERE a.kind IN ('operator', 'auditor')
	) AS v (distributor_id)
$$;
COMMENT ON FUNCTION poa_internal.distributors_of(name) IS
	'the distributors whose suppressed alerts a role may read, by its own access and that of the roles it inherits from; -1 stands for alerts without a distributor';
REVOKE ALL ON FUNCTION poa_internal.distributors_of(name) FROM PUBLIC;

CREATE FUNCTION poa_internal.visible_distributors(role name) RETURNS smallint[]
	AS 'MODULE_PATHNAME', 'poa_visible_distributors' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.visible_distributors(name) IS
	'what poa_internal.distributors_of says of a role whose privileges the caller has, NULL for NULL. Row-level security asks it for the current user. Raises 42501 for another role, 42704 for an unknown one';
SELECT poa_internal.permit('FUNCTION poa_internal.visible_distributors(name)', '{dno,operator,auditor}');

ALTER TABLE poa.suppression_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.suppression_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_alerts ON poa.suppression_log FOR SELECT
	USING (coalesce(distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=)
		ANY ((SELECT poa_internal.visible_distributors(CURRENT_USER))::smallint[]));
COMMENT ON POLICY own_alerts ON poa.suppression_log IS 'a DNO reads the alerts of its distributors, operators and auditors read all';

ALTER TABLE poa.release_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.release_log FORCE ROW LEVEL SECURITY;
/* the shortcut, asked once a query, spares those who see everything a search of the log */
CREATE POLICY own_alerts ON poa.release_log FOR SELECT
	USING ((SELECT '-1'::smallint OPERATOR(pg_catalog.=) ANY (poa_internal.visible_distributors(CURRENT_USER)))
		OR EXISTS (
			SELECT FROM poa.suppression_log AS l
			WHERE l.log_id OPERATOR(pg_catalog.=) release_log.log_id));
COMMENT ON POLICY own_alerts ON poa.release_log IS 'whoever may read the alert may read its release';

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
	INSERT INTO poa_internal.access AS a VALUES (record_access.role, record_access.kind, record_access.distributor_ids)
	ON CONFLICT ON CONSTRAINT access_pkey DO UPDATE
		SET distributor_ids = (
			SELECT array_agg(DISTINCT u.id ORDER BY u.id)
			FROM unnest(a.distributor_ids || excluded.distributor_ids) AS u (id));
	EXECUTE format('GRANT USAGE ON SCHEMA poa, poa_internal TO %I', record_access.role);
	IF NOT has_schema_privilege(record_access.role, poa_internal.guid_schema(), 'USAGE') THEN
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', poa_internal.guid_schema(), record_access.role);
	END IF;
	IF kind <> 'dno' THEN
		EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA poa, poa_internal TO %I', record_access.role);
		EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA poa TO %I', record_access.role);
	END IF;
	FOR permission IN SELECT * FROM poa_internal.permission AS p WHERE p.kind = record_access.kind LOOP
		EXECUTE format('GRANT %s ON %s TO %I', permission.privileges, permission.object, record_access.role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION poa_internal.record_access(name, text, smallint[]) IS
	'what all grants have in common: the record in poa_internal.access, and the use of the schemas. Raises 42704 for a role that does not exist';

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
	'lets a role read the suppressed alerts and the reports of the given distributors, in addition to those granted before. Raises 42704 for a role that does not exist, 22023 for no, a NULL or an unknown distributor_id';

CREATE FUNCTION poa.grant_operator(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.record_access(role, 'operator', NULL);
END
$$;
COMMENT ON FUNCTION poa.grant_operator(name) IS
	'lets a role fill manufacturer, guid_list, device and sign_of_life, import and undo imports, track, cancel, record outcomes, receive messages, explain, verify, report and release, and read everything. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.grant_auditor(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.record_access(role, 'auditor', NULL);
END
$$;
COMMENT ON FUNCTION poa.grant_auditor(name) IS
	'lets a role read everything and call eligibility, explain, health, verify and the reports. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.revoke_all(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM poa_internal.access AS a WHERE a.role = revoke_all.role;
	IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = revoke_all.role) THEN
		EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA poa, poa_internal FROM %I', role);
		EXECUTE format('REVOKE ALL ON SCHEMA poa, poa_internal FROM %I', role);
		/* public is everybody's, and not ours to take away */
		IF poa_internal.guid_schema() <> 'public' THEN
			EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', poa_internal.guid_schema(), role);
		END IF;
	ELSIF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('role %s does not exist', coalesce('"' || revoke_all.role || '"', 'NULL'));
	END IF;
END
$$;
COMMENT ON FUNCTION poa.revoke_all(name) IS
	'takes every right in schema poa from a role, the use of the schema of the type guid unless that is public, and what is on record for it, also when the role is gone. Raises 42704 where there is neither';

REVOKE ALL ON FUNCTION poa_internal.record_access(name, text, smallint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_dno(name, integer[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_operator(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_auditor(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.revoke_all(name) FROM PUBLIC;
