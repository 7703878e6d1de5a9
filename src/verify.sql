/*
 * Is every alert in one place, for a reason that is on record?  What the
 * tables say of that themselves, for an operator to see.
 */

/*
 * One snapshot answers it all, that of the statement which calls, so alerts
 * that come meanwhile are seen everywhere or nowhere.
 *
 * That a window was known is likely where the request had been received, and
 * the transaction that wrote its row began to write before the one that wrote
 * the alert's.  It may have committed after the alert was judged all the same,
 * and an alert that was updated later has a younger row.  A window's row that
 * is younger proves nothing: it may be that of a late request, of an outcome,
 * or of a meter that has moved.
 *
 * A window may have moved since it suppressed an alert, once, from its receipt
 * to that of its signed pre-command (settle.sql).  Only differences of
 * instants are compared, which no time zone changes.
 */
CREATE FUNCTION poa_internal.verify_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE ROWS 6
/* with these a row becomes the jsonb that the log has of it */
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC'
SET extra_float_digits = 1 SET IntervalStyle = postgres SET DateStyle = ISO
AS $$
#variable_conflict use_column
DECLARE
	since CONSTANT timestamptz := coalesce(from_at, '-infinity');
	until CONSTANT timestamptz := coalesce(to_at, 'infinity');
	logged bigint;
	first_id bigint;
	last_id bigint;
	bad bigint[];
	more bigint[];
	tables bigint;
	stored bigint;
	missed bigint;
	late bigint;
	log_begins timestamptz;
	examples text;
	last_drawn bigint;
	present bigint;
BEGIN
	IF since > until THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'from_at must not be after to_at',
			DETAIL = format('From %s to %s is no period.', from_at, to_at);
	END IF;

	/* Do the columns of each log row agree with each other, and with the alert? */
	SELECT count(*), min(l.log_id), max(l.log_id), coalesce(array_agg(l.log_id ORDER BY l.log_id) FILTER (WHERE
			l.alert_code <> 'AD1'
			OR NOT poa_internal.window_holds(l.opens_at, l.closes_at, l.decided_at)
			OR NOT poa_internal.window_holds(l.opens_at, l.closes_at, l.activates_at)
			OR l.delay <> l.decided_at - l.activates_at
			OR l.matched[1] IS DISTINCT FROM l.activation_id
			OR (SELECT count(DISTINCT m.id) FROM unnest(l.matched) AS m (id)) <> cardinality(l.matched)
			OR NOT EXISTS (SELECT FROM jsonb_each_text(l.alert) AS e WHERE e.value = l.chf::text)
			OR l.mpxn IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_each_text(l.alert) AS e WHERE e.value = l.mpxn)
			OR l.mpxn ~ '^[0-9]{13}$' AND l.distributor_id IS DISTINCT FROM left(l.mpxn, 2)::smallint), '{}')
	INTO logged, first_id, last_id, bad
	FROM poa.suppression_log AS l WHERE l.decided_at >= since AND l.decided_at < until;
	check_name := 'log_row';
	ok := bad = '{}';
	detail := format('%s log rows', logged)
		|| CASE WHEN ok THEN ', each consistent'
			ELSE format(', %s of which contradict themselves: log_id %s', cardinality(bad), array_to_string(bad[1:5], ', ')) END;
	RETURN NEXT;

	/* Is each explained by its activation, and do the others that matched hold it? */
	SELECT coalesce(array_agg(l.log_id ORDER BY l.log_id), '{}') INTO bad
	FROM poa.suppression_log AS l
	LEFT JOIN poa.activation AS a ON a.activation_id = l.activation_id
	WHERE l.decided_at >= since AND l.decided_at < until
		AND (a.device OPERATOR(@extschema@.=) l.device
			AND a.request_id IS NOT DISTINCT FROM l.request_id
			AND l.activates_at IN (a.activates_at, a.received_at)
			AND l.opens_at - l.activates_at = a.opens_at - a.activates_at
			AND l.closes_at - l.activates_at = a.closes_at - a.activates_at) IS NOT TRUE;
	SELECT coalesce(array_agg(DISTINCT l.log_id), '{}') INTO more
	FROM poa.suppression_log AS l
	CROSS JOIN LATERAL unnest(l.matched) AS m (id)
	LEFT JOIN poa.activation AS a ON a.activation_id = m.id
	WHERE l.decided_at >= since AND l.decided_at < until
		AND cardinality(l.matched) > 1
		AND (poa_internal.window_holds(a.opens_at, a.closes_at, l.decided_at)
			OR l.decided_at - a.received_at BETWEEN a.opens_at - a.activates_at AND a.closes_at - a.activates_at) IS NOT TRUE;
	SELECT coalesce(array_agg(DISTINCT b.id ORDER BY b.id), '{}') INTO bad FROM unnest(bad || more) AS b (id);
	check_name := 'explained';
	ok := bad = '{}';
	detail := CASE WHEN ok THEN 'each log row is explained by an activation whose window holds it'
		ELSE format('%s log rows are not explained by their activation: log_id %s', cardinality(bad), array_to_string(bad[1:5], ', ')) END;
	RETURN NEXT;

	/*
	 * Is an alert stored that should not be, or stored and diverted?  A purge
	 * takes away why a released one is, or one of shadow mode.  What it took was
	 * logged before, and an alert is not logged before its instant.
	 */
	SELECT coalesce(max(least(p.before, p.purged_at)), '-infinity') INTO log_begins FROM poa.log_purge AS p;
	SELECT count(*), sum(a.alerts) INTO tables, stored
	FROM poa_internal.query_attached($q$SELECT count(*) FROM alert AS a WHERE a.code = 'AD1' AND a.at < $3$q$, since, until) AS a (alerts bigint);
	/* a log row asks by its negative number for what stands there of its hub and instant */
	WITH asked AS (
		SELECT a.activation_id AS id, a.chf, a.opens_at AS from_at, a.closes_at AS to_at FROM poa.activation AS a
		WHERE poa_internal.suppresses(a.status) AND a.closes_at >= since AND a.opens_at < until
		UNION ALL
		SELECT -l.log_id, l.chf, l.decided_at, l.decided_at FROM poa.suppression_log AS l
		WHERE l.decided_at >= since AND l.decided_at < until
	), answer AS MATERIALIZED (
		SELECT a.* FROM (SELECT array_agg(k.id) AS ids, array_agg(k.chf) AS guids, array_agg(k.from_at) AS starts,
			array_agg(k.to_at) AS ends FROM asked AS k) AS k
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT s.id, a.source_schema, a.source_table, a.part, a.place, a.chf, a.at, a.inserted_by, a.whole
				FROM span AS s JOIN alert AS a
					ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at AND a.at <= s.to_at
				WHERE a.code = 'AD1' AND a.at < $3
			$query$, since, until, k.ids, k.guids, k.starts, k.ends, by => 'chf')
			AS a (id bigint, source_schema text, source_table text, part oid, place tid, chf @extschema@.guid,
				at timestamptz, inserted_by xid, whole jsonb)
	), twin AS MATERIALIZED (
		SELECT l.log_id, a.part, a.place, w.same,
			bool_or(w.same) OVER (PARTITION BY l.log_id) AS found,
			NOT l.diverted OR EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id) AS may_stand
		FROM answer AS a
		JOIN poa.suppression_log AS l ON l.log_id = -a.id
			AND l.source_table = a.source_table AND l.source_schema = a.source_schema
		CROSS JOIN LATERAL (
			/* generated columns are null in the log, instants are in the zone of their writer */
			SELECT a.whole @> jsonb_object_agg(e.key, e.value) FROM jsonb_each(l.alert) AS e
			WHERE jsonb_typeof(e.value) <> 'null'
				AND e.value #>> '{}' !~ '^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$'
		) AS w (same)
		WHERE a.id < 0
	), held AS (
		SELECT s.source_table, s.chf, s.at, bool_or(a.received_at <= s.at AND age(a.xmin) > age(s.inserted_by)) AS known
		FROM answer AS s JOIN poa.activation AS a ON a.activation_id = s.id
		WHERE s.at >= log_begins
			/* a row that has changed since it was logged is known by its hub and instant */
			AND NOT EXISTS (SELECT FROM twin AS t
				WHERE t.may_stand AND (t.same OR NOT t.found) AND t.part = s.part AND t.place = s.place)
		GROUP BY s.part, s.place, s.source_table, s.chf, s.at
	)
	SELECT (SELECT count(*) FROM held AS h WHERE h.known),
		(SELECT count(*) FROM held AS h WHERE NOT h.known),
		(SELECT string_agg(format('hub %s at %s in %I', f.chf, f.at, f.source_table), ', ')
			FROM (SELECT * FROM held AS h WHERE h.known ORDER BY h.at, h.chf::text LIMIT 3) AS f),
		(SELECT coalesce(array_agg(DISTINCT t.log_id ORDER BY t.log_id), '{}') FROM twin AS t WHERE t.same AND NOT t.may_stand)
	INTO missed, late, examples, bad;
	check_name := 'stored';
	ok := missed = 0;
	detail := format('%s AD1 in %s attached tables', coalesce(stored, 0), tables)
		|| CASE WHEN ok THEN ', none in a window that was known'
			ELSE format(', %s in a window that was known: %s', missed, examples) END
		|| CASE WHEN late > 0 THEN format('; %s in one that was tracked, or has changed, since', late) ELSE '' END
		|| CASE WHEN log_begins > since THEN format('; before %s the log has been purged', log_begins) ELSE '' END;
	RETURN NEXT;
	check_name := 'one_place';
	ok := bad = '{}';
	detail := CASE WHEN ok THEN 'no diverted alert also stands in its table, unless released'
		ELSE format('%s diverted alerts also stand in their table and were not released: log_id %s',
			cardinality(bad), array_to_string(bad[1:5], ', ')) END;
	RETURN NEXT;

	/* Has each release an alert that was diverted?  It also tells of a log row that is no more. */
	SELECT count(*), coalesce(array_agg(r.log_id ORDER BY r.log_id) FILTER (WHERE l.diverted IS NOT TRUE), '{}')
	INTO present, bad
	FROM poa.release_log AS r LEFT JOIN poa.suppression_log AS l ON l.log_id = r.log_id
	WHERE l.log_id IS NULL OR l.decided_at >= since AND l.decided_at < until;
	check_name := 'release';
	ok := bad = '{}';
	detail := format('%s releases', present)
		|| CASE WHEN ok THEN ', each of a diverted alert'
			ELSE format(', %s of alerts that are not in the log as diverted: log_id %s', cardinality(bad), array_to_string(bad[1:5], ', ')) END;
	RETURN NEXT;

	/* Rolled back inserts use numbers up, but none is used that was not drawn */
	SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END INTO last_drawn FROM poa.suppression_log_log_id_seq AS s;
	SELECT count(*) INTO present FROM poa.suppression_log AS l WHERE l.log_id BETWEEN first_id AND last_id;
	check_name := 'log_id';
	ok := coalesce(last_id <= last_drawn, true);
	detail := CASE WHEN logged = 0 THEN 'no log rows'
		WHEN ok THEN format('%s to %s, of which %s are not there, as after inserts that were rolled back',
			first_id, last_id, last_id - first_id + 1 - present)
		ELSE format('%s is there, but the sequence has given out numbers up to %s only', last_id, last_drawn) END;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa_internal.verify_of(smallint[], timestamptz, timestamptz) IS
	'poa.verify; run by it as the owner of the extension. Whoever may verify sees all, so the distributors do not matter';
REVOKE ALL ON FUNCTION poa_internal.verify_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.verify(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (check_name text, ok boolean, detail text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE ROWS 6;
COMMENT ON FUNCTION poa.verify(timestamptz, timestamptz) IS
	'whether every alert of a period is in one place, for a reason on record: six rows, in the order log_row (the columns of a log row agree), explained (by an activation whose window holds it), stored (no AD1 in a window that was likely known: received before it, and in a row of an older transaction, which a request that was tracked at the same time and an alert that was updated later have too; those in a window that was tracked or has changed since are counted; after a purge only AD1s since the instant it purged to are looked at), one_place (no diverted alert also in its table, unless released), release (each of a diverted alert), log_id (the sequence has drawn it; the number of gaps). The period is that of the instants judged, UTC, from from_at on and before to_at; NULL is unbounded. Raises 22023 where from_at is after to_at';
SELECT poa_internal.permit('FUNCTION poa.verify(timestamptz, timestamptz)', '{operator,auditor}');
