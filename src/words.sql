/*
 * Instants and intervals in sentences.
 */

/* without SET, so that they are inlined */
CREATE FUNCTION poa_internal.said_at(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"');
COMMENT ON FUNCTION poa_internal.said_at(timestamptz) IS 'an instant for people to read, in UTC';
REVOKE ALL ON FUNCTION poa_internal.said_at(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.said_for(span interval) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.to_char(pg_catalog.make_interval(secs => pg_catalog.abs(EXTRACT(epoch FROM $1))::double precision), 'FMHH24:MI:SS');
COMMENT ON FUNCTION poa_internal.said_for(interval) IS 'the length of an interval for people to read, in hours, minutes and seconds';
REVOKE ALL ON FUNCTION poa_internal.said_for(interval) FROM PUBLIC;
