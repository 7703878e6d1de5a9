/*
 * What another window would have done to the same history.
 */

CREATE FUNCTION poa_internal.replay_of(
	distributors smallint[],
	from_at timestamptz,
	to_at timestamptz,
	window_before interval,
	window_after interval
) RETURNS TABLE (distributor_id smallint, alerts bigint, suppressed bigint, would_suppress bigint,
	newly_suppressed bigint, newly_forwarded bigint, saving numeric)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	as_it_was boolean := window_before IS NULL AND window_after IS NULL;
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	IF NOT (coalesce(isfinite(window_before) AND timestamp '2001-02-01' + window_before >= '2001-02-01', true)
		AND coalesce(isfinite(window_after) AND timestamp '2001-02-01' + window_after >= '2001-02-01', true))
	THEN
		RAISE invalid_parameter_value USING MESSAGE = 'window_before and window_after must be finite and not negative';
	END IF;
	RETURN QUERY
	SELECT r.distributor_id, count(*), count(*) FILTER (WHERE r.suppressed), count(*) FILTER (WHERE r.again),
		count(*) FILTER (WHERE r.again AND NOT r.suppressed), count(*) FILTER (WHERE r.suppressed AND NOT r.again),
		coalesce(sum(poa_internal.alerts_of(r.alert_count)) FILTER (WHERE r.again), 0) * poa_internal.visit_cost()
	FROM (
		SELECT l.distributor_id, l.alert -> 'alert_count' AS alert_count, true AS suppressed, as_it_was OR EXISTS (
			SELECT FROM (
				SELECT l.activates_at, l.opens_at, l.closes_at
				UNION ALL
				SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v
				WHERE v.activation_id = ANY (l.matched)
				UNION ALL
				SELECT v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v
				WHERE v.chf OPERATOR(@extschema@.=) l.chf AND v.status IN ('tracked', 'succeeded')
					AND v.received_at <= l.decided_at
			) AS w
			WHERE l.decided_at BETWEEN coalesce(w.activates_at - window_before, w.opens_at)
				AND coalesce(w.activates_at + window_after, w.closes_at)
		) AS again
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors)
			AND l.decided_at >= from_at AND l.decided_at < to_at
		UNION ALL
		SELECT s.distributor_id, s.alert_count, false, NOT as_it_was AND EXISTS (
			SELECT FROM poa.activation AS v
			WHERE v.chf OPERATOR(@extschema@.=) s.chf AND v.status IN ('tracked', 'succeeded')
				AND v.received_at <= s.decided_at
				AND s.decided_at BETWEEN coalesce(v.activates_at - window_before, v.opens_at)
					AND coalesce(v.activates_at + window_after, v.closes_at))
		FROM poa_internal.stored_ad1(distributors, from_at, to_at) AS s
	) AS r
	GROUP BY r.distributor_id
	ORDER BY r.distributor_id;
END
$$;
COMMENT ON FUNCTION poa_internal.replay_of(smallint[], timestamptz, timestamptz, interval, interval) IS
	'poa.replay for the given distributors, -1 being none; run by poa.replay as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.replay_of(smallint[], timestamptz, timestamptz, interval, interval) FROM PUBLIC;

CREATE FUNCTION poa.replay(
	from_at timestamptz,
	to_at timestamptz,
	window_before interval DEFAULT NULL,
	window_after interval DEFAULT NULL
) RETURNS TABLE (distributor_id smallint, alerts bigint, suppressed bigint, would_suppress bigint,
	newly_suppressed bigint, newly_forwarded bigint, saving numeric)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.replay(timestamptz, timestamptz, interval, interval) IS
	'what windows from window_before before to window_after after each activation would have done to the AD1s of from_at <= decided_at < to_at, UTC instants, by distributor (NULL where unknown), as far as the caller may see them; writes nothing. A NULL interval leaves that end of each window as it was fixed, two give back what happened. alerts: AD1s in the attached tables or diverted from them, each once; suppressed: what the log has, diverted or shadow; would_suppress: those that the windows hold of activations which decided the alert then, or were received no later than it and are tracked or succeeded now; newly_suppressed and newly_forwarded: the difference; saving: GBP, would_suppress at poa_suppress.visit_cost, a throttled AD1 counting as in poa.suppression_monthly, releases not deducted. Activations that came late count as known from their receipt on, and ones cancelled or superseded later only for what they decided. Raises 22004 for a NULL range, 22023 for a negative or infinite interval';
SELECT poa_internal.permit('FUNCTION poa.replay(timestamptz, timestamptz, interval, interval)', '{dno,operator,auditor}');
