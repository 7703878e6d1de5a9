/*
 * The rights of DNOs, operators and auditors.  Each stands beside the object
 * that it is a right on; grant_dno() and its kin (access.sql) grant them.
 */
CREATE TABLE poa_internal.permission (
	object text,
	kind text,
	privileges text NOT NULL,
	PRIMARY KEY (object, kind),
	CONSTRAINT kind_is_known
		CHECK (kind OPERATOR(pg_catalog.=) ANY (ARRAY['dno', 'operator', 'auditor']))
);
COMMENT ON TABLE poa_internal.permission IS
	'what grant_dno, grant_operator and grant_auditor grant.'
	' Filled by the extension''s script only';
COMMENT ON COLUMN poa_internal.permission.object IS 'the object as GRANT names it, such as FUNCTION poa.release(bigint, text)';
COMMENT ON COLUMN poa_internal.permission.kind IS 'dno, operator or auditor';
COMMENT ON COLUMN poa_internal.permission.privileges IS 'the privileges as GRANT names them';

CREATE FUNCTION poa_internal.permit(object text, kinds text[], privileges text DEFAULT 'EXECUTE') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', object);
	INSERT INTO poa_internal.permission SELECT object, k.kind, privileges FROM unnest(kinds) AS k (kind);
END
$$;
COMMENT ON FUNCTION poa_internal.permit(text, text[], text) IS
	'takes an object from PUBLIC and records who is granted privileges on it. For the extension''s script';
REVOKE ALL ON FUNCTION poa_internal.permit(text, text[], text) FROM PUBLIC;

/* a subscription for all tables copies the permissions of another version of the script, too */
CREATE FUNCTION poa_internal.keep_own() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_own() IS 'trigger: passes over rows that a subscription brings';
REVOKE ALL ON FUNCTION poa_internal.keep_own() FROM PUBLIC;
CREATE TRIGGER keep_own BEFORE INSERT ON poa_internal.permission
	FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_own();
ALTER TABLE poa_internal.permission ENABLE REPLICA TRIGGER keep_own;
COMMENT ON TRIGGER keep_own ON poa_internal.permission IS 'the permissions are those of this server''s script';

CREATE FUNCTION poa_internal.caller() RETURNS name
LANGUAGE sql STABLE
RETURN CASE pg_catalog.current_setting('role') WHEN 'none' THEN SESSION_USER ELSE pg_catalog.current_setting('role')::name END;
COMMENT ON FUNCTION poa_internal.caller() IS
	'name of the role that the session has taken.'
	' CURRENT_USER is another in a function that runs as its owner';
REVOKE ALL ON FUNCTION poa_internal.caller() FROM PUBLIC;
