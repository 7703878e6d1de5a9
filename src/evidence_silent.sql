/*
 * Evidence: silence.
 */

CREATE FUNCTION poa_internal.evidence_silent(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH late AS MATERIALIZED (
		SELECT l.log_id, l.chf, s.start, p.silence_high
		FROM unnest(log_ids) AS i (log_id) JOIN poa.suppression_log AS l USING (log_id)
		CROSS JOIN LATERAL (SELECT poa_internal.outage_start(l.outage_started_at, l.decided_at)) AS s (start)
		JOIN poa.activation AS a ON a.activation_id = l.activation_id
		LEFT JOIN LATERAL poa_internal.profile_for(a.manufacturer, a.firmware_hash, l.decided_at) AS p ON true
		/* as in poa.still_dark where nothing was learned */
		WHERE CASE WHEN p.silence_high IS NOT NULL THEN as_of - s.start > p.silence_high
			ELSE l.decided_at < as_of AND l.closes_at < as_of - interval '15 minutes' END
	), heard AS MATERIALIZED (
		SELECT f.id
		FROM (SELECT array_agg(l.log_id) AS ids, array_agg(l.chf) AS hubs, array_agg(l.start) AS starts,
				array_agg(as_of) AS ends FROM late AS l) AS l
		CROSS JOIN poa_internal.first_sign_of_life(l.ids, l.hubs, l.starts, l.ends) AS f
	)
	SELECT l.log_id, format('The hub has given no sign of life since %s, for %s%s.', poa_internal.said_at(l.start),
		poa_internal.said_for(as_of - l.start),
		'; nearly all are heard within ' || poa_internal.said_for(l.silence_high) || ' of a reboot')
	FROM late AS l
	WHERE l.log_id NOT IN (SELECT h.id FROM heard AS h)
$$;
COMMENT ON FUNCTION poa_internal.evidence_silent(bigint[], timestamptz) IS
	'of some suppressed alerts those that are silent for longer than reboots.'
	' Their hub has given no sign of life up to a UTC instant. As poa.still_dark with its default where nothing was learned of'
	' its kind';
REVOKE ALL ON FUNCTION poa_internal.evidence_silent(bigint[], timestamptz) FROM PUBLIC;
