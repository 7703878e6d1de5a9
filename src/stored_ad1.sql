/*
 * The AD1s that stand in attached tables, and which of them the log has too:
 * what late_activation, replay and verify have in common.
 */

/*
 * The same alert has the same key, else the same table, hub, instant and MPxN.
 * Each is given by texts, one of which it has in common with the same alert on
 * the other side: a log row without a key is that of an alert with one where
 * the table was attached with a key later.
 */
CREATE FUNCTION poa_internal.identities(
	logged boolean,
	source oid,
	key text,
	hub bigint,
	at timestamptz,
	mpxn text
) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE	/* an expression without SET, so that it is inlined */
RETURN CASE
	WHEN logged AND key IS NULL THEN ARRAY[
		'no key, ' || source::text || ' ' || hub::text || ' ' || date_part('epoch', at)::text || coalesce(' ' || mpxn, ''),
		source::text || ' ' || hub::text || ' ' || date_part('epoch', at)::text || coalesce(' ' || mpxn, '')]
	WHEN logged THEN ARRAY[
		source::text || ' key ' || key,
		source::text || ' ' || hub::text || ' ' || date_part('epoch', at)::text || coalesce(' ' || mpxn, '')]
	WHEN key IS NULL THEN ARRAY[
		source::text || ' ' || hub::text || ' ' || date_part('epoch', at)::text || coalesce(' ' || mpxn, '')]
	ELSE ARRAY[
		source::text || ' key ' || key,
		'no key, ' || source::text || ' ' || hub::text || ' ' || date_part('epoch', at)::text || coalesce(' ' || mpxn, '')]
	END;
COMMENT ON FUNCTION poa_internal.identities(boolean, oid, text, bigint, timestamptz, text) IS
	'texts that identify an AD1.'
	' A log row and an alert in a table are the same where they share one. source is the table that the log names, hub the guid'
	' as a number; key and mpxn may be NULL';
REVOKE ALL ON FUNCTION poa_internal.identities(boolean, oid, text, bigint, timestamptz, text) FROM PUBLIC;

/* of a released alert, one of shadow mode and one that was held */
CREATE FUNCTION poa_internal.logged_and_stored(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source oid, key text, hub bigint, at timestamptz, mpxn text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH entry AS MATERIALIZED (
		SELECT DISTINCT l.source_schema, l.source_table, l.alert_key, l.chf::bigint AS hub, l.decided_at, l.mpxn
		FROM (
			SELECT l.* FROM poa.suppression_log AS l WHERE NOT l.diverted
			UNION ALL
			SELECT l.* FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id) WHERE l.diverted
		) AS l
		WHERE l.decided_at >= from_at AND l.decided_at < to_at
	)
	SELECT n.source, e.alert_key, e.hub, e.decided_at, e.mpxn
	FROM entry AS e
	JOIN (
		SELECT d.*, poa_internal.attached_table(d.source_schema, d.source_table) AS source
		FROM (SELECT DISTINCT e.source_schema, e.source_table FROM entry AS e) AS d
	) AS n USING (source_schema, source_table)
$$;
COMMENT ON FUNCTION poa_internal.logged_and_stored(timestamptz, timestamptz) IS
	'alerts that the log has and that stand in their table all the same.'
	' Those of from_at <= at < to_at. They were released, logged in shadow mode, or held; each once. source is the table that the'
	' log names, hub the guid as a number';
REVOKE ALL ON FUNCTION poa_internal.logged_and_stored(timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.stored_ad1(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, alert_count jsonb)
LANGUAGE sql STABLE		/* without SET, so that it becomes part of the query that calls it, and its rows are not copied */
BEGIN ATOMIC
	WITH stands AS MATERIALIZED (
		/* of these distributors, or of the one of its hub */
		SELECT a.*
		FROM (
			SELECT a.*, poa_internal.distributor_of(a.mpxn) AS mpxn_distributor
			FROM ROWS FROM (poa_internal.query_attached(
				$query$
					SELECT a.source, a.key, a.chf, a.mpxn, a.at, a.alert_count FROM alert AS a WHERE a.code = 'AD1' AND a.at < $3
				$query$, from_at, to_at)
				AS (source oid, key text, chf @extschema@.guid, mpxn text, decided_at timestamptz, alert_count jsonb))
				WITH ORDINALITY AS a (source, key, chf, mpxn, decided_at, alert_count, place)
		) AS a
		WHERE a.mpxn_distributor IS NULL OR a.mpxn_distributor OPERATOR(pg_catalog.=) ANY (distributors)
	), logged AS (
		SELECT l.* FROM poa_internal.logged_and_stored(from_at, to_at) AS l
	), same AS (
		SELECT i.identity
		FROM logged AS l
		CROSS JOIN LATERAL pg_catalog.unnest(poa_internal.identities(true, l.source, l.key, l.hub, l.at, l.mpxn)) AS i (identity)
	), stored AS (
		SELECT s.*, coalesce(s.mpxn_distributor, (
			SELECT pg_catalog.min(poa_internal.distributor_of(d.mpxn)) FROM poa.device AS d WHERE d.chf OPERATOR(@extschema@.=) s.chf
		)) AS distributor_id
		FROM stands AS s
		CROSS JOIN LATERAL (
			SELECT poa_internal.identities(false, s.source, s.key, CAST(s.chf AS bigint), s.decided_at, s.mpxn) AS texts
		) AS i
		/*
		 * In a CASE, so that each is looked up in a hash, however few rows are estimated.
		 * Most have no like in the log.  The hub as a number: a body that compares a guid
		 * in a subquery would come before the operators of its type in pg_upgrade.
		 */
		WHERE CASE
			WHEN NOT (CAST(s.chf AS bigint), s.decided_at) OPERATOR(pg_catalog.=) ANY (SELECT l.hub, l.at FROM logged AS l) THEN true
			WHEN s.chf IS NULL THEN true
			ELSE NOT (i.texts[1] OPERATOR(pg_catalog.=) ANY (SELECT m.identity FROM same AS m)
				OR coalesce(i.texts[2] OPERATOR(pg_catalog.=) ANY (SELECT m.identity FROM same AS m), false)) END
	)
	SELECT n.nspname::text, c.relname::text, s.chf, s.mpxn, s.distributor_id, s.decided_at, s.alert_count
	FROM stored AS s
	JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) s.source
	JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	WHERE coalesce(s.distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=) ANY (distributors);
END;
COMMENT ON FUNCTION poa_internal.stored_ad1(smallint[], timestamptz, timestamptz) IS
	'the AD1s of given distributors that were stored and not logged.'
	' Those of from_at <= decided_at < to_at, UTC instants; -1 stands for no distributor. distributor_id is that of the MPxN,'
	' else of the meters that are on the hub now, the smallest where they disagree, NULL where they have none; alert_count, as'
	' the table has it, says how many the AD1 stands for';
REVOKE ALL ON FUNCTION poa_internal.stored_ad1(smallint[], timestamptz, timestamptz) FROM PUBLIC;
