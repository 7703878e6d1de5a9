/*
 * Looking back: which outages ended when, which activations came too late,
 * and what other windows would have done.
 */

CREATE FUNCTION poa.restoration_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, device @extschema@.guid,
	activates_at timestamptz, decided_at timestamptz, restored_at timestamptz, restoration_code text,
	restored_device @extschema@.guid, outage interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM poa.check_range(from_at, to_at);
	RETURN QUERY
	/* those after the range too: the restoration of one of them is not of one before */
	WITH suppressed AS MATERIALIZED (
		SELECT l.log_id, l.chf, l.mpxn, l.distributor_id, l.device, l.activates_at, l.decided_at
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors) AND l.decided_at >= from_at
	), hub AS MATERIALIZED (
		SELECT s.chf, min(s.decided_at) AS from_at FROM suppressed AS s WHERE s.decided_at < to_at GROUP BY s.chf
	), meter AS (
		SELECT h.chf, s.device, h.from_at FROM hub AS h
		JOIN suppressed AS s ON s.chf OPERATOR(@extschema@.=) h.chf AND s.decided_at < to_at
		UNION
		SELECT h.chf, d.device, h.from_at FROM hub AS h
		JOIN poa.device AS d ON d.chf OPERATOR(@extschema@.=) h.chf
	), heard AS (
		SELECT a.*
		FROM (SELECT array_agg(h.chf::bigint) AS ids, array_agg(h.chf) AS guids, array_agg(h.from_at) AS starts,
				min(h.from_at) AS from_at FROM hub AS h) AS h
		CROSS JOIN poa.ask_attached(
			$question$
				SELECT s.id, a.code, a.chf, a.device, a.at
				FROM span AS s JOIN alert AS a ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at
				WHERE a.code IN ('AD1', '8F35', '8F36', '8F37', '8F38', '8F39', '8F3A', '8F3B', '8F3C')
			$question$, h.from_at, 'infinity', h.ids, h.guids, h.starts, by => 'chf')
			AS a (hub bigint, code text, chf @extschema@.guid, device @extschema@.guid, at timestamptz)
		UNION
		SELECT a.*
		FROM (SELECT array_agg(m.chf::bigint) AS ids, array_agg(m.device) AS guids, array_agg(m.from_at) AS starts,
				min(m.from_at) AS from_at FROM meter AS m) AS m
		CROSS JOIN poa.ask_attached(
			$question$
				SELECT s.id, a.code, a.chf, a.device, a.at
				FROM span AS s JOIN alert AS a ON a.device OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at
				WHERE a.code IN ('8F35', '8F36', '8F37', '8F38', '8F39', '8F3A', '8F3B', '8F3C')
			$question$, m.from_at, 'infinity', m.ids, m.guids, m.starts, by => 'device')
			AS a (hub bigint, code text, chf @extschema@.guid, device @extschema@.guid, at timestamptz)
	), event AS (
		/* an AD1 that was released or logged in shadow mode stands in its table too, and gives way to the log */
		SELECT h.hub, h.at, CASE h.code WHEN 'AD1' THEN 1 ELSE 3 END AS kind, NULL::bigint AS log_id, h.code, h.chf, h.device
		FROM heard AS h
		UNION ALL
		SELECT s.chf::bigint, s.decided_at, 2, s.log_id, NULL, NULL, NULL
		FROM suppressed AS s
	), numbered AS (
		/* an outage begins with an AD1 and lasts until the next */
		SELECT e.*, count(*) FILTER (WHERE e.kind < 3) OVER (PARTITION BY e.hub ORDER BY e.at, e.kind, e.log_id) AS outage
		FROM event AS e
	), ended AS (
		SELECT DISTINCT ON (n.hub, n.outage) n.*
		FROM numbered AS n WHERE n.kind = 3
		ORDER BY n.hub, n.outage, n.at, n.code, n.device
	), pair AS (
		/* a meter that was on two hubs restores the one where the lights went out last */
		SELECT DISTINCT ON (e.code, e.chf, e.device, e.at) n.log_id, e.code, e.device, e.at
		FROM ended AS e JOIN numbered AS n USING (hub, outage)
		WHERE n.kind = 2
		ORDER BY e.code, e.chf, e.device, e.at, n.at DESC, n.log_id DESC
	)
	SELECT s.log_id, s.chf, s.mpxn, s.distributor_id, s.device, s.activates_at, s.decided_at,
		p.at, p.code, p.device, p.at - s.decided_at
	FROM suppressed AS s LEFT JOIN pair AS p USING (log_id)
	WHERE s.decided_at < to_at
	ORDER BY s.decided_at, s.log_id;
END
$$;
COMMENT ON FUNCTION poa.restoration_of(smallint[], timestamptz, timestamptz) IS
	'poa.restoration for the given distributors, -1 being none; run by poa.restoration as the owner of the extension';
REVOKE ALL ON FUNCTION poa.restoration_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.restoration(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (log_id bigint, chf @extschema@.guid, mpxn text, distributor_id smallint, device @extschema@.guid,
	activates_at timestamptz, decided_at timestamptz, restored_at timestamptz, restoration_code text,
	restored_device @extschema@.guid, outage interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.restoration(timestamptz, timestamptz) IS
	'every suppressed AD1 (diverted or shadow) of from_at <= decided_at < to_at, UTC instants, as far as the caller may see them, with the restoration alert (8F35 to 8F3C) that ended it: the first in an attached table that names its hub, or a device on it, at or after the AD1 and before the hub''s next AD1. restored_at, restoration_code, restored_device (NULL where the table has no device column) and outage, the interval from AD1 to restoration, are NULL where there is none. A restoration is paired once at most. Raises 22004 for NULL (GBCS; explains "restoration without AD1")';
REVOKE ALL ON FUNCTION poa.restoration(timestamptz, timestamptz) FROM PUBLIC;

/*
 * The AD1s of a range that were stored although a window holds them, which
 * late_activation and replay have in common.
 */
CREATE FUNCTION poa.stored_in_window(
	distributors smallint[],
	from_at timestamptz,
	to_at timestamptz,
	window_before interval,
	window_after interval,
	known boolean
) RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, alerts numeric, activation_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH held AS (
		SELECT DISTINCT ON (a.part, a.place) a.*, v.activation_id
		FROM poa.ask_attached(
			$question$
				SELECT a.source_schema, a.source_table, a.part, a.place, a.chf, a.mpxn, a.at, a.alert_count
				FROM alert AS a
				WHERE a.code = 'AD1' AND a.at < $3
					/* of these distributors, or of whom its hub tells */
					AND (left(a.mpxn, 2) = ANY (ARRAY(SELECT lpad(d::text, 2, '0') FROM unnest($4) AS d))
					OR coalesce(length(a.mpxn) <> 13 OR translate(a.mpxn, '0123456789', '') <> '', true))
			$question$, from_at, to_at, distributors::bigint[])
			AS a (source_schema text, source_table text, part oid, place tid, chf @extschema@.guid, mpxn text,
				decided_at timestamptz, alert_count jsonb)
		JOIN poa.activation AS v ON v.chf OPERATOR(@extschema@.=) a.chf AND v.status IN ('tracked', 'succeeded')
			AND a.decided_at BETWEEN coalesce(v.activates_at - window_before, v.opens_at)
				AND coalesce(v.activates_at + window_after, v.closes_at)
			AND (NOT known OR v.received_at <= a.decided_at)
		ORDER BY a.part, a.place, v.activates_at DESC, v.activation_id DESC
	), numbered AS (
		SELECT h.*, row_number() OVER (PARTITION BY h.chf, h.decided_at, h.mpxn ORDER BY h.part, h.place) AS copy
		FROM held AS h
	), logged AS (
		/* what the log has and the table too: the copies of an alert, as many as were logged */
		SELECT l.chf, l.decided_at, l.mpxn, row_number() OVER (PARTITION BY l.chf, l.decided_at, l.mpxn) AS copy
		FROM poa.suppression_log AS l
		WHERE l.decided_at >= from_at AND l.decided_at < to_at
			AND (NOT l.diverted OR EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id))
	)
	SELECT n.source_schema, n.source_table, n.chf, n.mpxn, d.distributor_id,
		n.decided_at, poa.alerts_of(n.alert_count), n.activation_id
	FROM numbered AS n
	CROSS JOIN LATERAL (SELECT coalesce(poa.distributor_of(n.mpxn), poa.distributor_of_hub(n.chf))) AS d (distributor_id)
	WHERE coalesce(d.distributor_id, '-1'::smallint) = ANY (distributors)
		AND NOT EXISTS (
			SELECT FROM logged AS l
			WHERE l.chf OPERATOR(@extschema@.=) n.chf AND l.decided_at = n.decided_at AND l.copy = n.copy
				AND l.mpxn IS NOT DISTINCT FROM n.mpxn);
END
$$;
COMMENT ON FUNCTION poa.stored_in_window(smallint[], timestamptz, timestamptz, interval, interval, boolean) IS
	'the AD1s of from_at <= decided_at < to_at, UTC instants, of the given distributors, -1 being none, that stand in an attached table, were not logged, and are held by a tracked or succeeded window, as it was fixed or with the interval window_before or window_after instead where that is not NULL; only by activations received no later than the AD1 where known. activation_id is the deciding one, alerts how many the AD1 stands for';
REVOKE ALL ON FUNCTION poa.stored_in_window(smallint[], timestamptz, timestamptz, interval, interval, boolean) FROM PUBLIC;

CREATE FUNCTION poa.late_activation_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, activation_id bigint, device @extschema@.guid, request_id text, received_at timestamptz,
	activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, late_by interval)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	PERFORM poa.check_range(from_at, to_at);
	RETURN QUERY
	SELECT s.source_schema, s.source_table, s.chf, s.mpxn, s.distributor_id, s.decided_at,
		a.activation_id, a.device, a.request_id, a.received_at, a.activates_at, a.opens_at, a.closes_at,
		a.received_at - s.decided_at
	FROM poa.stored_in_window(distributors, from_at, to_at, NULL, NULL, false) AS s
	JOIN poa.activation AS a USING (activation_id)
	ORDER BY s.decided_at, s.chf, a.activation_id;
END
$$;
COMMENT ON FUNCTION poa.late_activation_of(smallint[], timestamptz, timestamptz) IS
	'poa.late_activation for the given distributors, -1 being none; run by poa.late_activation as the owner of the extension';
REVOKE ALL ON FUNCTION poa.late_activation_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.late_activation(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, activation_id bigint, device @extschema@.guid, request_id text, received_at timestamptz,
	activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, late_by interval)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.late_activation(timestamptz, timestamptz) IS
	'AD1s of from_at <= decided_at < to_at, UTC instants, as far as the caller may see them, that stand in an attached table and were never suppressed, although a tracked or succeeded window of their hub holds them: the activation was not yet tracked when they came, whichever of the two transactions committed first. Each has the deciding activation. late_by is the interval from the AD1 to the receipt of the command, negative where the DSP had it before and it was tracked too late. An AD1 that was stored because the kill switch was thrown, the table was not attached, or the meter has come to the hub since is listed too. Raises 22004 for NULL';
REVOKE ALL ON FUNCTION poa.late_activation(timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.replay_of(
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
	PERFORM poa.check_range(from_at, to_at);
	IF NOT (coalesce(isfinite(window_before) AND timestamp '2001-02-01' + window_before >= '2001-02-01', true)
		AND coalesce(isfinite(window_after) AND timestamp '2001-02-01' + window_after >= '2001-02-01', true))
	THEN
		RAISE invalid_parameter_value USING MESSAGE = 'window_before and window_after must be finite and not negative';
	END IF;
	RETURN QUERY
	WITH suppressed AS (
		SELECT l.distributor_id, poa.alerts_of(l.alert -> 'alert_count') AS stands_for,
			as_it_was
			OR l.decided_at BETWEEN coalesce(l.activates_at - window_before, l.opens_at)
				AND coalesce(l.activates_at + window_after, l.closes_at)
			OR EXISTS (
				SELECT FROM poa.activation AS a
				WHERE (a.activation_id = ANY (l.matched)
						OR a.chf OPERATOR(@extschema@.=) l.chf AND a.status IN ('tracked', 'succeeded')
							AND a.received_at <= l.decided_at)
					AND l.decided_at BETWEEN coalesce(a.activates_at - window_before, a.opens_at)
						AND coalesce(a.activates_at + window_after, a.closes_at)
			) AS again
		FROM poa.suppression_log AS l
		WHERE coalesce(l.distributor_id, '-1'::smallint) = ANY (distributors)
			AND l.decided_at >= from_at AND l.decided_at < to_at
	), part (distributor_id, alerts, suppressed, would_suppress, newly_suppressed, newly_forwarded, stands_for) AS (
		SELECT s.distributor_id, count(*), count(*), count(*) FILTER (WHERE s.again), 0, count(*) FILTER (WHERE NOT s.again),
			sum(s.stands_for) FILTER (WHERE s.again)
		FROM suppressed AS s GROUP BY s.distributor_id
		UNION ALL
		SELECT coalesce(a.distributor_id, poa.distributor_of_hub(a.chf)), a.alerts, 0, 0, 0, 0, 0
		FROM poa.ask_attached(
			$question$
				SELECT a.distributor_id, CASE WHEN a.distributor_id IS NULL THEN a.chf END, count(*)
				FROM (
					SELECT CASE WHEN a.mpxn ~ '^[0-9]{13}$' THEN left(a.mpxn, 2)::smallint END AS distributor_id, a.chf
					FROM alert AS a
					WHERE a.code = 'AD1' AND a.at < $3
						AND (left(a.mpxn, 2) = ANY (ARRAY(SELECT lpad(d::text, 2, '0') FROM unnest($4) AS d))
						OR coalesce(length(a.mpxn) <> 13 OR translate(a.mpxn, '0123456789', '') <> '', true))
				) AS a
				GROUP BY 1, 2
			$question$, from_at, to_at, distributors::bigint[])
			AS a (distributor_id smallint, chf @extschema@.guid, alerts bigint)
		UNION ALL
		/* an alert of shadow mode and a released one have been counted twice, the second time as the table knows them */
		SELECT coalesce(poa.distributor_of(l.mpxn), poa.distributor_of_hub(l.chf)), -1, 0, 0, 0, 0, 0
		FROM poa.suppression_log AS l
		WHERE l.decided_at >= from_at AND l.decided_at < to_at
			AND (NOT l.diverted OR EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id))
		UNION ALL
		SELECT n.distributor_id, 0, 0, count(*), count(*), 0, sum(n.alerts)
		FROM poa.stored_in_window(distributors, from_at, to_at, window_before, window_after, true) AS n
		WHERE NOT as_it_was
		GROUP BY n.distributor_id
	)
	SELECT p.distributor_id, greatest(sum(p.alerts), sum(p.suppressed))::bigint, sum(p.suppressed)::bigint, sum(p.would_suppress)::bigint,
		sum(p.newly_suppressed)::bigint, sum(p.newly_forwarded)::bigint,
		coalesce(sum(p.stands_for), 0) * poa.visit_cost()
	FROM part AS p
	WHERE coalesce(p.distributor_id, '-1'::smallint) = ANY (distributors)
	GROUP BY p.distributor_id
	HAVING sum(p.alerts) > 0 OR sum(p.suppressed) > 0
	ORDER BY p.distributor_id;
END
$$;
COMMENT ON FUNCTION poa.replay_of(smallint[], timestamptz, timestamptz, interval, interval) IS
	'poa.replay for the given distributors, -1 being none; run by poa.replay as the owner of the extension';
REVOKE ALL ON FUNCTION poa.replay_of(smallint[], timestamptz, timestamptz, interval, interval) FROM PUBLIC;

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
REVOKE ALL ON FUNCTION poa.replay(timestamptz, timestamptz, interval, interval) FROM PUBLIC;
