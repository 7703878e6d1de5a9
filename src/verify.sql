/*
 * Is every alert in one place, for a reason that is on record?  What the tables
 * say of that themselves, for operators and auditors to see.  A function for
 * each check, called by verify_of() in one statement, so that all see the same
 * snapshot: alerts that come meanwhile are seen by all or by none.
 *
 * Each returns ok, and in detail what was found.  The period is that of the
 * instants judged, from since on and before until.
 */

/* examples of log rows, of which there may be many */
CREATE FUNCTION poa_internal.first_log_ids(log_ids bigint[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'log_id ' || array_to_string((SELECT array_agg(DISTINCT u.id ORDER BY u.id) FROM unnest(log_ids) AS u (id))[1:5], ', ')
$$;
COMMENT ON FUNCTION poa_internal.first_log_ids(bigint[]) IS 'the first five of some numbers of log rows, for a text';
REVOKE ALL ON FUNCTION poa_internal.first_log_ids(bigint[]) FROM PUBLIC;

CREATE FUNCTION poa_internal.verify_log_row(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.bad IS NULL, format('%s log rows', f.logged)
		|| CASE WHEN f.bad IS NULL THEN ', each consistent'
			ELSE format(', %s of which contradict themselves: %s', cardinality(f.bad), poa_internal.first_log_ids(f.bad)) END
	FROM (
		SELECT count(*) AS logged, array_agg(l.log_id) FILTER (WHERE
			l.alert_code <> 'AD1'
			OR NOT poa_internal.window_holds(l.opens_at, l.closes_at, l.decided_at)
			OR NOT poa_internal.window_holds(l.opens_at, l.closes_at, l.activates_at)
			OR l.delay <> l.decided_at - l.activates_at
			OR l.matched[1] IS DISTINCT FROM l.activation_id
			OR (SELECT count(DISTINCT m.id) FROM unnest(l.matched) AS m (id)) <> cardinality(l.matched)
			OR NOT EXISTS (SELECT FROM jsonb_each_text(l.alert) AS e
				WHERE @extschema@.try_guid(e.value) OPERATOR(@extschema@.=) l.chf)
			OR l.mpxn IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_each_text(l.alert) AS e WHERE rtrim(e.value) = rtrim(l.mpxn))
			OR l.distributor_id <> poa_internal.distributor_of(l.mpxn)
			OR l.distributor_id IS NULL AND poa_internal.distributor_of(l.mpxn) IS NOT NULL
			OR l.diverted AND l.hold_id IS NOT NULL) AS bad
		FROM poa.suppression_log AS l WHERE l.decided_at >= since AND l.decided_at < until
	) AS f
$$;
COMMENT ON FUNCTION poa_internal.verify_log_row(timestamptz, timestamptz) IS
	'check log_row: the columns of a log row agree with each other and the alert';
REVOKE ALL ON FUNCTION poa_internal.verify_log_row(timestamptz, timestamptz) FROM PUBLIC;

/*
 * By the states that are on record in poa.activation_change, for a window may
 * have moved or ended since.
 */
CREATE FUNCTION poa_internal.verify_explained(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH entry AS (
		SELECT l.* FROM poa.suppression_log AS l WHERE l.decided_at >= since AND l.decided_at < until
	), bad AS (
		SELECT l.log_id
		FROM entry AS l LEFT JOIN poa.activation AS a USING (activation_id)
		WHERE a.device IS NULL OR a.device OPERATOR(@extschema@.<>) l.device
			OR a.request_id IS DISTINCT FROM l.request_id
			OR NOT EXISTS (
				SELECT FROM poa.activation_change AS c
				WHERE c.activation_id = l.activation_id AND poa_internal.suppresses(c.status) AND c.chf OPERATOR(@extschema@.=) l.chf
					AND (c.activates_at, c.opens_at, c.closes_at) = (l.activates_at, l.opens_at, l.closes_at))
			/* at the warehouse the two come from several nodes, in any order */
			OR poa_internal.this_node() IS DISTINCT FROM 0
				AND (a.status, a.chf::bigint, a.activates_at, a.opens_at, a.closes_at) IS DISTINCT FROM (
				SELECT (c.status, c.chf::bigint, c.activates_at, c.opens_at, c.closes_at) FROM poa.activation_change AS c
				WHERE c.activation_id = l.activation_id ORDER BY c.change_id DESC LIMIT 1)
		UNION
		SELECT l.log_id
		FROM entry AS l CROSS JOIN LATERAL unnest(l.matched) AS m (id)
		WHERE cardinality(l.matched) > 1
			AND NOT EXISTS (
				SELECT FROM poa.activation_change AS c
				WHERE c.activation_id = m.id AND poa_internal.suppresses(c.status) AND c.chf OPERATOR(@extschema@.=) l.chf
					AND poa_internal.window_holds(c.opens_at, c.closes_at, l.decided_at))
	)
	SELECT count(*) = 0, CASE WHEN count(*) = 0 THEN 'each log row is explained by an activation whose window holds it'
		ELSE format('%s log rows are not explained by their activation: %s', count(*), poa_internal.first_log_ids(array_agg(b.log_id))) END
	FROM bad AS b
$$;
COMMENT ON FUNCTION poa_internal.verify_explained(timestamptz, timestamptz) IS
	'check explained: each log row is, by activations whose windows held it';
REVOKE ALL ON FUNCTION poa_internal.verify_explained(timestamptz, timestamptz) FROM PUBLIC;

/*
 * Whether a change of an activation was known when an alert was judged: whether
 * its transaction began to write before that of the alert and, where the server
 * keeps the times of commits, committed before it.  A rewritten table no
 * longer has which transaction brought an alert; then the clock decides, by the
 * instant of the alert.
 */
CREATE FUNCTION poa_internal.known_before(transaction_id xid8, changed_at timestamptz, inserted_by xid, at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		/* transactions of other servers, which verify there what they knew */
		WHEN poa_internal.this_node() = 0 THEN false
		WHEN inserted_by IS NULL THEN coalesce(c.committed_at, changed_at) <= at
		ELSE age(transaction_id::xid) > age(inserted_by) AND (c.committed_at < c.inserted_at) IS NOT FALSE
	END
	FROM (SELECT
		CASE WHEN current_setting('track_commit_timestamp')::boolean THEN pg_xact_commit_timestamp(transaction_id::xid) END,
		CASE WHEN current_setting('track_commit_timestamp')::boolean THEN pg_xact_commit_timestamp(inserted_by) END
	) AS c (committed_at, inserted_at)
$$;
COMMENT ON FUNCTION poa_internal.known_before(xid8, timestamptz, xid, timestamptz) IS
	'whether a change of an activation was known when an alert was judged.'
	' As far as the server has a record. transaction_id and changed_at are those of poa.activation_change, inserted_by the xmin'
	' of the alert or NULL, at its instant';
REVOKE ALL ON FUNCTION poa_internal.known_before(xid8, timestamptz, xid, timestamptz) FROM PUBLIC;

/*
 * A purge removes the log row of a released alert, or of one of shadow mode.
 * What it removed was logged before, and an alert is not logged before its
 * instant.
 */
CREATE FUNCTION poa_internal.verify_stored(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH purge AS (
		SELECT coalesce(max(least(p.before, p.purged_at)), '-infinity') AS log_begins FROM poa.log_purge AS p
	), seen AS (
		SELECT count(*) AS tables, coalesce(sum(a.alerts), 0) AS stored
		FROM poa_internal.query_attached('SELECT count(*) FROM alert AS a WHERE a.code = ''AD1'' AND a.at < $3',
			since, until) AS a (alerts bigint)
	), held AS MATERIALIZED (
		SELECT a.*, k.known
		FROM (
			SELECT array_agg(w.activation_id) AS ids, array_agg(w.hub::@extschema@.guid) AS guids,
				array_agg(w.opens_at) AS starts, array_agg(w.closes_at) AS ends
			FROM (
				SELECT DISTINCT c.activation_id, c.chf::bigint AS hub, c.opens_at, c.closes_at FROM poa.activation_change AS c
				WHERE poa_internal.suppresses(c.status) AND c.closes_at >= since AND c.opens_at < until
			) AS w
		) AS s
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT s.id, a.source, a.part, a.place, a.key, a.chf, a.at, a.mpxn, a.inserted_by
				FROM span AS s JOIN alert AS a
					ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at AND a.at <= s.to_at
				WHERE a.code = 'AD1' AND a.at < $3
			$query$, since, until, s.ids, s.guids, s.starts, s.ends, by => 'chf')
			AS a (activation_id bigint, source oid, part oid, place tid, key text, chf @extschema@.guid, at timestamptz, mpxn text, inserted_by xid)
		LEFT JOIN LATERAL (
			/* what was known last of this activation */
			SELECT poa_internal.suppresses(c.status) AND c.received_at <= a.at AND c.chf OPERATOR(@extschema@.=) a.chf
				AND poa_internal.window_holds(c.opens_at, c.closes_at, a.at) AS known
			FROM poa.activation_change AS c
			WHERE c.activation_id = a.activation_id
				AND poa_internal.known_before(c.transaction_id, c.changed_at, a.inserted_by, a.at)
			ORDER BY c.change_id DESC LIMIT 1
		) AS k ON true
	), logged AS (
		SELECT i.identity
		FROM poa_internal.logged_and_stored(since, until) AS l
		CROSS JOIN LATERAL unnest(poa_internal.identities(true, l.source, l.key, l.hub, l.at, l.mpxn)) AS i (identity)
	), alert AS (
		SELECT a.source, a.chf, a.at, a.known
		FROM (
			SELECT h.source, h.chf, h.at, h.key, h.mpxn, bool_or(h.known) AS known
			FROM held AS h GROUP BY h.part, h.place, h.source, h.chf, h.at, h.key, h.mpxn
		) AS a
		CROSS JOIN LATERAL (SELECT poa_internal.identities(false, a.source, a.key, a.chf::bigint, a.at, a.mpxn) AS texts) AS i
		/* in a CASE, so that each is looked up in a hash, however few rows are estimated */
		WHERE CASE WHEN a.at >= (SELECT p.log_begins FROM purge AS p) THEN NOT (i.texts[1] = ANY (SELECT l.identity FROM logged AS l)
			OR coalesce(i.texts[2] = ANY (SELECT l.identity FROM logged AS l), false)) END
	), found AS (
		SELECT count(*) FILTER (WHERE a.known) AS missed, count(*) FILTER (WHERE a.known IS NOT TRUE) AS late,
			(SELECT string_agg(format('hub %s at %s in %s', e.chf, e.at, e.source::regclass), ', ')
				FROM (SELECT * FROM alert AS a WHERE a.known ORDER BY a.at, a.chf::text LIMIT 3) AS e) AS examples
		FROM alert AS a
	)
	SELECT f.missed = 0, format('%s AD1 in %s attached tables', s.stored, s.tables)
		|| CASE WHEN f.missed = 0 THEN ', none in a window that was known'
			ELSE format(', %s in a window that was known: %s', f.missed, f.examples)
				|| CASE WHEN NOT current_setting('track_commit_timestamp')::boolean
					THEN ' (or tracked at the same time: track_commit_timestamp is off)' ELSE '' END END
		|| CASE WHEN f.late = 0 THEN ''
			WHEN poa_internal.this_node() = 0 THEN format('; %s in one that may have been: verify at the nodes', f.late)
			ELSE format('; %s in one that was tracked, or has changed, since', f.late) END
		|| CASE WHEN p.log_begins > since THEN format('; before %s the log has been purged', p.log_begins) ELSE '' END
	FROM found AS f, seen AS s, purge AS p
$$;
COMMENT ON FUNCTION poa_internal.verify_stored(timestamptz, timestamptz) IS
	'check stored: no AD1 stands in a table that a window then known held.'
	' Unless the log has the reason';
REVOKE ALL ON FUNCTION poa_internal.verify_stored(timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.is_logged_as(stored jsonb, logged jsonb) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* generated columns are null in the log, instants are in the zone of their writer */
	SELECT coalesce($1 @> jsonb_object_agg(e.key, e.value), true) FROM jsonb_each($2) AS e
	WHERE jsonb_typeof(e.value) <> 'null'
		AND e.value #>> '{}' !~ '^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$'
$$;
COMMENT ON FUNCTION poa_internal.is_logged_as(jsonb, jsonb) IS
	'whether a row of an attached table, as jsonb, has what the log has of an alert';
REVOKE ALL ON FUNCTION poa_internal.is_logged_as(jsonb, jsonb) FROM PUBLIC;

CREATE FUNCTION poa_internal.verify_one_place(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH entry AS MATERIALIZED (
		SELECT l.log_id, l.source_schema, l.source_table, l.alert_key, l.chf, l.decided_at, l.mpxn
		FROM poa.suppression_log AS l
		WHERE l.diverted AND l.decided_at >= since AND l.decided_at < until
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id)
	), logged AS (
		SELECT e.log_id, poa_internal.identities(true, n.source, e.alert_key, e.chf::bigint, e.decided_at, e.mpxn) AS texts
		FROM entry AS e
		JOIN (
			SELECT d.*, poa_internal.attached_table(d.source_schema, d.source_table) AS source
			FROM (SELECT DISTINCT e.source_schema, e.source_table FROM entry AS e) AS d
		) AS n USING (source_schema, source_table)
	), may_stand AS (
		SELECT i.identity FROM poa_internal.logged_and_stored(since, until) AS l
		CROSS JOIN LATERAL unnest(poa_internal.identities(true, l.source, l.key, l.hub, l.at, l.mpxn)) AS i (identity)
	), stored AS (
		SELECT i.identity
		FROM (
			SELECT array_agg(d.chf) AS guids, array_agg(d.decided_at) AS instants, array_agg(0::bigint) AS ids
			FROM (SELECT DISTINCT e.chf, e.decided_at FROM entry AS e) AS d
		) AS s
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT a.source, a.key, a.chf, a.at, a.mpxn
				FROM span AS s JOIN alert AS a
					ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at AND a.at <= s.to_at
				WHERE a.code = 'AD1'
			$query$, since, until, s.ids, s.guids, s.instants, s.instants, by => 'chf')
			AS a (source oid, key text, chf @extschema@.guid, at timestamptz, mpxn text)
		CROSS JOIN LATERAL unnest(poa_internal.identities(false, a.source, a.key, a.chf::bigint, a.at, a.mpxn)) AS i (identity)
	), candidate AS MATERIALIZED (
		SELECT l.log_id, l.texts, e.alert, e.chf, e.decided_at
		FROM logged AS l JOIN poa.suppression_log AS e USING (log_id)
		/* in a CASE, as above; one that is the same as another that may stand there is not told from that */
		WHERE CASE WHEN l.texts[1] = ANY (SELECT s.identity FROM stored AS s) OR l.texts[2] = ANY (SELECT s.identity FROM stored AS s)
			THEN NOT (l.texts[1] = ANY (SELECT m.identity FROM may_stand AS m) OR l.texts[2] = ANY (SELECT m.identity FROM may_stand AS m)) END
	), whole AS MATERIALIZED (
		SELECT a.source, a.key, a.chf, a.at, a.mpxn, a.whole
		FROM (
			SELECT array_agg(d.chf) AS guids, array_agg(d.decided_at) AS instants, array_agg(0::bigint) AS ids
			FROM (SELECT DISTINCT c.chf, c.decided_at FROM candidate AS c) AS d
		) AS s
		CROSS JOIN poa_internal.query_attached(
			$query$
				SELECT a.source, a.key, a.chf, a.at, a.mpxn, a.whole
				FROM span AS s JOIN alert AS a
					ON a.chf OPERATOR(@extschema@.=) s.guid AND a.at >= s.from_at AND a.at <= s.to_at
				WHERE a.code = 'AD1'
			$query$, since, until, s.ids, s.guids, s.instants, s.instants, by => 'chf')
			AS a (source oid, key text, chf @extschema@.guid, at timestamptz, mpxn text, whole jsonb)
		WHERE s.ids IS NOT NULL
	), bad AS (
		/* without a key, alerts with the same hub, instant and MPxN may differ otherwise */
		SELECT c.log_id FROM candidate AS c
		WHERE EXISTS (
			SELECT FROM whole AS w
			WHERE poa_internal.identities(false, w.source, w.key, w.chf::bigint, w.at, w.mpxn) && c.texts
				AND (c.texts[1] LIKE '% key %' AND w.key IS NOT NULL OR poa_internal.is_logged_as(w.whole, c.alert)))
	)
	SELECT count(*) = 0, CASE WHEN count(*) = 0 THEN 'no diverted alert also stands in its table, unless released'
		ELSE format('%s diverted alerts also stand in their table and were not released: %s',
			count(*), poa_internal.first_log_ids(array_agg(b.log_id))) END
	FROM bad AS b
$$;
COMMENT ON FUNCTION poa_internal.verify_one_place(timestamptz, timestamptz) IS
	'check one_place: no diverted alert also stands in its table, unless released';
REVOKE ALL ON FUNCTION poa_internal.verify_one_place(timestamptz, timestamptz) FROM PUBLIC;

/* also finds a log row that is no more */
CREATE FUNCTION poa_internal.verify_release(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.bad IS NULL, format('%s releases', f.releases)
		|| CASE WHEN f.bad IS NULL THEN ', each of a diverted alert'
			ELSE format(', %s of alerts that are not in the log as diverted: %s', cardinality(f.bad), poa_internal.first_log_ids(f.bad)) END
	FROM (
		SELECT count(*) AS releases, array_agg(r.log_id) FILTER (WHERE l.diverted IS NOT TRUE) AS bad
		FROM poa.release_log AS r LEFT JOIN poa.suppression_log AS l USING (log_id)
		WHERE l.log_id IS NULL OR l.decided_at >= since AND l.decided_at < until
	) AS f
$$;
COMMENT ON FUNCTION poa_internal.verify_release(timestamptz, timestamptz) IS 'check release: each is of a diverted alert';
REVOKE ALL ON FUNCTION poa_internal.verify_release(timestamptz, timestamptz) FROM PUBLIC;

/* inserts that are rolled back use numbers up, but none is used that was not drawn */
CREATE FUNCTION poa_internal.verify_log_id(since timestamptz, until timestamptz, OUT ok boolean, OUT detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH entry AS (
		/* each node gives out numbers of its own */
		SELECT poa_internal.node_of_number(l.log_id) AS node, min(l.log_id) AS first_id, max(l.log_id) AS last_id
		FROM poa.suppression_log AS l WHERE l.decided_at >= since AND l.decided_at < until GROUP BY 1
	), drawn AS (
		SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS last_id, coalesce(poa_internal.this_node(), 0) AS node
		FROM poa.suppression_log_log_id_seq AS s
	), found AS (
		SELECT min(e.first_id) AS first_id, max(e.last_id) AS last_id,
			max(e.last_id) FILTER (WHERE e.node = d.node AND e.last_id > d.last_id) AS beyond, d.last_id AS drawn,
			sum(e.last_id - e.first_id + 1 - (SELECT count(*) FROM poa.suppression_log AS l WHERE l.log_id BETWEEN e.first_id AND e.last_id)) AS gaps
		FROM drawn AS d LEFT JOIN entry AS e ON true GROUP BY d.last_id
	)
	SELECT f.beyond IS NULL, CASE
		WHEN f.last_id IS NULL THEN 'no log rows'
		WHEN f.beyond IS NULL THEN format('%s to %s, of which %s are not there, as after inserts that were rolled back',
			f.first_id, f.last_id, f.gaps)
		ELSE format('%s is there, but the sequence has given out numbers up to %s only', f.beyond, f.drawn) END
	FROM found AS f
$$;
COMMENT ON FUNCTION poa_internal.verify_log_id(timestamptz, timestamptz) IS
	'check log_id: the sequence has drawn each, and how many are missing';
REVOKE ALL ON FUNCTION poa_internal.verify_log_id(timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.verify_of(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (check_name text, ok boolean, detail text)
LANGUAGE plpgsql STABLE ROWS 6
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = ISO SET jit = off
AS $$
DECLARE
	since CONSTANT timestamptz := coalesce(from_at, '-infinity');
	until CONSTANT timestamptz := coalesce(to_at, 'infinity');
BEGIN
	IF since > until THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'from_at must not be after to_at',
			DETAIL = format('From %s to %s is no period.', from_at, to_at);
	END IF;
	RETURN QUERY
	SELECT 'log_row', v.* FROM poa_internal.verify_log_row(since, until) AS v
	UNION ALL SELECT 'explained', v.* FROM poa_internal.verify_explained(since, until) AS v
	UNION ALL SELECT 'stored', v.* FROM poa_internal.verify_stored(since, until) AS v
	UNION ALL SELECT 'one_place', v.* FROM poa_internal.verify_one_place(since, until) AS v
	UNION ALL SELECT 'release', v.* FROM poa_internal.verify_release(since, until) AS v
	UNION ALL SELECT 'log_id', v.* FROM poa_internal.verify_log_id(since, until) AS v;
END
$$;
COMMENT ON FUNCTION poa_internal.verify_of(smallint[], timestamptz, timestamptz) IS
	'poa.verify; called by it as the owner of the extension.'
	' Operators and auditors see all of it, so the distributors do not matter';
REVOKE ALL ON FUNCTION poa_internal.verify_of(smallint[], timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.verify(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (check_name text, ok boolean, detail text)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE ROWS 6;
COMMENT ON FUNCTION poa.verify(timestamptz, timestamptz) IS
	'whether every alert of a period is in one place, for a reason on record.'
	' Six rows, in this order: log_row (the columns of a log row agree), explained (by activations whose windows, as'
	' poa.activation_change has them, held it), stored (no AD1 in a window that was known: received before it, and tracked by a'
	' transaction that began to write before that of the alert and, with track_commit_timestamp, committed before it. Without'
	' that, one that was tracked at the same time is a false alarm, as is an alert that was updated later; of a table that was'
	' rewritten the clock decides. Others in a window are counted; after a purge only AD1s since the instant it purged to are'
	' looked at), one_place (no diverted alert also in its table, unless released), release (each of a diverted alert), log_id'
	' (the sequence has drawn it; the number of gaps). The period is that of the instants judged, UTC, from from_at on and before'
	' to_at; NULL is unbounded. Not exact for what was restored from a dump. Raises 22023 where from_at is after to_at';
SELECT poa_internal.permit('FUNCTION poa.verify(timestamptz, timestamptz)', '{operator,auditor}');
