/*
 * Alerts that were stored before the window that holds them was tracked.
 */

CREATE FUNCTION poa_internal.late_activation_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, activation_id bigint, device @extschema@.guid, request_id text, received_at timestamptz,
	activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, late_by interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	RETURN QUERY
	SELECT s.source_schema, s.source_table, s.chf, s.mpxn, s.distributor_id, s.decided_at,
		a.activation_id, a.device, a.request_id, a.received_at, a.activates_at, a.opens_at, a.closes_at,
		a.received_at - s.decided_at
	FROM poa_internal.stored_ad1(distributors, from_at, to_at) AS s
	CROSS JOIN LATERAL (
		SELECT v.* FROM poa.activation AS v
		WHERE v.chf OPERATOR(@extschema@.=) s.chf AND poa_internal.suppresses(v.status)
			AND poa_internal.window_holds(v.opens_at, v.closes_at, s.decided_at)
		ORDER BY v.activates_at DESC, v.activation_id DESC LIMIT 1
	) AS a
	/* first of all, because most are in no window, and to sort none takes longer than to look */
	WHERE EXISTS (
		SELECT FROM poa.activation AS v
		WHERE v.chf OPERATOR(@extschema@.=) s.chf AND poa_internal.suppresses(v.status)
			AND poa_internal.window_holds(v.opens_at, v.closes_at, s.decided_at))
	ORDER BY s.decided_at, s.chf, a.activation_id;
END
$$;
COMMENT ON FUNCTION poa_internal.late_activation_of(smallint[], timestamptz, timestamptz) IS
	'poa.late_activation for the given distributors, -1 being none.'
	' Run by poa.late_activation as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.late_activation_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.late_activation(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, activation_id bigint, device @extschema@.guid, request_id text, received_at timestamptz,
	activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, late_by interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.late_activation(timestamptz, timestamptz) IS
	'AD1s that were stored although a window, tracked later, holds them.'
	' Those of from_at <= decided_at < to_at, UTC instants, as far as visible to the caller, that stand in an attached table and'
	' were never suppressed, although a tracked or succeeded window of their hub holds them: the activation was not yet tracked'
	' when they came, whichever of the two transactions committed first. Each has the deciding activation. late_by is the interval'
	' from the AD1 to the receipt of the command, negative where the DSP had it before and it was tracked too late. An AD1 that'
	' was stored because the switch was off, the table was not attached, or the meter has come to the hub since is listed too.'
	' Raises 22004 for NULL';
SELECT poa_internal.permit('FUNCTION poa.late_activation(timestamptz, timestamptz)', '{dno,operator,auditor}');
