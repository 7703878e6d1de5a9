/*
 * What is old goes: log rows with their releases, closed windows.
 */

CREATE TABLE poa.log_purge (
	purge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	purged_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	purged_by text NOT NULL DEFAULT CURRENT_USER,
	before timestamptz NOT NULL,
	log_rows bigint NOT NULL
);
COMMENT ON TABLE poa.log_purge IS
	'purges that removed rows from poa.suppression_log; written by poa.purge_log only';
COMMENT ON COLUMN poa.log_purge.purge_id IS 'number of the purge';
COMMENT ON COLUMN poa.log_purge.purged_at IS 'UTC instant of the purge';
COMMENT ON COLUMN poa.log_purge.purged_by IS 'name of the role that purged the log';
COMMENT ON COLUMN poa.log_purge.before IS 'UTC instant before which what was logged is removed, may be infinite';
COMMENT ON COLUMN poa.log_purge.log_rows IS 'number of log rows that were removed';
SELECT pg_catalog.pg_extension_config_dump('poa.log_purge', '');
SELECT pg_catalog.pg_extension_config_dump('poa.log_purge_purge_id_seq', '');
COMMENT ON SEQUENCE poa.log_purge_purge_id_seq IS 'numbers of poa.log_purge; dumped, so that they go on after a restore';

CREATE FUNCTION poa.purge_log(before timestamptz) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_purge_log' LANGUAGE C;
COMMENT ON FUNCTION poa.purge_log(timestamptz) IS
	'removes what was logged before a UTC instant, with its releases.'
	' Returns the number of log rows, and records in poa.log_purge that it removed any. Raises 22004 for NULL';
REVOKE ALL ON FUNCTION poa.purge_log(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.purge_activations(before timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	purged bigint;
BEGIN
	IF before IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'the instant to purge before must not be NULL';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE active_sql_transaction USING
			MESSAGE = 'activations are purged in READ COMMITTED only',
			DETAIL = 'An older snapshot might not show the log rows that refer to them.';
	END IF;
	/* waits for writers that have logged but not committed, and keeps others from starting to */
	LOCK TABLE poa.suppression_log IN SHARE MODE;
	DELETE FROM poa.activation AS a
	WHERE a.closes_at < before
		AND NOT EXISTS (
			SELECT
			FROM (SELECT unnest(l.matched) AS activation_id FROM poa.suppression_log AS l) AS logged
			WHERE logged.activation_id = a.activation_id);
	GET DIAGNOSTICS purged = ROW_COUNT;
	DELETE FROM poa_internal.received_command AS c
	WHERE c.received_at < before
		AND NOT EXISTS (SELECT FROM poa.activation AS a WHERE upper(a.request_id) = c.request_id);
	/* the newest of each guid stays: what has spoken does not fall silent by a purge */
	DELETE FROM poa.sign_of_life AS s
	WHERE s.seen_at < before
		AND EXISTS (
			SELECT FROM poa.sign_of_life AS n
			WHERE n.guid OPERATOR(@extschema@.=) s.guid AND n.seen_at > s.seen_at);
	RETURN purged;
END
$$;
COMMENT ON FUNCTION poa.purge_activations(timestamptz) IS
	'removes activations whose window closed before a UTC instant and that no log row refers to, and returns their number; a request that is delivered again after that is tracked anew. Also removes signs of life seen before, but for the newest of each guid. Alerts that would be diverted wait meanwhile, others do not. Raises 22004 for NULL, 25001 in another isolation level than READ COMMITTED';
REVOKE ALL ON FUNCTION poa.purge_activations(timestamptz) FROM PUBLIC;
