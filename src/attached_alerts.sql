/*
 * Reading the attached tables, for the reports on what happened after the
 * window.  Nothing is kept for them: the alerts are read where they stand.
 *
 * PL/pgSQL keeps the plans of these functions, which take longer than they run.
 */

CREATE FUNCTION poa_internal.guid_expression(relation oid, column_name name) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT CASE a.atttypid
			WHEN '@extschema@.guid'::regtype THEN format('%I', a.attname)
			WHEN 'text'::regtype THEN format('%I.try_guid(%I)', poa_internal.guid_schema(), a.attname)
			ELSE format('%I.try_guid((%I)::text)', poa_internal.guid_schema(), a.attname)
		END
		FROM pg_attribute AS a
		WHERE a.attrelid = $1 AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped);
END
$$;
COMMENT ON FUNCTION poa_internal.guid_expression(oid, name) IS
	'the SQL expression by which a column of an attached table is read as a guid.'
	' It is written as pg_get_indexdef writes that of an index; NULL where there is no such column';
REVOKE ALL ON FUNCTION poa_internal.guid_expression(oid, name) FROM PUBLIC;

CREATE FUNCTION poa_internal.has_index(relation oid, column_name name) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (
		SELECT FROM pg_index AS i
		JOIN pg_class AS x ON x.oid = i.indexrelid
		JOIN pg_am AS m ON m.oid = x.relam AND m.amname IN ('btree', 'hash')
		WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL
			AND pg_get_indexdef(i.indexrelid, 1, false) = poa_internal.guid_expression($1, $2));
END
$$;
COMMENT ON FUNCTION poa_internal.has_index(oid, name) IS
	'whether an index finds the rows of a table by its hub column.'
	' The column is of guids, or of text that is read as such';
REVOKE ALL ON FUNCTION poa_internal.has_index(oid, name) FROM PUBLIC;

/*
 * Tables that inherit from an attached one are attached for themselves,
 * partitions with their root.  After a rewrite the rows have a new xmin, which
 * is not that of the transaction that brought them.
 */
CREATE FUNCTION poa_internal.attached_queries(query text, by text, only_table regclass)
RETURNS TABLE (relation oid, sql text, use_index boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT a.relation, format($format$
			WITH span (id, guid, from_at, to_at) AS NOT MATERIALIZED (SELECT * FROM unnest($4, $5, $6, $7)),
			alert (relation, source, part, place, code, chf, names_hub, at, mpxn, device, key, started, alert_count,
				inserted_by, whole)
			AS NOT MATERIALIZED (
				SELECT %1$s::oid, %2$s::oid, a.tableoid, a.ctid, a.%3$I::text, %4$s, a.%5$I IS NOT NULL, a.%6$I,
					%7$s::text, %8$s::%9$I.guid, %10$s::text, %11$s::timestamptz, %12$s,
					CASE WHEN pg_relation_filenode(a.tableoid) = a.tableoid THEN a.xmin END, to_jsonb(a.*)
				FROM %13$s %14$s AS a
				WHERE a.%6$I >= $2 AND a.%6$I <= $3)
			$format$,
			a.relation, a.source, a.code, poa_internal.guid_expression(a.relation, a.chf), a.chf, a.at,
			coalesce(quote_ident(a.mpxn), 'NULL'), coalesce(poa_internal.guid_expression(a.relation, a.device), 'NULL'),
			poa_internal.guid_schema(), coalesce(quote_ident(a.key), 'NULL'), coalesce(quote_ident(a.started), 'NULL'),
			CASE WHEN EXISTS (SELECT FROM pg_attribute AS c
					WHERE c.attrelid = a.relation AND c.attname = 'alert_count' AND NOT c.attisdropped)
				THEN 'to_jsonb(a.alert_count)' ELSE 'NULL::jsonb' END,
			CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, a.relation::regclass) || query,
		by IS NOT NULL AND poa_internal.has_index(a.relation, CASE by WHEN 'device' THEN a.device ELSE a.chf END)
	FROM poa_internal.attachment AS a
	JOIN pg_class AS c ON c.oid = a.relation AND NOT pg_is_other_temp_schema(c.relnamespace)
	WHERE NOT a.is_partition
		AND (only_table IS NULL OR a.relation = only_table)
		AND (by IS DISTINCT FROM 'device' OR a.device IS NOT NULL)
	ORDER BY a.relation;
END
$$;
COMMENT ON FUNCTION poa_internal.attached_queries(text, text, regclass) IS
	'the statements by which poa_internal.query_attached reads each attached table.'
	' use_index is true where an index finds the rows by the column of by';
REVOKE ALL ON FUNCTION poa_internal.attached_queries(text, text, regclass) FROM PUBLIC;

CREATE FUNCTION poa_internal.query_attached(
	query text,
	from_at timestamptz,
	to_at timestamptz,
	ids bigint[] DEFAULT NULL,
	guids @extschema@.guid[] DEFAULT NULL,
	starts timestamptz[] DEFAULT NULL,
	ends timestamptz[] DEFAULT NULL,
	by text DEFAULT NULL,
	only_table regclass DEFAULT NULL
) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'poa_query_attached' LANGUAGE C STABLE
	SET search_path = pg_catalog, pg_temp SET jit = off
	/* so that the text of a key is the one that the log has */
	SET TimeZone = 'UTC' SET DateStyle = ISO SET IntervalStyle = postgres SET extra_float_digits = 1 SET bytea_output = hex;
COMMENT ON FUNCTION poa_internal.query_attached(text, timestamptz, timestamptz, bigint[], @extschema@.guid[],
	timestamptz[], timestamptz[], text, regclass) IS
	'runs a SELECT on every attached table, as its owner, and returns all rows.'
	' It reads from two relations. alert (relation, source, part, place, code, chf, names_hub, at, mpxn, device, key, started,'
	' alert_count, inserted_by, whole): the alerts from from_at ($2) to to_at ($3), UTC instants, both inclusive;'
	' relation is the table, source the one that the log names, part and place are tableoid and ctid; names_hub is false where there is no'
	' hub, chf NULL also where it is no GUID; inserted_by is xmin, NULL where the table has been rewritten; whole is the row as jsonb;'
	' mpxn, device, key, started and alert_count are NULL where the table has none. span (id, guid, from_at, to_at): the arrays, side by side.'
	' by names the column of alert that the query compares with span.guid, chf or device: an index on it is used where there is one,'
	' and a table without that column is passed over; NULL for neither. A table that cannot be read is left out with a WARNING, but an'
	' error where only_table names it. For the reports only: a role that may execute it may do what any owner of a table may';
REVOKE ALL ON FUNCTION poa_internal.query_attached(text, timestamptz, timestamptz, bigint[], @extschema@.guid[],
	timestamptz[], timestamptz[], text, regclass) FROM PUBLIC;

CREATE FUNCTION poa_internal.check_range(from_at timestamptz, to_at timestamptz) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF from_at IS NULL OR to_at IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = 'from_at and to_at must not be NULL',
			HINT = '-infinity and infinity stand for all there is.';
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.check_range(timestamptz, timestamptz) IS 'raises 22004 for a range of time with an end that is NULL';
REVOKE ALL ON FUNCTION poa_internal.check_range(timestamptz, timestamptz) FROM PUBLIC;
