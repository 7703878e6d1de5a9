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
DECLARE
	/* most are restored within a day, for which the later partitions need not be searched */
	question text := $question$SELECT r.* FROM (
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
	) AS r$question$;
BEGIN
	PERFORM poa.check_range(from_at, to_at);
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
		CROSS JOIN poa.ask_attached(format(question, 'chf'), o.from_at, 'infinity', o.ids, o.guids, o.starts, o.ends, 'chf')
			AS a (log_id bigint, code text, chf @extschema@.guid, device @extschema@.guid, at timestamptz)
		UNION ALL
		SELECT a.*
		FROM (SELECT array_agg(o.log_id) AS ids, array_agg(m.device) AS guids, array_agg(o.decided_at) AS starts,
				array_agg(o.next_at) AS ends, min(o.decided_at) AS from_at
			FROM outage AS o JOIN meter AS m ON m.chf OPERATOR(@extschema@.=) o.chf) AS o
		CROSS JOIN poa.ask_attached(format(question, 'device'), o.from_at, 'infinity', o.ids, o.guids, o.starts, o.ends, 'device')
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
			CROSS JOIN poa.ask_attached(
				$question$
					SELECT s.id FROM span AS s JOIN alert AS a
						ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at > s.from_at AND a.at <= s.to_at
					WHERE a.code = 'AD1'
				$question$, e.from_at, e.to_at, e.ids, e.guids, e.starts, e.ends, 'chf') AS a (log_id bigint))
		ORDER BY e.code, e.chf, e.device, e.at, e.decided_at DESC, e.log_id DESC
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
 * The AD1s of a range that stand in an attached table and nowhere else, which
 * late_activation and replay have in common.
 */
CREATE FUNCTION poa.stored_ad1(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, alert_count jsonb)
LANGUAGE sql STABLE		/* without SET, so that it becomes part of the query that asks, and its rows are not copied */
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT a.*
		FROM ROWS FROM (poa.ask_attached(
			$question$
				SELECT a.source_schema, a.source_table, a.chf, a.mpxn, a.distributor_id, a.at, a.alert_count
				FROM (
					/* distributor_of(), which the owner of the table may not execute */
					SELECT a.*, CASE WHEN octet_length(a.mpxn) = 13 AND a.mpxn COLLATE "C" !~ '[^0-9]'
						THEN left(a.mpxn, 2)::smallint END AS distributor_id
					FROM alert AS a WHERE a.code = 'AD1' AND a.at < $3
				) AS a
				/* of these distributors, or of whom its hub tells */
				WHERE (a.distributor_id = ANY ($4::smallint[])) IS NOT FALSE
			$question$, from_at, to_at, distributors::bigint[])
			AS (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
				decided_at timestamptz, alert_count jsonb))
			WITH ORDINALITY AS a (source_schema, source_table, chf, mpxn, mpxn_distributor, decided_at, alert_count, place)
	), logged AS (
		/*
		 * What the log has and the tables too, and how often.  A body that groups
		 * by a guid would come before the operators of its type when pg_upgrade
		 * restores them; hence the hub as a number.
		 */
		SELECT l.hub, l.decided_at, l.mpxn, pg_catalog.count(*) AS times
		FROM (
			SELECT CAST(l.chf AS bigint) AS hub, l.decided_at, l.mpxn
			FROM poa.suppression_log AS l
			WHERE NOT l.diverted AND l.decided_at OPERATOR(pg_catalog.>=) from_at AND l.decided_at OPERATOR(pg_catalog.<) to_at
			UNION ALL
			SELECT CAST(l.chf AS bigint), l.decided_at, l.mpxn
			FROM poa.release_log AS r JOIN poa.suppression_log AS l ON l.log_id OPERATOR(pg_catalog.=) r.log_id
			WHERE l.diverted AND l.decided_at OPERATOR(pg_catalog.>=) from_at AND l.decided_at OPERATOR(pg_catalog.<) to_at
		) AS l
		GROUP BY l.hub, l.decided_at, l.mpxn
	), copy AS (
		/* of like alerts as many as were logged, the first ones, are those */
		SELECT a.place, l.times,
			pg_catalog.row_number() OVER (PARTITION BY l.hub, l.decided_at, l.mpxn ORDER BY a.place) AS n
		FROM asked AS a JOIN logged AS l
			ON l.hub OPERATOR(pg_catalog.=) CAST(a.chf AS bigint) AND l.decided_at OPERATOR(pg_catalog.=) a.decided_at
				AND NOT l.mpxn IS DISTINCT FROM a.mpxn
	), stored AS (
		SELECT a.*, coalesce(a.mpxn_distributor, (
			SELECT pg_catalog.min(poa.distributor_of(d.mpxn)) FROM poa.device AS d WHERE d.chf OPERATOR(@extschema@.=) a.chf
		)) AS distributor_id
		FROM asked AS a
		WHERE NOT a.place OPERATOR(pg_catalog.=) ANY (SELECT c.place FROM copy AS c WHERE c.n OPERATOR(pg_catalog.<=) c.times)
	)
	SELECT s.source_schema, s.source_table, s.chf, s.mpxn, s.distributor_id, s.decided_at, s.alert_count
	FROM stored AS s
	WHERE coalesce(s.distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=) ANY (distributors);
END;
COMMENT ON FUNCTION poa.stored_ad1(smallint[], timestamptz, timestamptz) IS
	'the AD1s of from_at <= decided_at < to_at, UTC instants, of the given distributors, -1 being none, that stand in an attached table and were not logged. distributor_id is that of the MPxN, else of the meters that are on the hub now, the smallest where they disagree, NULL where they do not tell; alert_count, as the table has it, says how many the AD1 stands for';
REVOKE ALL ON FUNCTION poa.stored_ad1(smallint[], timestamptz, timestamptz) FROM PUBLIC;

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
	FROM poa.stored_ad1(distributors, from_at, to_at) AS s
	CROSS JOIN LATERAL (
		SELECT v.* FROM poa.activation AS v
		WHERE v.chf OPERATOR(@extschema@.=) s.chf AND v.status IN ('tracked', 'succeeded')
			AND s.decided_at BETWEEN v.opens_at AND v.closes_at
		ORDER BY v.activates_at DESC, v.activation_id DESC LIMIT 1
	) AS a
	/* first of all, because most are in no window, and to sort none takes longer than to look */
	WHERE EXISTS (
		SELECT FROM poa.activation AS v
		WHERE v.chf OPERATOR(@extschema@.=) s.chf AND v.status IN ('tracked', 'succeeded')
			AND s.decided_at BETWEEN v.opens_at AND v.closes_at)
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
	SELECT r.distributor_id, count(*), count(*) FILTER (WHERE r.suppressed), count(*) FILTER (WHERE r.again),
		count(*) FILTER (WHERE r.again AND NOT r.suppressed), count(*) FILTER (WHERE r.suppressed AND NOT r.again),
		coalesce(sum(poa.alerts_of(r.alert_count)) FILTER (WHERE r.again), 0) * poa.visit_cost()
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
		FROM poa.stored_ad1(distributors, from_at, to_at) AS s
	) AS r
	GROUP BY r.distributor_id
	ORDER BY r.distributor_id;
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
