/*
 * The suppression log, which nobody changes, and the releases from it.
 */

CREATE TABLE poa.suppression_log (
	log_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	logged_at timestamptz NOT NULL,
	diverted boolean NOT NULL,
	source_schema text NOT NULL,
	source_table text NOT NULL,
	alert jsonb NOT NULL,
	alert_code text NOT NULL,
	chf @extschema@.guid NOT NULL,
	mpxn text,
	distributor_id smallint,
	decided_at timestamptz NOT NULL,
	activation_id bigint NOT NULL,
	matched bigint[] NOT NULL,
	device @extschema@.guid NOT NULL,
	manufacturer text,
	request_id text,
	activates_at timestamptz NOT NULL,
	opens_at timestamptz NOT NULL,
	closes_at timestamptz NOT NULL,
	delay interval NOT NULL
);

/* leakproof, so that a month that a reader asks for may be looked up before row-level security */
CREATE FUNCTION poa.utc_month(at timestamptz) RETURNS date
	AS 'MODULE_PATHNAME', 'poa_utc_month' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION poa.utc_month(timestamptz) IS
	'first day of the month of an instant in UTC; infinite for an infinite one, NULL for NULL';
REVOKE ALL ON FUNCTION poa.utc_month(timestamptz) FROM PUBLIC;

/*
 * The log grows in the order of time, so a summary of its pages finds a month,
 * and costs a diverted alert a fifth of what an index entry would.
 */
CREATE INDEX suppression_log_decided_at_idx ON poa.suppression_log
	USING brin (decided_at, poa.utc_month(decided_at)) WITH (autosummarize = on);

COMMENT ON TABLE poa.suppression_log IS
	'every AD1 that fell into a suppressing window, whole, with the reason; append-only, also for superusers, but for poa.purge_log (MP102B: the Suppression Log)';
COMMENT ON COLUMN poa.suppression_log.log_id IS 'number of the entry; numbers may be missing where an insert was rolled back';
COMMENT ON COLUMN poa.suppression_log.logged_at IS 'UTC instant at which the transaction that brought the alert began';
COMMENT ON COLUMN poa.suppression_log.diverted IS
	'true where the alert is here instead of in its table, false where shadow mode stored it there too';
COMMENT ON COLUMN poa.suppression_log.source_schema IS 'schema of the attached table, for a partition that of its root';
COMMENT ON COLUMN poa.suppression_log.source_table IS 'name of the attached table, for a partition its root';
COMMENT ON COLUMN poa.suppression_log.alert IS
	'the whole row as it came, by to_jsonb; generated columns are null, they are computed when a row is stored';
COMMENT ON COLUMN poa.suppression_log.alert_code IS 'code of the alert: AD1';
COMMENT ON COLUMN poa.suppression_log.chf IS 'GUID of the communications hub that sent the alert';
COMMENT ON COLUMN poa.suppression_log.mpxn IS 'MPxN of the alert as it came, NULL where it had none';
COMMENT ON COLUMN poa.suppression_log.distributor_id IS
	'first two digits of a 13-digit MPxN of the alert, else of the matched meter''s in poa.device, else NULL';
COMMENT ON COLUMN poa.suppression_log.decided_at IS
	'UTC instant that was judged: the alert''s in the column that attach was given';
COMMENT ON COLUMN poa.suppression_log.activation_id IS
	'the deciding activation: of those whose window holds the alert the one that activates last, then the greatest id';
COMMENT ON COLUMN poa.suppression_log.matched IS 'all activations whose window holds the alert, the deciding one first';
COMMENT ON COLUMN poa.suppression_log.device IS 'GUID of the meter of the deciding activation';
COMMENT ON COLUMN poa.suppression_log.manufacturer IS
	'manufacturer of that meter in poa.device at the time, NULL where the meter was no longer there';
COMMENT ON COLUMN poa.suppression_log.request_id IS 'RequestID of the deciding activation, NULL where it had none';
COMMENT ON COLUMN poa.suppression_log.activates_at IS 'UTC instant of the deciding activation';
COMMENT ON COLUMN poa.suppression_log.opens_at IS 'UTC instant at which its window opened';
COMMENT ON COLUMN poa.suppression_log.closes_at IS 'UTC instant at which its window closed';
COMMENT ON COLUMN poa.suppression_log.delay IS
	'interval from the activation to the alert, decided_at - activates_at; negative before it';

SELECT pg_catalog.pg_extension_config_dump('poa.suppression_log', '');
SELECT pg_catalog.pg_extension_config_dump('poa.suppression_log_log_id_seq', '');
COMMENT ON SEQUENCE poa.suppression_log_log_id_seq IS 'numbers of poa.suppression_log; dumped, so that they go on after a restore';

/* no foreign key: it is there before the data, and a parallel restore knows no order of the tables */
CREATE TABLE poa.release_log (
	log_id bigint PRIMARY KEY,
	released_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	released_by text NOT NULL,
	reason text NOT NULL
);
COMMENT ON TABLE poa.release_log IS
	'suppressed alerts that were put back into their table; append-only, gone with their log row when that is purged';
COMMENT ON COLUMN poa.release_log.log_id IS 'number of the entry in poa.suppression_log';
COMMENT ON COLUMN poa.release_log.released_at IS 'UTC instant of the release';
COMMENT ON COLUMN poa.release_log.released_by IS 'name of the role that released the alert';
COMMENT ON COLUMN poa.release_log.reason IS 'why, in the words of whoever did';

SELECT pg_catalog.pg_extension_config_dump('poa.release_log', '');

CREATE TABLE poa.log_purge (
	purged_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	purged_by text NOT NULL DEFAULT CURRENT_USER,
	before timestamptz NOT NULL,
	log_rows bigint NOT NULL
);
COMMENT ON TABLE poa.log_purge IS
	'purges that took rows from poa.suppression_log: of what was logged before, it does not tell any more; written by poa.purge_log';
COMMENT ON COLUMN poa.log_purge.purged_at IS 'UTC instant of the purge';
COMMENT ON COLUMN poa.log_purge.purged_by IS 'name of the role that purged the log';
COMMENT ON COLUMN poa.log_purge.before IS 'UTC instant before which what was logged has gone, may be infinite';
COMMENT ON COLUMN poa.log_purge.log_rows IS 'number of log rows that have gone';

SELECT pg_catalog.pg_extension_config_dump('poa.log_purge', '');

CREATE FUNCTION poa.refuse_change() RETURNS trigger
	AS 'MODULE_PATHNAME', 'poa_refuse_change' LANGUAGE C;
COMMENT ON FUNCTION poa.refuse_change() IS
	'trigger: keeps a log append-only; raises 55000 for every UPDATE, DELETE and TRUNCATE but the DELETE of poa.purge_log';
REVOKE ALL ON FUNCTION poa.refuse_change() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON poa.suppression_log
	FOR EACH STATEMENT EXECUTE FUNCTION poa.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON poa.release_log
	FOR EACH STATEMENT EXECUTE FUNCTION poa.refuse_change();
ALTER TABLE poa.suppression_log ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE poa.release_log ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON poa.suppression_log IS 'nobody changes what was suppressed';
COMMENT ON TRIGGER append_only ON poa.release_log IS 'nobody changes what was released';

CREATE FUNCTION poa.purge_log(before timestamptz) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_purge_log' LANGUAGE C;
COMMENT ON FUNCTION poa.purge_log(timestamptz) IS
	'removes what was logged before a UTC instant, with its releases, returns the number of log rows, and records in poa.log_purge that it took any; raises 22004 for NULL';
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
	DELETE FROM poa.received_command AS c
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
