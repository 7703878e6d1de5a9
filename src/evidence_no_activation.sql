/*
 * Evidence: the activation did not take place.
 */

CREATE FUNCTION poa_internal.evidence_no_activation(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH ended AS MATERIALIZED (
		/* the deciding one first: few are */
		SELECT l.log_id, l.matched
		FROM unnest(log_ids) AS i (log_id) JOIN poa.suppression_log AS l USING (log_id)
		JOIN poa.activation AS a ON a.activation_id = l.activation_id
		WHERE NOT poa_internal.suppresses(a.status) AND a.ended_at <= as_of
	)
	SELECT e.log_id, string_agg(format('The activation of meter %s at %s did not take place: %s, received at %s.', a.device,
		poa_internal.said_at(a.activates_at),
		CASE
			WHEN a.status <> 'failed' THEN format('it was %s by %s', a.status, a.ended_by)
			WHEN a.ended_by IN ('no_image_held', 'hash_mismatch') THEN format('its answer was %s', a.ended_by)
			ELSE format('it was refused (%s)', a.ended_by) END,
		poa_internal.said_at(a.ended_at)), ' ' ORDER BY m.place)
	FROM ended AS e
	CROSS JOIN LATERAL unnest(e.matched) WITH ORDINALITY AS m (activation_id, place)
	LEFT JOIN poa.activation AS a
		ON a.activation_id = m.activation_id AND NOT poa_internal.suppresses(a.status) AND a.ended_at <= as_of
	GROUP BY e.log_id
	HAVING bool_and(a.activation_id IS NOT NULL)
$$;
COMMENT ON FUNCTION poa_internal.evidence_no_activation(bigint[], timestamptz) IS
	'of some suppressed alerts those of which no activation took place.'
	' As far as known at a UTC instant. The outcome was no_image_held or hash_mismatch, or the command was refused, cancelled, or'
	' superseded before it started';
REVOKE ALL ON FUNCTION poa_internal.evidence_no_activation(bigint[], timestamptz) FROM PUBLIC;
