/*
 * What another window would have done to the same history.
 *
 * Each alert has the windows that it could have been judged by: a suppressed
 * one those that matched, a stored one those that the DSP had received and that
 * had not ended.  They are the same ones whatever their length, so a shorter
 * window never suppresses more than a longer one.
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
SET search_path = pg_catalog, pg_temp SET jit = off
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
	WITH judged AS (
		/* activation_id is the one that would decide, NULL where the alert would be stored */
		/* a hold holds whatever the window */
		SELECT l.distributor_id, l.chf, l.hold_id IS NULL AS suppressed, r.log_id IS NOT NULL AS released,
			CASE WHEN l.hold_id IS NOT NULL THEN NULL WHEN as_it_was THEN l.activation_id ELSE (
				SELECT w.activation_id
				FROM (
					/* as it stood then: it may have been retimed since */
					SELECT l.activation_id, l.activates_at, l.opens_at, l.closes_at
					UNION ALL
					SELECT v.activation_id, v.activates_at, v.opens_at, v.closes_at FROM poa.activation AS v
					WHERE v.activation_id = ANY (l.matched[2:])
				) AS w
				WHERE poa_internal.window_holds(coalesce(poa_internal.utc_plus(w.activates_at, - window_before), w.opens_at),
					coalesce(poa_internal.utc_plus(w.activates_at, window_after), w.closes_at), l.decided_at)
				ORDER BY w.activates_at DESC, w.activation_id DESC LIMIT 1
			) END AS activation_id
		FROM poa.suppression_log AS l
		LEFT JOIN poa.release_log AS r USING (log_id)
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors)
			AND l.decided_at >= from_at AND l.decided_at < to_at
		UNION ALL
		SELECT s.distributor_id, s.chf, false, false,
			CASE WHEN NOT as_it_was THEN (
				SELECT v.activation_id FROM poa.activation AS v
				WHERE v.chf OPERATOR(@extschema@.=) s.chf AND v.received_at <= s.decided_at
					AND (poa_internal.suppresses(v.status) OR v.ended_at > s.decided_at)
					AND poa_internal.window_holds(coalesce(poa_internal.utc_plus(v.activates_at, - window_before), v.opens_at),
						coalesce(poa_internal.utc_plus(v.activates_at, window_after), v.closes_at), s.decided_at)
				ORDER BY v.activates_at DESC, v.activation_id DESC LIMIT 1
			) END
		FROM poa_internal.stored_ad1(distributors, from_at, to_at) AS s
	), outage AS (
		/* as in poa.suppression_monthly; one line for all that would be stored */
		SELECT j.distributor_id, j.activation_id IS NOT NULL AS again, bool_or(j.released) AS released,
			count(*) AS alerts, count(*) FILTER (WHERE j.suppressed) AS suppressed
		FROM judged AS j
		GROUP BY j.distributor_id, j.activation_id, CASE WHEN j.activation_id IS NOT NULL THEN j.chf END
	)
	SELECT o.distributor_id, sum(o.alerts)::bigint, sum(o.suppressed)::bigint,
		coalesce(sum(o.alerts) FILTER (WHERE o.again), 0)::bigint,
		coalesce(sum(o.alerts - o.suppressed) FILTER (WHERE o.again), 0)::bigint,
		coalesce(sum(o.suppressed) FILTER (WHERE NOT o.again), 0)::bigint,
		count(*) FILTER (WHERE o.again AND NOT o.released) * poa_internal.visit_cost()
	FROM outage AS o
	GROUP BY o.distributor_id
	ORDER BY o.distributor_id;
END
$$;
COMMENT ON FUNCTION poa_internal.replay_of(smallint[], timestamptz, timestamptz, interval, interval) IS
	'poa.replay for the given distributors, -1 being none. Called by poa.replay as the owner of the extension';
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
	'what other windows would have done to the AD1s of a period, by distributor.'
	' Writes nothing. The AD1s are those of from_at <= decided_at < to_at (UTC instants), as far as visible to the caller;'
	' the windows reach from window_before before each activation to window_after after it.'
	' A NULL interval leaves that end of each window as it was fixed; two of them give back what happened.'
	' A suppressed alert is judged by the windows in matched, a stored one by those that were received no later than it'
	' and had not ended by then. distributor_id: NULL where unknown; alerts: AD1s in the attached tables or diverted from them,'
	' each once; suppressed: those in the log, diverted or shadow, but not held; would_suppress: those that the windows hold;'
	' newly_suppressed, newly_forwarded: the difference; saving: GBP, the outages (pairs of hub and deciding activation)'
	' of would_suppress of which no alert was released, at poa_suppress.visit_cost, as in poa.suppression_monthly.'
	' Raises 22004 for a NULL range, 22023 for a negative or infinite interval';
SELECT poa_internal.permit('FUNCTION poa.replay(timestamptz, timestamptz, interval, interval)', '{dno,operator,auditor}');
