/*
 * Who sees what: distributors, roles, the analysts' views.
 */

CREATE TABLE poa.distributor (
	distributor_id smallint PRIMARY KEY,
	mpid text,
	gsp_group text,
	name text,
	CONSTRAINT distributor_id_has_two_digits
		CHECK (distributor_id OPERATOR(pg_catalog.>=) 0::smallint
			AND distributor_id OPERATOR(pg_catalog.<=) 99::smallint)
);
COMMENT ON TABLE poa.distributor IS
	'distribution network operators: the licence areas 10 to 23 and the independent ones 24 to 38 are shipped and cannot be changed, users add their own';
COMMENT ON COLUMN poa.distributor.distributor_id IS 'first two digits of the MPAN core, 0 to 99';
COMMENT ON COLUMN poa.distributor.mpid IS 'market participant identifier, four letters';
COMMENT ON COLUMN poa.distributor.gsp_group IS 'Grid Supply Point group of the licence area, NULL for an independent distributor, who is in all';
COMMENT ON COLUMN poa.distributor.name IS 'name of the distributor and, for a licence area, of its region';

INSERT INTO poa.distributor (distributor_id, mpid, gsp_group, name) VALUES
	(10, 'EELC', '_A', 'UK Power Networks, Eastern'),
	(11, 'EMEB', '_B', 'National Grid, East Midlands'),
	(12, 'LOND', '_C', 'UK Power Networks, London'),
	(13, 'MANW', '_D', 'SP Manweb, Merseyside and North Wales'),
	(14, 'MIDE', '_E', 'National Grid, West Midlands'),
	(15, 'NEEB', '_F', 'Northern Powergrid, North East'),
	(16, 'NORW', '_G', 'Electricity North West'),
	(17, 'HYDE', '_P', 'SSEN, North Scotland'),
	(18, 'SPOW', '_N', 'SP Distribution, South Scotland'),
	(19, 'SEEB', '_J', 'UK Power Networks, South East'),
	(20, 'SOUT', '_H', 'SSEN, Southern'),
	(21, 'SWAE', '_K', 'National Grid, South Wales'),
	(22, 'SWEB', '_L', 'National Grid, South West'),
	(23, 'YELG', '_M', 'Northern Powergrid, Yorkshire'),
	(24, 'IPNL', NULL, 'IPNL'), (25, 'LENG', NULL, 'LENG'), (26, 'GUCL', NULL, 'GUCL'),
	(27, 'ETCL', NULL, 'ETCL'), (28, 'EDFI', NULL, 'EDFI'), (29, 'HARL', NULL, 'HARL'),
	(30, 'PENL', NULL, 'PENL'), (31, 'UKPD', NULL, 'UKPD'), (32, 'UDNL', NULL, 'UDNL'),
	(33, 'GGEN', NULL, 'GGEN'), (34, 'MPDL', NULL, 'MPDL'), (35, 'FEAL', NULL, 'FEAL'),
	(36, 'VATT', NULL, 'VATT'), (37, 'FORB', NULL, 'FORB'), (38, 'INDI', NULL, 'INDI');

SELECT pg_catalog.pg_extension_config_dump('poa.distributor', 'WHERE distributor_id NOT BETWEEN 10 AND 38');

CREATE FUNCTION poa.keep_shipped() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' OR OLD.distributor_id BETWEEN 10 AND 38 THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'the distributors 10 to 38 are shipped with poa_suppress and cannot be changed',
			HINT = 'Add a row of your own for another distributor_id.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION poa.keep_shipped() IS 'trigger: raises 55000 for a change to a shipped distributor';
REVOKE ALL ON FUNCTION poa.keep_shipped() FROM PUBLIC;
CREATE TRIGGER keep_shipped BEFORE UPDATE OR DELETE ON poa.distributor
	FOR EACH ROW EXECUTE FUNCTION poa.keep_shipped();
CREATE TRIGGER keep_shipped_all BEFORE TRUNCATE ON poa.distributor
	FOR EACH STATEMENT EXECUTE FUNCTION poa.keep_shipped();
COMMENT ON TRIGGER keep_shipped ON poa.distributor IS 'shipped rows stay as they are';
COMMENT ON TRIGGER keep_shipped_all ON poa.distributor IS 'shipped rows stay';

CREATE TABLE poa.access (
	role name,
	kind text,
	distributor_ids smallint[],
	PRIMARY KEY (role, kind),
	CONSTRAINT kind_is_known
		CHECK (kind OPERATOR(pg_catalog.=) ANY (ARRAY['dno', 'operator', 'auditor'])),
	CONSTRAINT a_dno_has_distributors
		CHECK ((kind OPERATOR(pg_catalog.=) 'dno') OPERATOR(pg_catalog.=) (distributor_ids IS NOT NULL))
);
COMMENT ON TABLE poa.access IS
	'what grant_dno and its kin granted, by role name; row-level security asks it. A row whose role does not exist grants nothing';
COMMENT ON COLUMN poa.access.role IS 'name of the role; its members who inherit have the access too';
COMMENT ON COLUMN poa.access.kind IS 'dno, operator or auditor';
COMMENT ON COLUMN poa.access.distributor_ids IS 'the distributors whose alerts a dno sees, NULL for the others, who see all';
SELECT pg_catalog.pg_extension_config_dump('poa.access', '');

/*
 * Row-level security.  A distributor_id has two digits, so whoever may read
 * everything simply has all of them, and -1 for none: one condition for all
 * roles, whose array the policy's subquery finds once a query.
 */
CREATE FUNCTION poa.distributors_of(role name) RETURNS smallint[]
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT v.distributor_id), '{}')
	FROM poa.access AS a
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
COMMENT ON FUNCTION poa.distributors_of(name) IS
	'the distributors whose suppressed alerts a role may read, by its own access and that of the roles it inherits from; -1 stands for alerts without a distributor';
REVOKE ALL ON FUNCTION poa.distributors_of(name) FROM PUBLIC;

CREATE FUNCTION poa.visible_distributors(role name) RETURNS smallint[]
	AS 'MODULE_PATHNAME', 'poa_visible_distributors' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa.visible_distributors(name) IS
	'what poa.distributors_of says of a role whose privileges the caller has, NULL for NULL. Row-level security asks it for the current user. Raises 42501 for another role, 42704 for an unknown one';
REVOKE ALL ON FUNCTION poa.visible_distributors(name) FROM PUBLIC;

ALTER TABLE poa.suppression_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.suppression_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_alerts ON poa.suppression_log FOR SELECT
	USING (coalesce(distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=)
		ANY ((SELECT poa.visible_distributors(CURRENT_USER))::smallint[]));
COMMENT ON POLICY own_alerts ON poa.suppression_log IS 'a DNO reads the alerts of its distributors, operators and auditors read all';

ALTER TABLE poa.release_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE poa.release_log FORCE ROW LEVEL SECURITY;
/* the shortcut, asked once a query, spares those who see everything a search of the log */
CREATE POLICY own_alerts ON poa.release_log FOR SELECT
	USING ((SELECT '-1'::smallint OPERATOR(pg_catalog.=) ANY (poa.visible_distributors(CURRENT_USER)))
		OR EXISTS (
			SELECT FROM poa.suppression_log AS l
			WHERE l.log_id OPERATOR(pg_catalog.=) release_log.log_id));
COMMENT ON POLICY own_alerts ON poa.release_log IS 'whoever may read the alert may read its release';

CREATE FUNCTION poa.visit_cost() RETURNS numeric
	AS 'MODULE_PATHNAME', 'poa_visit_cost' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION poa.visit_cost() IS
	'the setting poa_suppress.visit_cost: cost of one site visit in GBP, 80 by default (MP102B)';
REVOKE ALL ON FUNCTION poa.visit_cost() FROM PUBLIC;

CREATE VIEW poa.suppressed_alert
	(log_id, received_at, alert_code, mpxn, distributor_id, distributor, chf, device, manufacturer,
	 request_id, activates_at, delay, diverted, released_at, release_reason, alert)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT l.log_id, l.decided_at, l.alert_code, l.mpxn, l.distributor_id, d.name, l.chf, l.device, l.manufacturer,
		l.request_id, l.activates_at, l.delay, l.diverted, r.released_at, r.reason, l.alert
	FROM poa.suppression_log AS l
	LEFT JOIN poa.distributor AS d ON d.distributor_id OPERATOR(pg_catalog.=) l.distributor_id
	LEFT JOIN poa.release_log AS r ON r.log_id OPERATOR(pg_catalog.=) l.log_id;
COMMENT ON VIEW poa.suppressed_alert IS
	'every suppressed AD1 that the reader may see, with the firmware activation that explains it';
COMMENT ON COLUMN poa.suppressed_alert.log_id IS 'number of the entry, to be named when asking for its release';
COMMENT ON COLUMN poa.suppressed_alert.received_at IS 'UTC instant of the alert that was judged';
COMMENT ON COLUMN poa.suppressed_alert.alert_code IS 'code of the alert: AD1';
COMMENT ON COLUMN poa.suppressed_alert.mpxn IS 'MPxN of the alert as it came';
COMMENT ON COLUMN poa.suppressed_alert.distributor_id IS 'distributor of the alert, NULL where neither it nor the inventory tells';
COMMENT ON COLUMN poa.suppressed_alert.distributor IS 'name of the distributor, NULL where poa.distributor does not have it';
COMMENT ON COLUMN poa.suppressed_alert.chf IS 'GUID of the communications hub that sent the alert';
COMMENT ON COLUMN poa.suppressed_alert.device IS 'GUID of the meter that was being activated';
COMMENT ON COLUMN poa.suppressed_alert.manufacturer IS 'CPL identifier of that meter''s manufacturer';
COMMENT ON COLUMN poa.suppressed_alert.request_id IS 'RequestID of the activation, NULL where it had none';
COMMENT ON COLUMN poa.suppressed_alert.activates_at IS 'UTC instant of the activation';
COMMENT ON COLUMN poa.suppressed_alert.delay IS 'interval from the activation to the alert';
COMMENT ON COLUMN poa.suppressed_alert.diverted IS 'false where shadow mode only recorded what would have been diverted';
COMMENT ON COLUMN poa.suppressed_alert.released_at IS 'UTC instant at which the alert was sent on after all, NULL where it was not';
COMMENT ON COLUMN poa.suppressed_alert.release_reason IS 'why it was, in the words of whoever released it';
COMMENT ON COLUMN poa.suppressed_alert.alert IS 'the whole alert as it came';

CREATE VIEW poa.suppression_monthly
	(month, distributor_id, distributor, suppressed, released, visits_avoided, saving)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT m.month, m.distributor_id, d.name, m.suppressed, m.released,
		m.suppressed OPERATOR(pg_catalog.-) m.released,
		(m.suppressed OPERATOR(pg_catalog.-) m.released)::numeric OPERATOR(pg_catalog.*) poa.visit_cost()
	FROM (
		SELECT poa.utc_month(l.decided_at), l.distributor_id,
			pg_catalog.sum(a.alerts)::bigint,
			coalesce(pg_catalog.sum(a.alerts) FILTER (WHERE r.log_id IS NOT NULL), 0)::bigint
		FROM poa.suppression_log AS l
		LEFT JOIN poa.release_log AS r ON r.log_id OPERATOR(pg_catalog.=) l.log_id
		CROSS JOIN LATERAL (
			/* the DCC throttles: one AD1 may stand for several */
			SELECT CASE WHEN pg_catalog.jsonb_typeof(l.alert OPERATOR(pg_catalog.->) 'alert_count'::text)
					OPERATOR(pg_catalog.=) 'number'
				THEN least(greatest((l.alert OPERATOR(pg_catalog.->>) 'alert_count'::text)::numeric, 1), 999999999)
				ELSE 1 END
		) AS a (alerts)
		WHERE l.diverted
		GROUP BY 1, 2
	) AS m (month, distributor_id, suppressed, released)
	LEFT JOIN poa.distributor AS d ON d.distributor_id OPERATOR(pg_catalog.=) m.distributor_id;
COMMENT ON VIEW poa.suppression_monthly IS
	'diverted alerts by UTC month of the alert and by distributor, as far as the reader may see them';
COMMENT ON COLUMN poa.suppression_monthly.month IS 'first day of the month, in UTC';
COMMENT ON COLUMN poa.suppression_monthly.distributor_id IS 'distributor, NULL for alerts without one';
COMMENT ON COLUMN poa.suppression_monthly.distributor IS 'name of the distributor';
COMMENT ON COLUMN poa.suppression_monthly.suppressed IS 'number of alerts that were diverted; a throttled AD1 counts as many as the column alert_count of its table says';
COMMENT ON COLUMN poa.suppression_monthly.released IS 'number of those that were released later';
COMMENT ON COLUMN poa.suppression_monthly.visits_avoided IS 'suppressed less released';
COMMENT ON COLUMN poa.suppression_monthly.saving IS 'visits_avoided at the cost of a visit, GBP (setting poa_suppress.visit_cost)';

/*
 * Granting.  The rights themselves are those of PostgreSQL; poa.access only
 * adds which rows a DNO may see.
 */
CREATE FUNCTION poa.guid_schema() RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT n.nspname FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
	WHERE t.oid = '@extschema@.guid'::regtype
$$;
COMMENT ON FUNCTION poa.guid_schema() IS 'name of the schema of the type guid, whose use readers of the tables need';
REVOKE ALL ON FUNCTION poa.guid_schema() FROM PUBLIC;

CREATE FUNCTION poa.record_access(role name, kind text, distributor_ids smallint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = record_access.role) THEN
		RAISE undefined_object USING
			MESSAGE = format('role %s does not exist', coalesce('"' || record_access.role || '"', 'NULL')),
			HINT = 'Create it with CREATE ROLE; poa_suppress creates none.';
	END IF;
	/* likewise, before the new role of the name is granted something */
	DELETE FROM poa.access AS a
	WHERE a.role = record_access.role
		AND NOT EXISTS (
			SELECT FROM pg_namespace AS n, aclexplode(n.nspacl) AS g, pg_roles AS r
			WHERE n.nspname = 'poa' AND r.rolname = a.role AND g.grantee = r.oid);
	INSERT INTO poa.access AS a VALUES (record_access.role, record_access.kind, record_access.distributor_ids)
	ON CONFLICT ON CONSTRAINT access_pkey DO UPDATE
		SET distributor_ids = (
			SELECT array_agg(DISTINCT u.id ORDER BY u.id)
			FROM unnest(a.distributor_ids || excluded.distributor_ids) AS u (id));
	EXECUTE format('GRANT USAGE ON SCHEMA poa TO %I', record_access.role);
	IF NOT has_schema_privilege(record_access.role, poa.guid_schema(), 'USAGE') THEN
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', poa.guid_schema(), record_access.role);
	END IF;
	EXECUTE format('GRANT EXECUTE ON FUNCTION poa.visible_distributors(name), poa.visit_cost(), poa.utc_month(timestamptz) TO %I', record_access.role);
END
$$;
COMMENT ON FUNCTION poa.record_access(name, text, smallint[]) IS
	'what all grants have in common: the record in poa.access, and the use of the schemas. Raises 42704 for a role that does not exist';

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
	PERFORM poa.record_access(role, 'dno', distributor_ids::smallint[]);
	EXECUTE format('GRANT SELECT ON poa.suppressed_alert, poa.suppression_monthly, poa.distributor,'
		' poa.window_fit, poa.suppression_log, poa.release_log TO %I', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION poa.still_dark, poa.restoration, poa.late_activation, poa.replay TO %I', role);
END
$$;
COMMENT ON FUNCTION poa.grant_dno(name, integer[]) IS
	'lets a role read the suppressed alerts and the reports of the given distributors, in addition to those granted before. Raises 42704 for a role that does not exist, 22023 for no, a NULL or an unknown distributor_id';

CREATE FUNCTION poa.grant_operator(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa.record_access(role, 'operator', NULL);
	EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA poa TO %I', role);
	EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA poa TO %I', role);
	EXECUTE format('GRANT INSERT, UPDATE, DELETE ON poa.manufacturer, poa.guid_list, poa.device TO %I', role);
	EXECUTE format('GRANT INSERT ON poa.sign_of_life TO %I', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION poa.track_activation, poa.retime_activation, poa.first_receipt, poa.cancel_activation, poa.record_outcome, poa.record_outcome_at,'
		' poa.receive, poa.duis_activation, poa.duis_alert, poa.duis_outcome, poa.duis_name, poa.xs_datetime,'
		' poa.gbcs_activation, poa.base64_octets, poa.is_eui, poa.is_readable, poa.refuse_unreadable, poa.refuse_message,'
		' poa.begin_import, poa.finish_import, poa.undo_import,'
		' poa.eligibility, poa.explain, poa.verify, poa.is_enabled, poa.health, poa.read_metrics, poa.release, poa.release_still_dark,'
		' poa.still_dark, poa.restoration, poa.late_activation, poa.replay TO %I', role);
END
$$;
COMMENT ON FUNCTION poa.grant_operator(name) IS
	'lets a role fill manufacturer, guid_list, device and sign_of_life, import and undo imports, track, cancel, record outcomes, receive messages, explain, verify, report and release, and read everything. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.grant_auditor(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa.record_access(role, 'auditor', NULL);
	EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA poa TO %I', role);
	EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA poa TO %I', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION poa.eligibility, poa.explain, poa.verify, poa.is_enabled, poa.health, poa.read_metrics,'
		' poa.still_dark, poa.restoration, poa.late_activation, poa.replay TO %I', role);
END
$$;
COMMENT ON FUNCTION poa.grant_auditor(name) IS
	'lets a role read everything and call eligibility, explain, health, verify and the reports. Raises 42704 for a role that does not exist';

CREATE FUNCTION poa.revoke_all(role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM poa.access AS a WHERE a.role = revoke_all.role;
	IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = revoke_all.role) THEN
		EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA poa FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA poa FROM %I', role);
		EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA poa FROM %I', role);
		EXECUTE format('REVOKE ALL ON SCHEMA poa FROM %I', role);
		/* public is everybody's, and not ours to take away */
		IF poa.guid_schema() <> 'public' THEN
			EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', poa.guid_schema(), role);
		END IF;
	ELSIF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('role %s does not exist', coalesce('"' || revoke_all.role || '"', 'NULL'));
	END IF;
END
$$;
COMMENT ON FUNCTION poa.revoke_all(name) IS
	'takes every right in schema poa from a role, the use of the schema of the type guid unless that is public, and what is on record for it, also when the role is gone. Raises 42704 where there is neither';

REVOKE ALL ON FUNCTION poa.record_access(name, text, smallint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_dno(name, integer[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_operator(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.grant_auditor(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.revoke_all(name) FROM PUBLIC;
