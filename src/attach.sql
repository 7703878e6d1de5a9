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
	mode text DEFAULT 'divert'
) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	text_types regtype[] := ARRAY['pg_catalog.text', 'pg_catalog.varchar'];
	guid_types regtype[] := ARRAY['@extschema@.guid'];
	time_types regtype[] := ARRAY['pg_catalog.timestamptz'];
	kind "char";
	owner oid;
	col record;
	later record;
BEGIN
	IF alerts IS NULL OR code IS NULL OR chf IS NULL OR at IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = 'alerts, code, chf and at must not be NULL',
			HINT = 'Only mpxn and device may be NULL, where the table has no such column.';
	END IF;
	IF mode IS NULL OR mode NOT IN ('divert', 'shadow') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('invalid mode: %s', coalesce(quote_literal(mode), 'NULL')),
			HINT = 'A mode is divert or shadow.';
	END IF;

	SELECT c.relkind, c.relowner INTO kind, owner FROM pg_class AS c WHERE c.oid = alerts;
	IF NOT FOUND THEN
		RAISE undefined_table USING MESSAGE = format('table with OID %s does not exist', alerts::oid);
	ELSIF kind NOT IN ('r', 'p') THEN
		RAISE wrong_object_type USING
			MESSAGE = format('%s is not a table', alerts),
			DETAIL = 'Alerts are attached where they are stored: in a table, partitioned or not.',
			HINT = 'Attach the table behind the view, or on the server that the foreign table stands for.';
	END IF;
	IF EXISTS (
		SELECT FROM pg_depend AS d
		WHERE d.classid = 'pg_class'::regclass AND d.objid = alerts AND d.deptype = 'e')
	THEN
		RAISE wrong_object_type USING
			MESSAGE = format('table %s belongs to an extension', alerts),
			HINT = 'Attach a table of your own.';
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', alerts);
	END IF;
	IF EXISTS (
		SELECT FROM pg_trigger AS t
		WHERE t.tgname = '~poa_suppress'
			AND (t.tgrelid = alerts
				OR t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(alerts) AS p)))
	THEN
		RAISE duplicate_object USING
			MESSAGE = format('table %s is attached already', alerts),
			DETAIL = 'It, or one of its partitions, has the trigger "~poa_suppress".',
			HINT = 'Detach it first with poa.detach().';
	END IF;

	FOR col IN
		SELECT v.role, v.name, array_to_string(v.types, ' or ') AS must_be, a.attnum, a.attgenerated,
			format_type(a.atttypid, a.atttypmod) AS type, a.atttypid = ANY (v.types) AS fits
		FROM (VALUES ('code', code, text_types), ('chf', chf, guid_types), ('at', at, time_types),
				('mpxn', mpxn, text_types), ('device', device, guid_types)) AS v (role, name, types)
		LEFT JOIN pg_attribute AS a
			ON a.attrelid = alerts AND a.attname = v.name AND a.attnum > 0 AND NOT a.attisdropped
		WHERE v.name IS NOT NULL
	LOOP
		IF col.attnum IS NULL THEN
			RAISE undefined_column USING
				MESSAGE = format('column "%s" of table %s does not exist', col.name, alerts),
				DETAIL = format('The %s column must be of type %s.', col.role, col.must_be),
				HINT = format('Name the column that holds it: poa.attach(..., %s => ''...'').', col.role);
		ELSIF NOT col.fits THEN
			RAISE datatype_mismatch USING
				MESSAGE = format('column "%s" of table %s has type %s, must be %s',
					col.name, alerts, col.type, col.must_be),
				HINT = format('Change the type of the column, or name another: poa.attach(..., %s => ''...'').', col.role);
		ELSIF col.attgenerated <> '' THEN
			RAISE feature_not_supported USING
				MESSAGE = format('column "%s" of table %s is generated', col.name, alerts),
				DETAIL = 'A generated column has no value yet when the alert is judged.',
				HINT = format('Name an ordinary column: poa.attach(..., %s => ''...'').', col.role);
		END IF;
	END LOOP;

	EXECUTE format(
		'CREATE TRIGGER "~poa_suppress" BEFORE INSERT ON %s FOR EACH ROW'
		' EXECUTE FUNCTION poa.divert(%L, %L, %L, %L, %L, %L)',
		alerts, code, chf, at, coalesce(mpxn, ''), coalesce(device, ''), mode);

	FOR later IN
		SELECT t.tgname, t.tgrelid::regclass FROM pg_trigger AS t
		WHERE t.tgname > '~poa_suppress' AND NOT t.tgisinternal AND t.tgparentid = 0
			AND t.tgtype & 7 = 7	/* ROW, BEFORE, INSERT */
			AND (t.tgrelid = alerts
				OR t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(alerts) AS p))
		ORDER BY t.tgname, t.tgrelid::regclass::text
	LOOP
		RAISE WARNING USING
			MESSAGE = format('trigger "%s" of table %s fires after the alert has been judged', later.tgname, later.tgrelid),
			DETAIL = 'It does not see diverted alerts, and what it changes in others is not judged.',
			HINT = 'Give it a name that sorts before "~poa_suppress".';
	END LOOP;
END
$$;
COMMENT ON FUNCTION poa.attach(regclass, name, name, name, name, name, text) IS
	'puts the trigger "~poa_suppress" on a table of alerts, partitioned or not: code and mpxn name columns of type text or varchar, chf and device of guid, at of timestamptz (the instant that is judged: receipt at the DSP by the rule, or the outage start); mpxn and device may be NULL; mode divert, or shadow to log only. Raises 42703, 42804, 0A000, 42809, 42710, 42501, 22004 or 22023 for what can not be attached; warns of a BEFORE ROW trigger that sorts later (MP102B)';

CREATE FUNCTION poa.detach(alerts regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parent oid;
BEGIN
	IF alerts IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'alerts must not be NULL';
	END IF;
	SELECT t.tgparentid INTO parent FROM pg_trigger AS t
	WHERE t.tgrelid = alerts AND t.tgname = '~poa_suppress';
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('table %s is not attached', alerts),
			HINT = 'Attached tables have the trigger "~poa_suppress".';
	ELSIF parent <> 0 THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('table %s is attached as a partition', alerts),
			HINT = format('Detach the whole table: poa.detach(%L).', pg_partition_root(alerts));
	END IF;
	EXECUTE format('DROP TRIGGER "~poa_suppress" ON %s', alerts);
END
$$;
COMMENT ON FUNCTION poa.detach(regclass) IS
	'takes the trigger "~poa_suppress" from a table, whose alerts are then all stored; raises 42704 where it has none, 55000 for a partition whose root is attached, 22004 for NULL';

REVOKE ALL ON FUNCTION poa.attach(regclass, name, name, name, name, name, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poa.detach(regclass) FROM PUBLIC;
