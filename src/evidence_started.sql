/*
 * Evidence: the outage began when no reboot does.
 */

/*
 * Where reboots have changed since the profile was learned, it is worth
 * nothing.  Genuine outages of an area are no drift of reboots.
 */
CREATE FUNCTION poa_internal.drift(as_of timestamptz)
RETURNS TABLE (manufacturer text, alerts bigint, outside bigint, drifted boolean)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH last AS MATERIALIZED (
		SELECT n.log_id
		FROM (
			SELECT l.log_id, row_number() OVER (PARTITION BY l.manufacturer ORDER BY l.decided_at DESC, l.log_id DESC) AS n
			FROM poa.suppression_log AS l
			WHERE l.decided_at > as_of - interval '31 days' AND l.decided_at <= as_of AND isfinite(l.outage_started_at)
				AND l.manufacturer IN (SELECT p.manufacturer FROM poa.reboot_profile AS p)
		) AS n
		WHERE n.n <= 300
	), judged AS MATERIALIZED (
		/* as for evidence_started: of several activations one explains it */
		SELECT m.log_id, min(m.manufacturer) FILTER (WHERE m.place = 1) AS manufacturer, bool_and(m.outside) AS outside
		FROM (SELECT array_agg(l.log_id) AS ids FROM last AS l) AS l
		CROSS JOIN poa_internal.matched_activation(l.ids) AS m
		GROUP BY m.log_id
		HAVING bool_or(m.place = 1 AND m.started_low IS NOT NULL)
	), near AS MATERIALIZED (
		SELECT n.log_id
		FROM (SELECT array_agg(j.log_id) AS ids FROM judged AS j WHERE j.outside) AS j
		CROSS JOIN poa_internal.evidence_neighbours(j.ids, as_of) AS n
	)
	SELECT c.*, c.outside > 0.02 * 300
	FROM (
		SELECT j.manufacturer, count(*) AS alerts,
			count(*) FILTER (WHERE j.outside AND j.log_id NOT IN (SELECT n.log_id FROM near AS n)) AS outside
		FROM judged AS j GROUP BY j.manufacturer
	) AS c
$$;
COMMENT ON FUNCTION poa_internal.drift(timestamptz) IS
	'whether the reboots of a make are still those that were learned.'
	' Judged by its last 300 suppressed alerts up to a UTC instant. outside: how many of them began when its reboots do not, by'
	' each activation that they matched, and have no neighbours; drifted: more than 2 in 100 of 300';
REVOKE ALL ON FUNCTION poa_internal.drift(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.evidence_started(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH outside AS MATERIALIZED (
		SELECT m.log_id, array_agg(m.manufacturer) AS manufacturers, string_agg(
			CASE WHEN m.start_at < m.opens_at
				THEN format('The outage began at %s, before the window of meter %s opened at %s.',
					poa_internal.said_at(m.start_at), m.device, poa_internal.said_at(m.opens_at))
				ELSE format('The outage began %s after the activation of meter %s; reboots of its kind begin %s to %s after it.',
					poa_internal.said_for(m.start_at - m.activates_at), m.device,
					poa_internal.said_for(m.started_low), poa_internal.said_for(m.started_high))
			END, ' ' ORDER BY m.place) AS detail
		FROM poa_internal.matched_activation(log_ids) AS m
		GROUP BY m.log_id
		HAVING bool_and(m.outside) AND min(m.start_at) <= as_of
	)
	/* drift is looked at only where there is such a one */
	SELECT o.log_id, o.detail FROM outside AS o
	WHERE NOT o.manufacturers && (
		SELECT coalesce(array_agg(d.manufacturer), '{}') FROM poa_internal.drift(as_of) AS d WHERE d.drifted)
$$;
COMMENT ON FUNCTION poa_internal.evidence_started(bigint[], timestamptz) IS
	'of some suppressed alerts those whose outage began when no reboot does.'
	' This holds for each activation that they matched. Outside of the times after the activation that poa.reboot_profile has for'
	' its kind, or before the window opened, which alone counts where nothing was learned. Nothing of a make whose reboots have'
	' drifted at as_of, a UTC instant';
REVOKE ALL ON FUNCTION poa_internal.evidence_started(bigint[], timestamptz) FROM PUBLIC;
