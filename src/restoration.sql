/*
 * Restorations, paired with the suppressed alerts that explain them.
 */

CREATE FUNCTION poa_internal.restoration_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, device @extschema@.guid,
	activates_at timestamptz, decided_at timestamptz, restored_at timestamptz, restoration_code text,
	restored_device @extschema@.guid, outage interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	RETURN QUERY
	/* those after the range too: the restoration of one of them is not of one before */
	WITH suppressed AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.device, l.activates_at, l.decided_at, l.start,
			min(l.decided_at) OVER hub AS first_at, lead(l.start, 1, 'infinity') OVER hub AS next_start
		FROM (
			SELECT l.*, poa_internal.outage_start(l.outage_started_at, l.decided_at) AS start FROM poa.suppression_log AS l
			WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.decided_at >= from_at
		) AS l
		WINDOW hub AS (PARTITION BY l.chf ORDER BY l.start, l.decided_at, l.log_id)
	), ended AS MATERIALIZED (
		SELECT r.id AS log_id, r.code, r.chf, r.device, r.at, s.chf AS hub, s.decided_at
		FROM (SELECT array_agg(s.log_id) AS ids, array_agg(s.chf) AS hubs,
				/* at the very start is after it here, at that of the next is not before */
				array_agg(s.start - interval '1 microsecond') AS starts,
				array_agg(s.next_start - interval '1 microsecond') AS ends
			FROM suppressed AS s WHERE s.first_at < to_at) AS o
		CROSS JOIN poa_internal.first_sign_of_life(o.ids, o.hubs, o.starts, o.ends, restoration => true) AS r
		JOIN suppressed AS s ON s.log_id = r.id
	), pair AS (
		/* a meter that was on two hubs restores the one where the lights went out last */
		SELECT DISTINCT ON (e.code, e.chf, e.device, e.at) e.*
		FROM ended AS e
		WHERE e.log_id NOT IN (
			/* the hub had another AD1 in between, which was stored; then it is that one's */
			SELECT a.log_id
			FROM (SELECT array_agg(e.log_id) AS ids, array_agg(e.hub) AS guids, array_agg(e.decided_at) AS starts,
					array_agg(e.at) AS ends, min(e.decided_at) AS from_at, max(e.at) AS to_at FROM ended AS e) AS e
			CROSS JOIN poa_internal.query_attached(
				$query$
					SELECT s.id FROM span AS s JOIN alert AS a
						ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at > s.from_at AND a.at <= s.to_at
					WHERE a.code = 'AD1'
				$query$, e.from_at, e.to_at, e.ids, e.guids, e.starts, e.ends, 'chf') AS a (log_id bigint))
		ORDER BY e.code, e.chf, e.device, e.at, e.decided_at DESC, e.log_id DESC
	)
	SELECT s.log_id, s.chf, s.mpxn, s.distributor_id, s.device, s.activates_at, s.decided_at,
		p.at, p.code, p.device, p.at - s.start
	FROM suppressed AS s LEFT JOIN pair AS p USING (log_id)
	WHERE s.decided_at < to_at
	ORDER BY s.decided_at, s.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.restoration_of(smallint[], timestamptz, timestamptz) IS
	'poa.restoration for the given distributors, -1 being none.'
	' Run by poa.restoration as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.restoration_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.restoration(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, device @extschema@.guid,
	activates_at timestamptz, decided_at timestamptz, restored_at timestamptz, restoration_code text,
	restored_device @extschema@.guid, outage interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.restoration(timestamptz, timestamptz) IS
	'suppressed AD1s, each with the restoration alert that ended it.'
	' Every one (diverted or shadow) of from_at <= decided_at < to_at, UTC instants, as far as visible to the caller, with the'
	' first restoration alert (8F35 to 8F3C) in an attached table that names its hub, or a device that was on it, at or after the'
	' start of the outage, where that is known, else the AD1, and before that of the hub''s next AD1. restored_at, restoration_code,'
	' restored_device (NULL where the table has no device column) and outage, the interval up to the restoration, are NULL where'
	' there is none. A restoration is paired once at most. Raises 22004 for NULL (GBCS; explains "restoration without AD1")';
SELECT poa_internal.permit('FUNCTION poa.restoration(timestamptz, timestamptz)', '{dno,operator,auditor}');
