/*
 * The AD1s of a range that stand in an attached table and nowhere else, which
 * late_activation and replay have in common.
 */
CREATE FUNCTION poa_internal.stored_ad1(distributors smallint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (source_schema text, source_table text, chf @extschema@.guid, mpxn text, distributor_id smallint,
	decided_at timestamptz, alert_count jsonb)
LANGUAGE sql STABLE		/* without SET, so that it becomes part of the query that asks, and its rows are not copied */
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT a.*
		FROM ROWS FROM (poa_internal.query_attached(
			$query$
				SELECT a.source_schema, a.source_table, a.chf, a.mpxn, a.distributor_id, a.at, a.alert_count
				FROM (
					/* distributor_of(), which the owner of the table may not execute */
					SELECT a.*, CASE WHEN octet_length(a.mpxn) = 13 AND a.mpxn COLLATE "C" !~ '[^0-9]'
						THEN left(a.mpxn, 2)::smallint END AS distributor_id
					FROM alert AS a WHERE a.code = 'AD1' AND a.at < $3
				) AS a
				/* of these distributors, or of whom its hub tells */
				WHERE (a.distributor_id = ANY ($4::smallint[])) IS NOT FALSE
			$query$, from_at, to_at, distributors::bigint[])
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
			SELECT pg_catalog.min(poa_internal.distributor_of(d.mpxn)) FROM poa.device AS d WHERE d.chf OPERATOR(@extschema@.=) a.chf
		)) AS distributor_id
		FROM asked AS a
		WHERE NOT a.place OPERATOR(pg_catalog.=) ANY (SELECT c.place FROM copy AS c WHERE c.n OPERATOR(pg_catalog.<=) c.times)
	)
	SELECT s.source_schema, s.source_table, s.chf, s.mpxn, s.distributor_id, s.decided_at, s.alert_count
	FROM stored AS s
	WHERE coalesce(s.distributor_id, '-1'::smallint) OPERATOR(pg_catalog.=) ANY (distributors);
END;
COMMENT ON FUNCTION poa_internal.stored_ad1(smallint[], timestamptz, timestamptz) IS
	'the AD1s of from_at <= decided_at < to_at, UTC instants, of the given distributors, -1 being none, that stand in an attached table and were not logged. distributor_id is that of the MPxN, else of the meters that are on the hub now, the smallest where they disagree, NULL where they do not tell; alert_count, as the table has it, says how many the AD1 stands for';
REVOKE ALL ON FUNCTION poa_internal.stored_ad1(smallint[], timestamptz, timestamptz) FROM PUBLIC;
