/*
 * Evidence that a suppressed alert was a genuine outage.  Each kind has a
 * function of its own, which says why of those of some alerts that it finds,
 * by what was known at an instant.
 */

CREATE FUNCTION poa_internal.evidence_of(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, evidence text, place integer, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT e.log_id, 'no_activation', 1, e.detail FROM poa_internal.evidence_no_activation(log_ids, as_of) AS e
	UNION ALL SELECT e.log_id, 'started', 2, e.detail FROM poa_internal.evidence_started(log_ids, as_of) AS e
	UNION ALL SELECT e.log_id, 'neighbours', 3, e.detail FROM poa_internal.evidence_neighbours(log_ids, as_of) AS e
	UNION ALL SELECT e.log_id, 'second', 4, e.detail FROM poa_internal.evidence_second(log_ids, as_of) AS e
	UNION ALL SELECT e.log_id, 'unreachable', 5, e.detail FROM poa_internal.evidence_unreachable(log_ids, as_of) AS e
	UNION ALL SELECT e.log_id, 'silent', 6, e.detail FROM poa_internal.evidence_silent(log_ids, as_of) AS e
$$;
COMMENT ON FUNCTION poa_internal.evidence_of(bigint[], timestamptz) IS
	'all evidence on some suppressed alerts, as far as known at a UTC instant.'
	' One row for each kind that an alert has; place is the order of the kinds';
REVOKE ALL ON FUNCTION poa_internal.evidence_of(bigint[], timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.genuine_of(distributors smallint[], as_of timestamptz, since timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, decided_at timestamptz,
	evidence text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	IF as_of IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'as_of must not be NULL';
	ELSIF NOT isfinite(as_of) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'as_of must be finite';
	END IF;
	RETURN QUERY
	SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.decided_at, e.evidence, e.detail
	FROM (
		SELECT array_agg(l.log_id) AS ids FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.diverted
			AND l.decided_at >= coalesce(since, as_of - interval '31 days') AND l.decided_at <= as_of
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id AND r.released_at <= as_of)
	) AS i
	CROSS JOIN poa_internal.evidence_of(i.ids, as_of) AS e
	JOIN poa.suppression_log AS l ON l.log_id = e.log_id
	ORDER BY l.decided_at, l.log_id, e.place;
END
$$;
COMMENT ON FUNCTION poa_internal.genuine_of(smallint[], timestamptz, timestamptz) IS
	'poa.genuine for the given distributors, -1 being none.'
	' Run by poa.genuine as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.genuine_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.genuine(as_of timestamptz DEFAULT pg_catalog.now(), since timestamptz DEFAULT NULL)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, decided_at timestamptz,
	evidence text, detail text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.genuine(timestamptz, timestamptz) IS
	'evidence that suppressed alerts were genuine outages.'
	' One row for each piece of it. Judged are alerts, as far as visible to the caller, that were diverted and not released, from'
	' since (UTC instant, NULL: 31 days before as_of) to as_of (UTC instant), by what was known then: alerts, starts, signs of'
	' life, ends of activations, releases and no-answers up to it. evidence: no_activation, started, neighbours, second,'
	' unreachable or silent; detail: a sentence that says why. Hubs of other distributors count as neighbours and are not named.'
	' Raises 22004 for a NULL as_of, 22023 for an infinite one';
SELECT poa_internal.permit('FUNCTION poa.genuine(timestamptz, timestamptz)', '{dno,operator,auditor}');

CREATE FUNCTION poa_internal.evidence_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['no_activation', 'started', 'neighbours', 'second', 'unreachable', 'silent'];
COMMENT ON FUNCTION poa_internal.evidence_kinds() IS 'the kinds of evidence, in the order in which they are told';
SELECT poa_internal.permit('FUNCTION poa_internal.evidence_kinds()', '{dno,operator,auditor}');

/*
 * What to release: of two days, and what came late for older alerts.
 */
CREATE FUNCTION poa_internal.releasable_of(distributors smallint[], kinds text[])
RETURNS TABLE (log_id bigint, reason text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	since timestamptz := now() - interval '2 days';
	unknown text;
BEGIN
	IF kinds IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'evidence must not be NULL';
	END IF;
	SELECT string_agg(coalesce(quote_literal(k.kind), 'NULL'), ', ') INTO unknown FROM unnest(kinds) AS k (kind)
	WHERE k.kind = ANY (poa_internal.evidence_kinds()) IS NOT TRUE;
	IF unknown IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown evidence: %s', unknown),
			HINT = format('It is one of %s.', array_to_string(poa_internal.evidence_kinds(), ', '));
	END IF;
	RETURN QUERY
	WITH ended AS MATERIALIZED (
		/* with each hub that it was on: its meter may have moved since the alert */
		SELECT DISTINCT a.activation_id, w.chf
		FROM poa.activation_change AS c JOIN poa.activation AS a USING (activation_id)
		JOIN poa.activation_change AS w USING (activation_id)
		WHERE c.changed_at >= since AND a.ended_at IS NOT NULL
	), log_row AS MATERIALIZED (
		SELECT l.log_id, l.distributor_id, l.diverted FROM poa.suppression_log AS l WHERE l.decided_at >= since AND l.decided_at <= now()
		UNION
		SELECT l.log_id, l.distributor_id, l.diverted FROM ended AS e JOIN poa.suppression_log AS l ON l.chf OPERATOR(@extschema@.=) e.chf
		WHERE l.decided_at < since AND e.activation_id = ANY (l.matched)
		UNION
		SELECT l.log_id, l.distributor_id, l.diverted
		FROM poa_internal.asked_in_vain(since) AS h JOIN poa.suppression_log AS l ON l.chf OPERATOR(@extschema@.=) h.chf
		WHERE l.decided_at < since
	)
	SELECT e.log_id, 'evidence: ' || string_agg(e.evidence, ', ' ORDER BY e.place)
	FROM (
		SELECT array_agg(l.log_id) AS ids FROM log_row AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.diverted
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id)
	) AS i
	CROSS JOIN poa_internal.evidence_of(i.ids, now()) AS e
	WHERE e.evidence = ANY (kinds)
	GROUP BY e.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.releasable_of(smallint[], text[]) IS
	'poa_internal.releasable for the given distributors, -1 being none.'
	' Run as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.releasable_of(smallint[], text[]) FROM PUBLIC;

CREATE FUNCTION poa_internal.releasable(evidence text[]) RETURNS TABLE (log_id bigint, reason text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa_internal.releasable(text[]) IS
	'the alerts that poa.release_genuine releases, and why.'
	' Those of the last two days, and older ones of which the end of an activation became known since, or of a hub a no-answer';
SELECT poa_internal.permit('FUNCTION poa_internal.releasable(text[])', '{operator}');

CREATE FUNCTION poa.release_genuine(evidence text[] DEFAULT '{no_activation,started,neighbours,second,unreachable}')
RETURNS bigint
LANGUAGE sql
/* for none too, so that it is an error in a read-only transaction in any case */
RETURN poa_internal.release_each(NULL, '', pg_catalog.current_setting('search_path')) OPERATOR(pg_catalog.+) (
	SELECT CAST(coalesce(pg_catalog.sum(r.released), 0::numeric) AS bigint)
	FROM (
		SELECT poa_internal.release_each(pg_catalog.array_agg(g.log_id ORDER BY g.log_id), g.reason,
			pg_catalog.current_setting('search_path')) AS released
		FROM poa_internal.releasable(evidence) AS g
		GROUP BY g.reason
	) AS r);
COMMENT ON FUNCTION poa.release_genuine(text[]) IS
	'releases the suppressed alerts on which there is evidence of these kinds.'
	' Returns how many. The alerts are those of the last two days, and older ones of which the end of an activation became known'
	' since, or of a hub a no-answer. The reason of each release is "evidence: " and the kinds. Acts as the caller and goes on where'
	' one cannot be released, as poa.release_still_dark does. Raises 22004 for NULL, 22023 for an unknown kind,'
	' 25006 in a read-only transaction or on a standby';
SELECT poa_internal.permit('FUNCTION poa.release_genuine(text[])', '{operator}');
