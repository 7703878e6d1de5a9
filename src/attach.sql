/*
 * Attachment: which tables of alerts are judged, and by what columns.
 */

CREATE FUNCTION poa.attach(
	alerts regclass,
	code name DEFAULT 'alert_code',
	chf name DEFAULT 'chf',
	at name DEFAULT 'received_at',
	mpxn name DEFAULT 'mpxn',
	device name DEFAULT NULL,
	mode text DEFAULT 'divert',
	key name DEFAULT NULL,
	started name DEFAULT NULL
) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_attach' LANGUAGE C
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION poa.attach(regclass, name, name, name, name, name, text, name, name) IS
	'attaches a table of alerts, partitioned or not, by the trigger "~poa_suppress".'
	' code and mpxn name columns of type text, varchar or char(n); chf and device of guid, or of text, varchar or'
	' char(n) as try_guid reads them; at (the instant that is judged: receipt at the DSP by the rule, or the outage'
	' start) and started (when the outage began) of timestamptz; key, which identifies an alert, of any type with an'
	' equality. mpxn, device, key and started may be NULL; mode is divert, or shadow to log only. What does not fit'
	' is one error: all such columns, and the statements that mend them. Raises 42703, 42804, 0A000, 42809, 42710,'
	' 42501, 42P01, 22004 or 22023 for what cannot be attached; warns of a BEFORE ROW trigger that sorts later, and'
	' of a generated alert_count (MP102B)';

CREATE FUNCTION poa.detach(alerts regclass) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_detach' LANGUAGE C
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION poa.detach(regclass) IS
	'takes the trigger of poa.attach from a table, whose alerts are then all stored.'
	' Raises 42704 where it is not attached, 55000 for a partition whose root is attached, 42P01 for an unknown'
	' table, 22004 for NULL';

REVOKE ALL ON FUNCTION poa.attach(regclass, name, name, name, name, name, text, name, name) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.detach(regclass) FROM PUBLIC;

CREATE FUNCTION poa_internal.trigger_arguments(tgargs bytea) RETURNS text[]
	AS 'MODULE_PATHNAME', 'poa_trigger_arguments' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.trigger_arguments(bytea) IS 'the arguments of a trigger, of pg_trigger.tgargs';
SELECT poa_internal.permit('FUNCTION poa_internal.trigger_arguments(bytea)', '{operator,auditor}');

/* attach.h has the order of the arguments */
CREATE VIEW poa_internal.attachment
	(relation, trigger_name, is_partition, enabled, code, chf, at, mpxn, device, key, started, mode,
	 source, named_schema, named_table)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT c.oid, t.tgname, t.tgparentid OPERATOR(pg_catalog.<>) 0::oid, t.tgenabled,
		a.arguments[1]::name, a.arguments[2]::name, a.arguments[3]::name, nullif(a.arguments[4], '')::name,
		nullif(a.arguments[5], '')::name, nullif(a.arguments[6], '')::name, nullif(a.arguments[7], '')::name, a.arguments[8],
		coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid), a.arguments[9]::name, a.arguments[10]::name
	FROM pg_catalog.pg_trigger AS t
	JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
		AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r'::"char", 'p'::"char"])
	CROSS JOIN LATERAL (SELECT poa_internal.trigger_arguments(t.tgargs) AS arguments) AS a
	WHERE t.tgfoid OPERATOR(pg_catalog.=) 'poa.divert()'::pg_catalog.regprocedure::oid
		AND t.tgnargs OPERATOR(pg_catalog.=) 11;
COMMENT ON VIEW poa_internal.attachment IS
	'the tables that have the trigger of poa.attach, partitions too.'
	' Whatever the trigger''s name, with its arguments';
COMMENT ON COLUMN poa_internal.attachment.relation IS 'OID of the table';
COMMENT ON COLUMN poa_internal.attachment.trigger_name IS 'name of the trigger, "~poa_suppress" unless it was renamed';
COMMENT ON COLUMN poa_internal.attachment.is_partition IS 'true where the trigger is that of the table whose partition this is';
COMMENT ON COLUMN poa_internal.attachment.enabled IS 'pg_trigger.tgenabled';
COMMENT ON COLUMN poa_internal.attachment.code IS 'column of the code';
COMMENT ON COLUMN poa_internal.attachment.chf IS 'column of the hub';
COMMENT ON COLUMN poa_internal.attachment.at IS 'column of the instant that is judged';
COMMENT ON COLUMN poa_internal.attachment.mpxn IS 'column of the MPxN, NULL where there is none';
COMMENT ON COLUMN poa_internal.attachment.device IS 'column of the meter, NULL where there is none';
COMMENT ON COLUMN poa_internal.attachment.key IS 'column that identifies an alert, NULL where there is none';
COMMENT ON COLUMN poa_internal.attachment.started IS 'column of the start of the outage, NULL where there is none';
COMMENT ON COLUMN poa_internal.attachment.mode IS 'divert or shadow';
COMMENT ON COLUMN poa_internal.attachment.source IS 'OID of the table that the log names: for a partition its root';
COMMENT ON COLUMN poa_internal.attachment.named_schema IS 'schema of that table when it was attached';
COMMENT ON COLUMN poa_internal.attachment.named_table IS 'name of that table when it was attached';

CREATE VIEW poa.attached (relation, mode, code, chf, at, mpxn, device, key, started, enabled)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT a.relation::regclass, a.mode, a.code, a.chf, a.at, a.mpxn, a.device, a.key, a.started, a.enabled
	FROM poa_internal.attachment AS a
	WHERE NOT a.is_partition;
COMMENT ON VIEW poa.attached IS 'the tables that are attached, and by what columns';
COMMENT ON COLUMN poa.attached.relation IS 'the table; a partitioned one stands for its partitions';
COMMENT ON COLUMN poa.attached.mode IS 'divert, or shadow where alerts are only logged';
COMMENT ON COLUMN poa.attached.code IS 'column of the code';
COMMENT ON COLUMN poa.attached.chf IS 'column of the communications hub';
COMMENT ON COLUMN poa.attached.at IS 'column of the instant that is judged';
COMMENT ON COLUMN poa.attached.mpxn IS 'column of the MPxN, NULL where there is none';
COMMENT ON COLUMN poa.attached.device IS 'column of the meter, NULL where there is none';
COMMENT ON COLUMN poa.attached.key IS 'column that identifies an alert, NULL where there is none';
COMMENT ON COLUMN poa.attached.started IS 'column of the start of the outage, NULL where there is none';
COMMENT ON COLUMN poa.attached.enabled IS
	'where the trigger fires, as in pg_trigger.'
	' O: for what is written here; A: also for what replication brings; R: for that only; D: disabled';

CREATE FUNCTION poa_internal.attached_table(source_schema text, source_table text) RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.source
	FROM poa_internal.attachment AS a
	JOIN pg_class AS c ON c.oid = a.source
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	CROSS JOIN LATERAL (SELECT c.relname = $2 AND n.nspname = $1 AS now) AS named
	WHERE NOT a.is_partition AND (named.now OR a.named_table = $2 AND a.named_schema = $1)
	ORDER BY named.now DESC, a.relation DESC
	LIMIT 1
$$;
COMMENT ON FUNCTION poa_internal.attached_table(text, text) IS
	'OID of the attached table to which a log row with these source names belongs.'
	' It is the table attached now under that name, else the one that had that name when it was attached, the newest'
	' of several; for a partition that is attached by itself its root. NULL where there is none';
REVOKE ALL ON FUNCTION poa_internal.attached_table(text, text) FROM PUBLIC;

CREATE FUNCTION poa_internal.column_faults(relation oid) RETURNS TABLE (role text, fault text, mend text, stops_inserts boolean)
	AS 'MODULE_PATHNAME', 'poa_column_faults' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION poa_internal.column_faults(oid) IS
	'the columns of an attached table that do not fit any more.'
	' Each with the statement that mends it, NULL where there is none. role is the argument of poa.attach that names the'
	' column, fault says what is wrong.'
	' Where stops_inserts is true, inserts into the table fail until it is mended, or detached and attached with other columns;'
	' where it is false, the type is another one than when the table was attached. No row for a table that is not attached';
REVOKE ALL ON FUNCTION poa_internal.column_faults(oid) FROM PUBLIC;
