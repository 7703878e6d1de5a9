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
		SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.decided_at, l.closes_at,
			poa_internal.outage_start(l.outage_started_at, l.decided_at) AS start
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.diverted
			AND l.decided_at < as_of AND l.closes_at < as_of - grace
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id AND r.released_at <= as_of)
	)
	SELECT c.log_id, c.chf, c.mpxn, c.distributor_id, c.decided_at, c.closes_at, as_of - c.decided_at
	FROM candidate AS c
	WHERE c.log_id NOT IN (
		SELECT s.id
		FROM (SELECT array_agg(c.log_id) AS ids, array_agg(c.chf) AS hubs, array_agg(c.start) AS starts,
				array_agg(as_of) AS ends FROM candidate AS c) AS c
		CROSS JOIN poa_internal.first_sign_of_life(c.ids, c.hubs, c.starts, c.ends) AS s)
	ORDER BY c.decided_at, c.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.still_dark_of(smallint[], interval, timestamptz) IS
	'poa.still_dark for the given distributors, -1 being none.'
	' Run by poa.still_dark as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.still_dark_of(smallint[], interval, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.still_dark(grace interval DEFAULT '15 minutes', as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, closes_at timestamptz, dark_for interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.still_dark(interval, timestamptz) IS
	'diverted alerts of hubs that have been silent since.'
	' As far as visible to the caller. Not released, the window closed more than grace before as_of (UTC instant), and no sign of'
	' life of the hub up to as_of after the start of the outage, where that is known, else the alert: no alert of a device (a code'
	' of four hexadecimal digits) in an attached table that names the hub or a device that was on it then, no outcome of an'
	' activation, nothing in poa.sign_of_life. dark_for is the interval from the alert to as_of. Raises 22004 for NULL, 22023 for'
	' what is not finite';
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
	' 22023 for a grace that is not finite, 25006 in a read-only transaction or on a standby';
SELECT poa_internal.permit('FUNCTION poa.release_still_dark(interval)', '{operator}');

CREATE VIEW poa.still_dark_now (log_id, chf, mpxn, distributor_id, decided_at, closes_at, dark_for)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT d.log_id, d.chf, d.mpxn, d.distributor_id, d.decided_at, d.closes_at, d.dark_for FROM poa.still_dark() AS d;
COMMENT ON VIEW poa.still_dark_now IS 'what poa.still_dark says with its defaults';
COMMENT ON COLUMN poa.still_dark_now.log_id IS 'number of the entry in poa.suppression_log';
COMMENT ON COLUMN poa.still_dark_now.chf IS 'GUID of the communications hub';
COMMENT ON COLUMN poa.still_dark_now.mpxn IS 'MPxN of the alert as it came, NULL where it had none';
COMMENT ON COLUMN poa.still_dark_now.distributor_id IS 'distributor of the alert, NULL where it is unknown';
COMMENT ON COLUMN poa.still_dark_now.decided_at IS 'UTC instant of the alert';
COMMENT ON COLUMN poa.still_dark_now.closes_at IS 'UTC instant at which the window closed';
COMMENT ON COLUMN poa.still_dark_now.dark_for IS 'interval since the alert';
SELECT poa_internal.permit('TABLE poa.still_dark_now', '{dno}', 'SELECT');
