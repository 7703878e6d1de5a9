/*
 * Evidence: asked, and no answer.
 */

/* of all hubs with open questions few have one */
CREATE FUNCTION poa_internal.asked_in_vain(since timestamptz) RETURNS TABLE (chf @extschema@.guid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH unheard AS (SELECT n.guid FROM poa.no_answer AS n WHERE n.at >= since)
	SELECT n.guid FROM unheard AS n
	UNION
	SELECT d.chf FROM unheard AS n JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) n.guid
	UNION
	SELECT v.chf FROM unheard AS n JOIN poa.device_move AS v ON v.device OPERATOR(@extschema@.=) n.guid
$$;
COMMENT ON FUNCTION poa_internal.asked_in_vain(timestamptz) IS
	'hubs that poa.no_answer may be about since a UTC instant.'
	' By itself, or by a device that is or was on it';
REVOKE ALL ON FUNCTION poa_internal.asked_in_vain(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.evidence_unreachable(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH outage AS MATERIALIZED (
		SELECT l.log_id, l.chf, poa_internal.outage_start(l.outage_started_at, l.decided_at) AS start, l.closes_at
		FROM unnest(log_ids) AS i (log_id) JOIN poa.suppression_log AS l USING (log_id)
		WHERE l.closes_at < as_of AND l.chf OPERATOR(@extschema@.=) ANY (SELECT h.chf FROM poa_internal.asked_in_vain('-infinity') AS h)
	), spans AS (
		SELECT array_agg(o.log_id) AS ids, array_agg(o.chf) AS hubs, array_agg(o.start) AS starts, array_agg(o.closes_at) AS closes,
			array_agg(as_of) AS ends
		FROM outage AS o
	), voice AS (
		SELECT o.log_id, o.chf AS guid, o.closes_at AS from_at, as_of AS to_at FROM outage AS o
		UNION ALL
		/* a display that is switched off does not answer either */
		SELECT d.id, d.device, d.from_at, d.to_at
		FROM spans AS s CROSS JOIN poa_internal.devices_of(s.ids, s.hubs, s.closes, s.ends) AS d
		LEFT JOIN poa.device AS m ON m.device OPERATOR(@extschema@.=) d.device
		WHERE coalesce(m.device_type, 'ESME') = 'ESME'
	), heard AS MATERIALIZED (
		SELECT f.id, f.at FROM spans AS s CROSS JOIN poa_internal.first_sign_of_life(s.ids, s.hubs, s.starts, s.ends) AS f
	)
	SELECT DISTINCT ON (o.log_id) o.log_id,
		format('%s was asked after the window closed and %s at %s; nothing was heard from the hub between %s and then.',
		n.guid, CASE n.code WHEN 'E21' THEN 'gave no answer (E21)' ELSE format('could not be reached (%s)', n.code) END,
		poa_internal.said_at(n.at), poa_internal.said_at(o.start))
	FROM outage AS o
	JOIN voice AS v ON v.log_id = o.log_id
	JOIN poa.no_answer AS n ON n.guid OPERATOR(@extschema@.=) v.guid AND n.at > v.from_at AND n.at <= v.to_at
	LEFT JOIN heard AS h ON h.id = o.log_id
	WHERE coalesce(h.at > n.at, true)
		/* what was asked during the window says nothing: a meter that reboots is silent */
		AND (EXISTS (SELECT FROM poa.asked AS k
				WHERE k.device OPERATOR(@extschema@.=) n.guid AND k.at > o.closes_at AND k.at <= n.at)
			OR NOT EXISTS (SELECT FROM poa.asked AS k
				WHERE k.device OPERATOR(@extschema@.=) n.guid AND k.at > o.start AND k.at <= o.closes_at))
	ORDER BY o.log_id, n.at, n.guid
$$;
COMMENT ON FUNCTION poa_internal.evidence_unreachable(bigint[], timestamptz) IS
	'of some suppressed alerts those whose hub or electricity meter did not answer.'
	' The request came after the window closed. It has a row in poa.no_answer, and no sign of life from the start of the outage'
	' until then; what is heard later takes nothing back. As far as known at a UTC instant';
REVOKE ALL ON FUNCTION poa_internal.evidence_unreachable(bigint[], timestamptz) FROM PUBLIC;
