/*
 * Evidence: neighbours went dark too.
 */

/*
 * AD1s are looked up by slices of time in which an alert needs them, then by
 * neighbourhood, and only the few that are left by whether a window explains
 * them: a storm brings hundreds of thousands.  They are taken up into arrays so
 * that the plan goes by how many there are.  The hubs that have a window are
 * counted in one pass over each neighbourhood in the order of time.
 */
CREATE FUNCTION poa_internal.evidence_neighbours(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
	SET plan_cache_mode = force_custom_plan SET enable_mergejoin = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
DECLARE
	width interval := greatest((SELECT max(n.within) FROM poa_internal.neighbourhoods() AS n), '1 minute');
	slices timestamptz[];
	ad1_hubs @extschema@.guid[];
	ad1_ats timestamptz[];
	ad1_starts timestamptz[];
BEGIN
	/* a slice is no shorter than within, so what is near is in the same or one beside it */
	SELECT array_agg(DISTINCT date_bin(width, poa_internal.outage_start(l.outage_started_at, l.decided_at), '2000-01-01') + d.d * width)
	INTO slices
	FROM unnest(log_ids) AS i (log_id)
	JOIN poa.suppression_log AS l USING (log_id)
	CROSS JOIN (VALUES (-1), (0), (1)) AS d (d);
	IF slices IS NULL OR NOT EXISTS (SELECT FROM poa.hub_group) THEN
		RETURN;
	END IF;
	SELECT array_agg(a.chf), array_agg(a.at), array_agg(a.start) INTO ad1_hubs, ad1_ats, ad1_starts
	FROM poa_internal.query_attached(
		format($query$
			SELECT a.chf, a.at, s.start
			FROM alert AS a
			CROSS JOIN LATERAL (
				/* outage_start(), which the owner of the table may not execute */
				SELECT CASE WHEN isfinite(a.started) THEN a.started WHEN isfinite(a.at) THEN a.at END
			) AS s (start)
			WHERE a.code = 'AD1' AND date_bin(%L::interval, s.start, '2000-01-01') = ANY ($6)
		$query$, width), slices[1] - width, as_of, starts => slices)
		AS a (chf @extschema@.guid, at timestamptz, start timestamptz);

	RETURN QUERY
	WITH target AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.decided_at, s.start, g.kind, g.group_id, n.hubs, n.within, n.share::numeric AS share
		FROM unnest(log_ids) AS i (log_id)
		JOIN poa.suppression_log AS l USING (log_id)
		CROSS JOIN LATERAL (SELECT poa_internal.outage_start(l.outage_started_at, l.decided_at)) AS s (start)
		JOIN poa.hub_group AS g ON g.chf OPERATOR(@extschema@.=) l.chf
		JOIN poa_internal.neighbourhoods() AS n ON n.kind = g.kind
	), near AS MATERIALIZED (
		/* OFFSET 0, so that dark hubs of a neighbourhood and a slice are joined, of which there are the fewest */
		SELECT t.log_id, t.kind, p.n, p.chf, p.at, p.start
		FROM (
			SELECT a.n, a.chf, a.at, a.start, date_bin(width, a.start, '2000-01-01') AS slice, g.kind, g.group_id
			FROM unnest(ad1_hubs, ad1_ats, ad1_starts) WITH ORDINALITY AS a (chf, at, start, n)
			JOIN poa.hub_group AS g ON g.chf OPERATOR(@extschema@.=) a.chf
			OFFSET 0
		) AS p
		JOIN (
			SELECT t.log_id, t.chf, t.kind, t.group_id, t.start - t.within AS from_at, t.start + t.within AS to_at,
				date_bin(width, t.start, '2000-01-01') + d.d * width AS slice
			FROM target AS t CROSS JOIN (VALUES (-1), (0), (1)) AS d (d)
			OFFSET 0
		) AS t USING (kind, group_id, slice)
		WHERE p.start BETWEEN t.from_at AND t.to_at AND p.chf OPERATOR(@extschema@.<>) t.chf
	), explained AS MATERIALIZED (
		SELECT u.n
		FROM (SELECT DISTINCT n.n, n.chf, n.at FROM near AS n) AS u
		WHERE EXISTS (SELECT FROM poa.activation AS a
				WHERE a.chf OPERATOR(@extschema@.=) u.chf AND poa_internal.window_holds(a.opens_at, a.closes_at, u.at)
					AND a.received_at <= as_of)
			OR EXISTS (SELECT FROM poa.suppression_log AS l
				WHERE l.chf OPERATOR(@extschema@.=) u.chf AND l.decided_at = u.at)
	), dark AS MATERIALIZED (
		SELECT n.log_id, n.kind, count(DISTINCT n.chf) AS hubs, min(n.start) AS first_at, max(n.start) AS last_at
		FROM near AS n
		WHERE n.n NOT IN (SELECT e.n FROM explained AS e)
		GROUP BY n.log_id, n.kind
	), candidate AS MATERIALIZED (
		SELECT t.*, d.hubs AS dark, d.first_at, d.last_at
		FROM dark AS d JOIN target AS t USING (log_id, kind)
		WHERE d.hubs >= t.hubs
	), area AS MATERIALIZED (
		SELECT c.kind, c.group_id, min(c.decided_at) AS from_at, max(c.decided_at) AS to_at
		FROM candidate AS c GROUP BY c.kind, c.group_id
	), member AS MATERIALIZED (
		/* the windows of a hub may overlap */
		SELECT a.kind, a.group_id, g.chf, (
			SELECT range_agg(tstzrange(v.opens_at, v.closes_at, '[]')) FROM poa.activation AS v
			WHERE v.chf OPERATOR(@extschema@.=) g.chf AND v.closes_at >= a.from_at AND v.opens_at <= a.to_at
				AND v.received_at <= as_of
		) AS windows
		FROM area AS a JOIN poa.hub_group AS g ON g.kind = a.kind AND g.group_id = a.group_id
	), event AS (
		SELECT c.kind, c.group_id, c.decided_at AS at, 2 AS place, 0 AS change, c.log_id, c.dark, c.share, c.first_at, c.last_at
		FROM candidate AS c
		UNION ALL
		SELECT m.kind, m.group_id, '-infinity', 0, 1, NULL, NULL, NULL, NULL, NULL FROM member AS m
		UNION ALL
		SELECT m.kind, m.group_id, e.at, e.place, e.change, NULL, NULL, NULL, NULL, NULL
		FROM member AS m
		CROSS JOIN LATERAL unnest(m.windows) AS w (w)
		CROSS JOIN LATERAL (VALUES (lower(w.w), 1, -1), (upper(w.w), 3, 1)) AS e (at, place, change)
	), counted AS (
		SELECT e.*, sum(e.change) OVER (PARTITION BY e.kind, e.group_id ORDER BY e.at, e.place) AS without_window
		FROM event AS e
	)
	SELECT c.log_id, string_agg(format('%s of the %s hubs of %s %s that have no window went dark between %s and %s.', c.dark, c.without_window,
		c.kind, c.group_id, poa_internal.said_at(c.first_at), poa_internal.said_at(c.last_at)), ' ' ORDER BY c.kind)
	FROM counted AS c
	WHERE c.dark >= c.share * c.without_window
	GROUP BY c.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.evidence_neighbours(bigint[], timestamptz) IS
	'of some suppressed alerts those whose neighbours went dark with them.'
	' As far as known at a UTC instant. Counted are other hubs of a neighbourhood (poa.hub_group) with an AD1 in an attached'
	' table that was never logged and that no window received by then holds, whatever became of it. There must be as many as'
	' poa_internal.neighbourhoods() has, and that share of the hubs of the neighbourhood that have no window';
REVOKE ALL ON FUNCTION poa_internal.evidence_neighbours(bigint[], timestamptz) FROM PUBLIC;
