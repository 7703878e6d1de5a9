/*
 * Alerts whose hub has given no sign of life: a genuine outage in a window is
 * suppressed too, and this brings it to light.
 */

CREATE FUNCTION poa_internal.still_dark_of(distributors smallint[], grace interval, as_of timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, closes_at timestamptz, dark_for interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	IF grace IS NULL OR as_of IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'grace and as_of must not be NULL';
	ELSIF NOT isfinite(as_of) OR NOT isfinite(grace) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'grace and as_of must be finite';
	END IF;
	RETURN QUERY
	WITH candidate AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.decided_at, l.closes_at, l.device
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.diverted
			AND l.decided_at < as_of AND l.closes_at < as_of - grace
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id)
	), heard_by_hub AS MATERIALIZED (
		SELECT a.log_id
		FROM (SELECT array_agg(c.log_id) AS ids, array_agg(c.chf) AS guids, array_agg(c.decided_at) AS starts,
				min(c.decided_at) AS from_at FROM candidate AS c) AS c
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT s.id FROM span AS s WHERE EXISTS (SELECT FROM alert AS a
					WHERE a.chf OPERATOR(@extschema@.=) s.guid AND a.at > s.from_at AND a.code IS DISTINCT FROM 'AD1')
			$query$, c.from_at, as_of, c.ids, c.guids, c.starts, by => 'chf') AS a (log_id bigint)
	), silent AS MATERIALIZED (
		SELECT c.log_id, c.chf, c.device, c.decided_at FROM candidate AS c
		WHERE NOT EXISTS (SELECT FROM heard_by_hub AS h WHERE h.log_id = c.log_id)
	), voice AS MATERIALIZED (
		SELECT s.log_id, s.chf AS guid, s.decided_at FROM silent AS s
		UNION ALL
		/* a sign of the meter counts for the hub on which it was, wherever it is now */
		SELECT s.log_id, s.device, s.decided_at FROM silent AS s
		UNION ALL
		SELECT s.log_id, d.device, s.decided_at FROM silent AS s
		JOIN poa.device AS d ON d.chf OPERATOR(@extschema@.=) s.chf AND d.device OPERATOR(@extschema@.<>) s.device
	), heard AS (
		SELECT h.log_id FROM heard_by_hub AS h
		UNION ALL
		SELECT a.log_id
		FROM (SELECT array_agg(v.log_id) AS ids, array_agg(v.guid) AS guids, array_agg(v.decided_at) AS starts,
				min(v.decided_at) AS from_at FROM voice AS v) AS v
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT s.id FROM span AS s WHERE EXISTS (SELECT FROM alert AS a
					WHERE a.device OPERATOR(@extschema@.=) s.guid AND a.at > s.from_at AND a.code IS DISTINCT FROM 'AD1')
			$query$, v.from_at, as_of, v.ids, v.guids, v.starts, by => 'device') AS a (log_id bigint)
		UNION ALL
		SELECT v.log_id FROM voice AS v
		WHERE EXISTS (SELECT FROM poa.sign_of_life AS s
			WHERE s.guid OPERATOR(@extschema@.=) v.guid AND s.seen_at > v.decided_at AND s.seen_at <= as_of)
	)
	SELECT c.log_id, c.chf, c.mpxn, c.distributor_id, c.decided_at, c.closes_at, as_of - c.decided_at
	FROM candidate AS c
	WHERE NOT EXISTS (SELECT FROM heard AS h WHERE h.log_id = c.log_id)
	ORDER BY c.decided_at, c.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.still_dark_of(smallint[], interval, timestamptz) IS
	'poa.still_dark for the given distributors, -1 being none; run by poa.still_dark as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.still_dark_of(smallint[], interval, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.still_dark(grace interval DEFAULT '15 minutes', as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, closes_at timestamptz, dark_for interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.still_dark(interval, timestamptz) IS
	'diverted alerts, as far as the caller may see them, that were not released, whose window closed more than grace before as_of (UTC instant), and whose hub has given no sign of life after the alert and up to as_of: no row other than an AD1 in an attached table that names the hub or a device on it, no outcome of an activation, nothing in poa.sign_of_life. dark_for is the interval from the alert to as_of. Raises 22004 for NULL, 22023 for what is not finite';
SELECT poa_internal.permit('FUNCTION poa.still_dark(interval, timestamptz)', '{dno,operator,auditor}');

CREATE FUNCTION poa.release_still_dark(grace interval DEFAULT '15 minutes') RETURNS bigint
LANGUAGE sql
RETURN (
	SELECT poa_internal.release_each(pg_catalog.array_agg(s.log_id),
		pg_catalog.concat('no sign of life ', grace, ' after its window'),
		pg_catalog.current_setting('search_path'))
	FROM poa.still_dark(grace) AS s);
COMMENT ON FUNCTION poa.release_still_dark(interval) IS
	'releases the alerts of poa.still_dark(grace) and returns how many. It acts as the caller, who needs'
	' INSERT on their tables. One that cannot be released is a WARNING that names it, and stays for the next'
	' run; one that another session releases meanwhile is not counted. Deferred constraints are checked at'
	' once, for the rest of the transaction, as by SET CONSTRAINTS ALL IMMEDIATE. Raises 22004 for NULL,'
	' 22023 for a grace that is not finite';
SELECT poa_internal.permit('FUNCTION poa.release_still_dark(interval)', '{operator}');
