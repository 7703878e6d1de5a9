/*
 * Reading the attached tables, for the reports on what happened after the
 * window.  Nothing is kept for them: the alerts are read where they stand.
 */

CREATE FUNCTION poa_internal.query_attached(
	query text,
	from_at timestamptz,
	to_at timestamptz,
	ids bigint[] DEFAULT NULL,
	guids @extschema@.guid[] DEFAULT NULL,
	starts timestamptz[] DEFAULT NULL,
	ends timestamptz[] DEFAULT NULL,
	by text DEFAULT NULL
) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'poa_query_attached' LANGUAGE C STABLE
	SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off;
COMMENT ON FUNCTION poa_internal.query_attached(text, timestamptz, timestamptz, bigint[], @extschema@.guid[],
	timestamptz[], timestamptz[], text) IS
	'runs a SELECT on every attached table, as its owner, and returns all rows.'
	' It reads from two relations. alert (source_schema, source_table, part, place, code, chf, at, mpxn, device, alert_count,'
	' inserted_by, whole): the alerts from from_at ($2) to to_at ($3), UTC instants, both inclusive; source_schema and source_table'
	' are what the suppression log names, part and place tableoid and ctid, inserted_by xmin, whole the row as jsonb; mpxn, device'
	' and alert_count are NULL where the table has none. span (id, guid, from_at, to_at): the arrays, side by side.'
	' by names the column of alert that the query compares with span.guid, chf or device: an index on it is used where there is one,'
	' and a table without that column is passed over; NULL for neither. A table that cannot be read is left out with a WARNING.'
	' For the reports only: whoever may execute it may do what any owner of an attached table may';
REVOKE ALL ON FUNCTION poa_internal.query_attached(text, timestamptz, timestamptz, bigint[], @extschema@.guid[],
	timestamptz[], timestamptz[], text) FROM PUBLIC;

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
