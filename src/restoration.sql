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
DECLARE
	/* most are restored within a day, for which the later partitions need not be searched */
	query text := $query$SELECT r.* FROM (
		WITH restoration AS NOT MATERIALIZED (
			SELECT s.id, s.from_at + interval '1 day' AS soon, a.code, a.chf, a.device, a.at
			FROM span AS s JOIN alert AS a
				ON a.%I OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at AND a.at < s.to_at
			WHERE a.code IN ('8F35', '8F36', '8F37', '8F38', '8F39', '8F3A', '8F3B', '8F3C')
		), near AS MATERIALIZED (
			SELECT r.id, r.code, r.chf, r.device, r.at FROM restoration AS r WHERE r.at < r.soon
		)
		TABLE near
		UNION ALL
		SELECT r.id, r.code, r.chf, r.device, r.at FROM restoration AS r
		WHERE r.at >= r.soon AND r.id NOT IN (SELECT n.id FROM near AS n)
	) AS r$query$;
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	RETURN QUERY
	/* those after the range too: the restoration of one of them is not of one before */
	WITH suppressed AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.device, l.activates_at, l.decided_at,
			min(l.decided_at) OVER hub AS first_at, lead(l.decided_at, 1, 'infinity') OVER hub AS next_at
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.decided_at >= from_at
		WINDOW hub AS (PARTITION BY l.chf ORDER BY l.decided_at, l.log_id)
	), outage AS MATERIALIZED (
		SELECT s.log_id, s.chf, s.decided_at, s.next_at FROM suppressed AS s WHERE s.first_at < to_at
	), meter AS (
		SELECT s.chf, s.device FROM suppressed AS s WHERE s.decided_at < to_at
		UNION
		SELECT o.chf, d.device FROM outage AS o JOIN poa.device AS d ON d.chf OPERATOR(@extschema@.=) o.chf
	), heard AS (
		SELECT a.*
		FROM (SELECT array_agg(o.log_id) AS ids, array_agg(o.chf) AS guids, array_agg(o.decided_at) AS starts,
				array_agg(o.next_at) AS ends, min(o.decided_at) AS from_at FROM outage AS o) AS o
		CROSS JOIN poa_internal.query_attached(format(query, 'chf'), o.from_at, 'infinity', o.ids, o.guids, o.starts, o.ends, 'chf')
			AS a (log_id bigint, code text, chf @extschema@.guid, device @extschema@.guid, at timestamptz)
		UNION ALL
		SELECT a.*
		FROM (SELECT array_agg(o.log_id) AS ids, array_agg(m.device) AS guids, array_agg(o.decided_at) AS starts,
				array_agg(o.next_at) AS ends, min(o.decided_at) AS from_at
			FROM outage AS o JOIN meter AS m ON m.chf OPERATOR(@extschema@.=) o.chf) AS o
		CROSS JOIN poa_internal.query_attached(format(query, 'device'), o.from_at, 'infinity', o.ids, o.guids, o.starts, o.ends, 'device')
			AS a (log_id bigint, code text, chf @extschema@.guid, device @extschema@.guid, at timestamptz)
	), ended AS MATERIALIZED (
		SELECT DISTINCT ON (h.log_id) h.*, o.chf AS hub, o.decided_at
		FROM heard AS h JOIN outage AS o USING (log_id)
		ORDER BY h.log_id, h.at, h.code, h.device
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
		p.at, p.code, p.device, p.at - s.decided_at
	FROM suppressed AS s LEFT JOIN pair AS p USING (log_id)
	WHERE s.decided_at < to_at
	ORDER BY s.decided_at, s.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.restoration_of(smallint[], timestamptz, timestamptz) IS
	'poa.restoration for the given distributors, -1 being none; run by poa.restoration as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.restoration_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.restoration(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, device @extschema@.guid,
	activates_at timestamptz, decided_at timestamptz, restored_at timestamptz, restoration_code text,
	restored_device @extschema@.guid, outage interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.restoration(timestamptz, timestamptz) IS
	'each suppressed AD1 with the restoration alert that ended it.'
	' The AD1s (diverted or shadow) are those of from_at <= decided_at < to_at, UTC instants, as far as visible to the caller; the'
	' restoration (8F35 to 8F3C) is the first in an attached table that names the hub, or a device on it, at or after the AD1 and'
	' before the hub''s next AD1. restored_at, restoration_code, restored_device (NULL where the table has no device column) and'
	' outage, the interval from AD1 to restoration, are NULL where there is none. A restoration is paired once at most. Raises'
	' 22004 for NULL (GBCS; explains "restoration without AD1")';
SELECT poa_internal.permit('FUNCTION poa.restoration(timestamptz, timestamptz)', '{dno,operator,auditor}');
