/*
 * Whom to ask whether they have power.
 */

CREATE FUNCTION poa_internal.to_ask_of(distributors smallint[], grace interval, as_of timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, device @extschema@.guid, mpxn text, distributor_id smallint, dark_for interval)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT d.log_id, d.chf, l.device, d.mpxn, d.distributor_id, d.dark_for
	FROM poa_internal.still_dark_of(distributors, grace, as_of) AS d
	JOIN poa.suppression_log AS l USING (log_id)
	WHERE NOT EXISTS (SELECT FROM poa.asked AS a
		WHERE a.device OPERATOR(@extschema@.=) l.device AND a.at > d.closes_at AND a.at <= as_of)
	ORDER BY d.dark_for DESC, d.log_id
$$;
COMMENT ON FUNCTION poa_internal.to_ask_of(smallint[], interval, timestamptz) IS
	'poa.to_ask for the given distributors, -1 being none.'
	' Run by poa.to_ask as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.to_ask_of(smallint[], interval, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.to_ask(grace interval DEFAULT '5 minutes', as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_id bigint, chf @extschema@.guid, device @extschema@.guid, mpxn text, distributor_id smallint, dark_for interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.to_ask(interval, timestamptz) IS
	'the meters to send service request 7.4 (Read Supply Status) to.'
	' The longest dark first. Those of poa.still_dark(grace, as_of) whose meter has no row in poa.asked after the window closed,'
	' up to as_of (UTC instant). Raises 22004 for NULL, 22023 for what is not finite (MP102B suggests to ask)';
SELECT poa_internal.permit('FUNCTION poa.to_ask(interval, timestamptz)', '{operator,auditor}');
