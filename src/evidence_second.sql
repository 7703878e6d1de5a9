/*
 * Evidence: one outage more than activations explain.
 */

CREATE FUNCTION poa_internal.evidence_second(log_ids bigint[], as_of timestamptz)
RETURNS TABLE (log_id bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH logged AS (
		SELECT l.log_id, l.chf, l.matched, s.start, l.decided_at
		FROM poa.suppression_log AS l
		CROSS JOIN LATERAL (SELECT poa_internal.outage_start(l.outage_started_at, l.decided_at)) AS s (start)
		WHERE l.decided_at <= as_of AND l.chf OPERATOR(@extschema@.=) ANY (
			SELECT o.chf FROM unnest(log_ids) AS i (log_id) JOIN poa.suppression_log AS o USING (log_id))
	), follows AS MATERIALIZED (
		/* alerts that share an activation with the one before make a chain */
		SELECT l.*, lag(l.start) OVER hub AS previous, coalesce(l.matched && lag(l.matched) OVER hub, false) AS linked
		FROM logged AS l
		WINDOW hub AS (PARTITION BY l.chf ORDER BY l.start, l.decided_at, l.log_id)
	), restored AS MATERIALIZED (
		SELECT r.id AS log_id, r.at, r.code
		FROM (SELECT array_agg(f.log_id) AS ids, array_agg(f.chf) AS hubs, array_agg(f.previous) AS starts,
				array_agg(f.start - interval '1 microsecond') AS ends FROM follows AS f WHERE f.linked) AS f
		CROSS JOIN poa_internal.first_sign_of_life(f.ids, f.hubs, f.starts, f.ends, restoration => true) AS r
	), chain AS (
		SELECT f.*, count(*) FILTER (WHERE NOT f.linked) OVER hub AS chain, r.at, r.code
		FROM follows AS f LEFT JOIN restored AS r USING (log_id)
		WINDOW hub AS (PARTITION BY f.chf ORDER BY f.start, f.decided_at, f.log_id)
	), numbered AS MATERIALIZED (
		SELECT c.*, 1 + count(c.at) OVER so_far AS outage, max(c.at) OVER so_far AS restored_at
		FROM chain AS c
		WINDOW so_far AS (PARTITION BY c.chf, c.chain ORDER BY c.start, c.decided_at, c.log_id)
	), explained AS (
		SELECT n.log_id, n.outage, n.restored_at, (
			SELECT count(DISTINCT m.activation_id)
			FROM numbered AS p CROSS JOIN LATERAL unnest(p.matched) AS m (activation_id)
			WHERE p.chf OPERATOR(@extschema@.=) n.chf AND p.chain = n.chain
				AND (p.start, p.decided_at, p.log_id) <= (n.start, n.decided_at, n.log_id)
		) AS activations
		FROM numbered AS n
		WHERE n.outage > 1 AND n.log_id = ANY (log_ids)
	)
	SELECT e.log_id, format('It is outage %s of the hub, the power was back at %s before it, and %s.',
			e.outage, poa_internal.said_at(e.restored_at),
		CASE e.activations WHEN 1 THEN 'one activation explains one reboot'
			ELSE format('%s activations explain %1$s reboots', e.activations) END)
	FROM explained AS e
	WHERE e.outage > e.activations
$$;
COMMENT ON FUNCTION poa_internal.evidence_second(bigint[], timestamptz) IS
	'of some suppressed alerts those that are one outage too many.'
	' More, that is, than the activations that they and those before them matched. An outage is another one where a restoration'
	' came between the two. As far as known at a UTC instant';
REVOKE ALL ON FUNCTION poa_internal.evidence_second(bigint[], timestamptz) FROM PUBLIC;
