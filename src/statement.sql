/*
 * What a month's statement (bin/poa-report) needs beside the views: of the
 * tables that a DNO has no right to, what concerns its own part.
 */

/* a reason given by hand may begin likewise */
CREATE FUNCTION poa_internal.release_evidence(reason text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN reason OPERATOR(pg_catalog.~~) 'evidence: _%'
			AND pg_catalog.string_to_array(pg_catalog.substr(reason, 11), ', ') OPERATOR(pg_catalog.<@) poa_internal.evidence_kinds()
		THEN pg_catalog.string_to_array(pg_catalog.substr(reason, 11), ', ')
	WHEN reason OPERATOR(pg_catalog.~~) 'no sign of life %' THEN ARRAY['still_dark']
	WHEN reason IS NOT NULL THEN ARRAY['other'] END;
COMMENT ON FUNCTION poa_internal.release_evidence(text) IS
	'the kinds of evidence on which an alert was released, by the reason.'
	' Those of poa.release_genuine, still_dark for poa.release_still_dark, other for any other reason, NULL for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.release_evidence(text)', '{dno,operator,auditor}');

CREATE FUNCTION poa_internal.statement_originators_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (originator @extschema@.guid, name text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT o.originator, o.name FROM poa.originator AS o
	WHERE EXISTS (
		SELECT FROM poa.suppression_log AS l
		WHERE l.originator OPERATOR(@extschema@.=) o.originator AND coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors)
			AND l.decided_at >= from_at AND l.decided_at < to_at)
$$;
COMMENT ON FUNCTION poa_internal.statement_originators_of(smallint[], timestamptz, timestamptz) IS
	'poa_internal.statement_originators for the given distributors, -1 being none.'
	' Run as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.statement_originators_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.statement_originators(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (originator @extschema@.guid, name text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa_internal.statement_originators(timestamptz, timestamptz) IS
	'names of the service users whose requests led to alerts of a period.'
	' Alerts of from_at <= decided_at < to_at, UTC instants, as far as visible to the caller; no row for a service user without a'
	' name';
SELECT poa_internal.permit('FUNCTION poa_internal.statement_originators(timestamptz, timestamptz)', '{dno,operator,auditor}');

CREATE FUNCTION poa_internal.statement_holds_of(distributors smallint[], from_at timestamptz, to_at timestamptz, picked smallint[])
RETURNS TABLE (hold_id bigint, held_at timestamptz, until timestamptz, ended_at timestamptz, reason text,
	chf @extschema@.guid, distributor_id smallint, manufacturer text, originator @extschema@.guid, alerts bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH mine AS MATERIALIZED (
		SELECT ARRAY(SELECT d.id FROM unnest(distributors) AS d (id) WHERE picked IS NULL OR d.id = ANY (picked)) AS ids
	)
	SELECT h.hold_id, h.held_at, h.until, h.ended_at, h.reason, h.chf, h.distributor_id, h.manufacturer, h.originator,
		coalesce(l.alerts, 0)
	FROM poa.hold_log AS h
	LEFT JOIN (
		SELECT l.hold_id, count(*) FROM poa.suppression_log AS l
		WHERE l.hold_id IS NOT NULL AND coalesce(l.distributor_id, '-1'::smallint) = ANY ((SELECT m.ids FROM mine AS m)::smallint[])
			AND l.decided_at >= from_at AND l.decided_at < to_at
		GROUP BY 1
	) AS l (hold_id, alerts) USING (hold_id)
	WHERE l.alerts > 0
		OR h.held_at < to_at AND coalesce(h.ended_at, h.until) > from_at
			AND (h.distributor_id IS NULL OR h.distributor_id = ANY ((SELECT m.ids FROM mine AS m)::smallint[]))
			/* a hub is that of its meters' distributors, and of none where these are not known */
			AND (h.chf IS NULL OR '-1'::smallint = ANY ((SELECT m.ids FROM mine AS m)::smallint[]) OR EXISTS (
				SELECT FROM poa.device AS d
				WHERE d.chf OPERATOR(@extschema@.=) h.chf AND poa_internal.distributor_of(d.mpxn) = ANY ((SELECT m.ids FROM mine AS m)::smallint[])))
	ORDER BY h.hold_id
$$;
COMMENT ON FUNCTION poa_internal.statement_holds_of(smallint[], timestamptz, timestamptz, smallint[]) IS
	'poa_internal.statement_holds for the given distributors, -1 being none.'
	' Run as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.statement_holds_of(smallint[], timestamptz, timestamptz, smallint[]) FROM PUBLIC;

CREATE FUNCTION poa_internal.statement_holds(from_at timestamptz, to_at timestamptz, picked smallint[] DEFAULT NULL)
RETURNS TABLE (hold_id bigint, held_at timestamptz, until timestamptz, ended_at timestamptz, reason text,
	chf @extschema@.guid, distributor_id smallint, manufacturer text, originator @extschema@.guid, alerts bigint)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa_internal.statement_holds(timestamptz, timestamptz, smallint[]) IS
	'holds of the caller''s part of a period, and how many alerts each had stored.'
	' Those in force at some time of from_at <= t < to_at, UTC instants, that name no other distributor and no hub of others'
	' only, and those by which an alert visible to the caller was stored. picked are the distributors to which all of this is'
	' limited, none where it is NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.statement_holds(timestamptz, timestamptz, smallint[])', '{dno,operator,auditor}');
