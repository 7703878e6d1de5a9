/*
 * A diverted alert goes back into its table.
 */

/* no foreign key: it is there before the data, and a parallel restore has no order of the tables */
CREATE TABLE poa.release_log (
	log_id bigint PRIMARY KEY,
	released_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	released_by text NOT NULL,
	reason text NOT NULL
);
COMMENT ON TABLE poa.release_log IS
	'suppressed alerts that were put back into their table.'
	' Append-only; gone with their log row when that is purged';
COMMENT ON COLUMN poa.release_log.log_id IS 'number of the entry in poa.suppression_log';
COMMENT ON COLUMN poa.release_log.released_at IS 'UTC instant of the release';
COMMENT ON COLUMN poa.release_log.released_by IS 'name of the role that released the alert';
COMMENT ON COLUMN poa.release_log.reason IS 'the reason that was given';

SELECT pg_catalog.pg_extension_config_dump('poa.release_log', '');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON poa.release_log
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.refuse_change();
ALTER TABLE poa.release_log ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON poa.release_log IS 'what was released stays';

/* by which same_alert.c finds a release of a hub and instant, however many alerts are alike */
CREATE TABLE poa_internal.released_alert (
	log_id bigint PRIMARY KEY,
	chf @extschema@.guid NOT NULL,
	decided_at timestamptz NOT NULL
);
CREATE INDEX released_alert_chf_decided_at_idx ON poa_internal.released_alert (chf, decided_at);
COMMENT ON TABLE poa_internal.released_alert IS 'hub and instant of each alert in poa.release_log; written by poa.release';
COMMENT ON COLUMN poa_internal.released_alert.log_id IS 'number of the entry in poa.suppression_log';
COMMENT ON COLUMN poa_internal.released_alert.chf IS 'GUID of the hub, as logged';
COMMENT ON COLUMN poa_internal.released_alert.decided_at IS 'UTC instant of the alert that was judged';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.released_alert', '');

CREATE FUNCTION poa.release(log_id bigint, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_release' LANGUAGE C;
COMMENT ON FUNCTION poa.release(bigint, text) IS
	'puts a diverted alert back into its table, and records who, when and why.'
	' It is inserted unjudged and as the caller, who needs INSERT there: into the attached table of that name, or that'
	' had it when it was attached, else the table of that name. Raises 42704 for an unknown log_id, 55000 for an alert'
	' that was never diverted or was released already, 22004 for NULL, 22023 for a blank reason, 42P01 where its table'
	' is gone, 42703 where that has none of its columns, 09000 where another trigger keeps it out, 25006 in a read-only'
	' transaction or on a standby';
SELECT poa_internal.permit('FUNCTION poa.release(bigint, text)', '{operator}');

/*
 * The triggers of an attached table may need the search_path of the caller, so
 * it holds while an alert is released.  A deferred constraint is checked with
 * its alert, not when it is too late to leave only that one out.
 */
CREATE FUNCTION poa_internal.release_each(log_ids bigint[], reason text, caller_search_path text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	released bigint := 0;
	id bigint;
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.release()');
	/* or each of them would be a warning */
	IF current_setting('transaction_read_only')::boolean THEN
		RAISE read_only_sql_transaction USING MESSAGE = 'cannot execute poa.release() in a read-only transaction';
	END IF;
	FOREACH id IN ARRAY coalesce(log_ids, '{}') LOOP
		BEGIN
			PERFORM pg_catalog.set_config('search_path', caller_search_path, true);
			PERFORM poa.release(id, reason);
			SET CONSTRAINTS ALL IMMEDIATE;
			released := released OPERATOR(pg_catalog.+) 1;
		EXCEPTION WHEN OTHERS THEN
			IF NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = id) THEN
				RAISE WARNING USING
					ERRCODE = SQLSTATE,
					MESSAGE = format('alert with log_id %s could not be released: %s', id, SQLERRM),
					HINT = 'The next run tries again.';
			END IF;
		END;
	END LOOP;
	RETURN released;
END
$$;
COMMENT ON FUNCTION poa_internal.release_each(bigint[], text, text) IS
	'releases alerts as the caller and returns how many. One that cannot be released is a WARNING that names'
	' it; one that another session releases meanwhile is not counted. A cancelled statement ends it. Raises 25006 in a'
	' read-only transaction or on a standby';
SELECT poa_internal.permit('FUNCTION poa_internal.release_each(bigint[], text, text)', '{operator}');
SELECT poa_internal.permit('TABLE poa.release_log', '{dno}', 'SELECT');
