/*
 * The suppression log, which is append-only.
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
	delay interval NOT NULL,
	alert_key text,
	outage_started_at timestamptz,
	hold_id bigint,
	originator @extschema@.guid
);

/* leakproof, so that a condition on the month may use an index before row-level security */
CREATE FUNCTION poa_internal.utc_month(at timestamptz) RETURNS date
	AS 'MODULE_PATHNAME', 'poa_utc_month' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.utc_month(timestamptz) IS
	'first day of the month of an instant in UTC.'
	' Infinite for an infinite one, NULL for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.utc_month(timestamptz)', '{dno,operator,auditor}');

/*
 * The log grows in the order of time, so a summary of its pages finds a month,
 * and costs a diverted alert a fifth of what an index entry would.
 */
CREATE INDEX suppression_log_decided_at_idx ON poa.suppression_log
	USING brin (decided_at, poa_internal.utc_month(decided_at), logged_at) WITH (autosummarize = on);

/*
 * Their operators are leakproof, so that a DNO's look-up uses them too.  An
 * MPxN has few alerts, and a hash needs no collation.
 */
CREATE INDEX suppression_log_chf_decided_at_idx ON poa.suppression_log (chf, decided_at);
CREATE INDEX suppression_log_mpxn_idx ON poa.suppression_log USING hash (mpxn);

/* same_alert.c searches these by name; an alert without a key adds nothing to the first, a diverted one to the second */
CREATE INDEX suppression_log_alert_key_idx ON poa.suppression_log USING hash (alert_key);
CREATE INDEX suppression_log_stored_idx ON poa.suppression_log (chf, decided_at) WHERE NOT diverted;

COMMENT ON TABLE poa.suppression_log IS
	'every AD1 that fell into a suppressing window, whole, with the reason.'
	' Append-only, also for superusers, but for poa.purge_log (MP102B: the Suppression Log)';
COMMENT ON COLUMN poa.suppression_log.log_id IS 'number of the entry; numbers may be missing where an insert was rolled back';
COMMENT ON COLUMN poa.suppression_log.logged_at IS 'UTC instant at which the transaction that brought the alert began';
COMMENT ON COLUMN poa.suppression_log.diverted IS
	'true where the alert is here instead of in its table.'
	' False where shadow mode or a hold stored it there too';
COMMENT ON COLUMN poa.suppression_log.source_schema IS 'schema of the attached table, for a partition that of its root';
COMMENT ON COLUMN poa.suppression_log.source_table IS 'name of the attached table, for a partition its root';
COMMENT ON COLUMN poa.suppression_log.alert IS
	'the whole row as it came, by to_jsonb.'
	' Generated columns are null, they are computed when a row is stored';
COMMENT ON COLUMN poa.suppression_log.alert_code IS 'code of the alert: AD1';
COMMENT ON COLUMN poa.suppression_log.chf IS 'GUID of the communications hub that sent the alert';
COMMENT ON COLUMN poa.suppression_log.mpxn IS 'MPxN of the alert as it came, NULL where it had none';
COMMENT ON COLUMN poa.suppression_log.distributor_id IS
	'first two digits of a 13-digit MPxN of the alert, or of the meter''s, or NULL.'
	' The meter''s is that of when it was tracked';
COMMENT ON COLUMN poa.suppression_log.decided_at IS
	'UTC instant that was judged: the alert''s in the column that attach was given';
COMMENT ON COLUMN poa.suppression_log.activation_id IS
	'the deciding activation.'
	' Of those whose window holds the alert the one that activates last, then the greatest id';
COMMENT ON COLUMN poa.suppression_log.matched IS 'all activations whose window holds the alert, the deciding one first';
COMMENT ON COLUMN poa.suppression_log.device IS 'GUID of the meter of the deciding activation';
COMMENT ON COLUMN poa.suppression_log.manufacturer IS
	'manufacturer of that meter when its activation was tracked';
COMMENT ON COLUMN poa.suppression_log.request_id IS 'RequestID of the deciding activation, NULL where it had none';
COMMENT ON COLUMN poa.suppression_log.activates_at IS 'UTC instant of the deciding activation';
COMMENT ON COLUMN poa.suppression_log.opens_at IS 'UTC instant at which its window opened';
COMMENT ON COLUMN poa.suppression_log.closes_at IS 'UTC instant at which its window closed';
COMMENT ON COLUMN poa.suppression_log.delay IS
	'interval from the activation to the alert, decided_at - activates_at.'
	' Negative before it';
COMMENT ON COLUMN poa.suppression_log.alert_key IS
	'what identifies the alert.'
	' The value, as text, of the column that attach was given as key, else NULL';
COMMENT ON COLUMN poa.suppression_log.outage_started_at IS
	'UTC instant at which the outage began.'
	' The value of the column that attach was given as started, else NULL';
COMMENT ON COLUMN poa.suppression_log.hold_id IS
	'number of the hold that had the alert stored, NULL where there was none';
COMMENT ON COLUMN poa.suppression_log.originator IS
	'GUID of the service user of the deciding activation, NULL where it is not known';

SELECT pg_catalog.pg_extension_config_dump('poa.suppression_log', '');
SELECT pg_catalog.pg_extension_config_dump('poa.suppression_log_log_id_seq', '');
COMMENT ON SEQUENCE poa.suppression_log_log_id_seq IS 'numbers of poa.suppression_log; dumped, so that they go on after a restore';

CREATE FUNCTION poa_internal.refuse_change() RETURNS trigger
	AS 'MODULE_PATHNAME', 'poa_refuse_change' LANGUAGE C;
COMMENT ON FUNCTION poa_internal.refuse_change() IS
	'trigger: keeps a log append-only.'
	' Raises 55000 for every UPDATE, DELETE and TRUNCATE but the DELETE of poa.purge_log';
REVOKE ALL ON FUNCTION poa_internal.refuse_change() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON poa.suppression_log
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.refuse_change();
ALTER TABLE poa.suppression_log ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON poa.suppression_log IS 'what was suppressed stays';
SELECT poa_internal.permit('TABLE poa.suppression_log', '{dno}', 'SELECT');
