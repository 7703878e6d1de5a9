/*
 * The GUID list comes as files; every import is on record and can be undone.
 *
 * bin/poa-load-list is the client.  In one transaction it calls begin_import(),
 * copies the GUIDs into the table which that has made, and calls
 * finish_import().  Only differences touch poa.guid_list, and its readers never
 * wait: they see the old list until the new one is committed.
 */

CREATE TABLE poa.guid_list_import (
	import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	imported_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	imported_by text NOT NULL,
	source text NOT NULL,
	sha256 text NOT NULL,
	mode text NOT NULL,
	rows_read bigint NOT NULL,
	distinct_guids bigint NOT NULL,
	duplicates bigint NOT NULL,
	rejected bigint NOT NULL,
	added bigint NOT NULL,
	removed bigint NOT NULL,
	unchanged bigint NOT NULL,
	undone_at timestamptz,
	undone_by text
);
COMMENT ON TABLE poa.guid_list_import IS
	'every import into poa.guid_list that was applied.'
	' Written by finish_import and undo_import only';
COMMENT ON COLUMN poa.guid_list_import.import_id IS
	'number of the import, in the order of application.'
	' Numbers may be missing where one was rolled back';
COMMENT ON COLUMN poa.guid_list_import.imported_at IS 'UTC instant at which the transaction of the import began';
COMMENT ON COLUMN poa.guid_list_import.imported_by IS 'name of the role that ran the import';
COMMENT ON COLUMN poa.guid_list_import.source IS 'names of the files as they were given, joined by a comma and a space';
COMMENT ON COLUMN poa.guid_list_import.sha256 IS 'SHA-256 of each of the files, in hex and joined likewise';
COMMENT ON COLUMN poa.guid_list_import.mode IS
	'what the import did: replace, add or remove.'
	' replace: the list became the files; add: the files were added to it; remove: they were taken from it';
COMMENT ON COLUMN poa.guid_list_import.rows_read IS
	'number of cells that are not empty below the headers of the GUID column.'
	' GUIDs, duplicates and rejects';
COMMENT ON COLUMN poa.guid_list_import.distinct_guids IS 'number of different GUIDs among them';
COMMENT ON COLUMN poa.guid_list_import.duplicates IS 'number of GUIDs that had come before';
COMMENT ON COLUMN poa.guid_list_import.rejected IS 'number of cells that are no GUID and were left out';
COMMENT ON COLUMN poa.guid_list_import.added IS 'number of GUIDs that came on the list';
COMMENT ON COLUMN poa.guid_list_import.removed IS 'number of GUIDs that left the list';
COMMENT ON COLUMN poa.guid_list_import.unchanged IS 'number of GUIDs that were on the list and stayed';
COMMENT ON COLUMN poa.guid_list_import.undone_at IS 'UTC instant at which it was taken back, NULL where it stands';
COMMENT ON COLUMN poa.guid_list_import.undone_by IS 'name of the role that took it back, NULL where it stands';

/* arrays, because 8 bytes a GUID are a sixth of what a row each would take */
CREATE TABLE poa_internal.guid_list_change (
	import_id bigint PRIMARY KEY,	/* no foreign key, as in log.sql */
	added @extschema@.guid[] NOT NULL,
	removed @extschema@.guid[] NOT NULL
);
COMMENT ON TABLE poa_internal.guid_list_change IS
	'what each import that stands has changed, for undo_import.'
	' Rows of old imports may be deleted, which then can no longer be undone';
COMMENT ON COLUMN poa_internal.guid_list_change.import_id IS 'the import';
COMMENT ON COLUMN poa_internal.guid_list_change.added IS 'GUIDs that it put on the list, in ascending order';
COMMENT ON COLUMN poa_internal.guid_list_change.removed IS 'GUIDs that it took from the list, in ascending order';

SELECT pg_catalog.pg_extension_config_dump('poa.guid_list_import', '');
SELECT pg_catalog.pg_extension_config_dump('poa.guid_list_import_import_id_seq', '');
COMMENT ON SEQUENCE poa.guid_list_import_import_id_seq IS 'numbers of poa.guid_list_import; dumped, so that they go on after a restore';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.guid_list_change', '');

/*
 * Others that write the list wait, those that read it do not.  Only statements
 * that take their snapshot after the lock see what the one before has left.
 */
CREATE FUNCTION poa_internal.lock_guid_list() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE invalid_transaction_state USING
			MESSAGE = format('the GUID list cannot be changed as a whole in a transaction that is %s',
				current_setting('transaction_isolation')),
			HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED.';
	END IF;
	LOCK TABLE poa.guid_list IN SHARE ROW EXCLUSIVE MODE;
END
$$;
COMMENT ON FUNCTION poa_internal.lock_guid_list() IS
	'keeps all other writers of poa.guid_list out until the transaction ends.'
	' Raises 25000 unless that is READ COMMITTED';

CREATE FUNCTION poa_internal.begin_import() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* the owner's, so that finish_import accepts no other */
	CREATE TEMPORARY TABLE guid_list_stage (guid @extschema@.guid NOT NULL) ON COMMIT DROP;
	GRANT INSERT ON pg_temp.guid_list_stage TO PUBLIC;
END
$$;
COMMENT ON FUNCTION poa_internal.begin_import() IS
	'makes the table pg_temp.guid_list_stage (guid) for an import.'
	' The caller copies the GUIDs into it for finish_import, in the same transaction. Raises 42P07 where it has been made';

CREATE FUNCTION poa_internal.finish_import(
	mode text,
	source text,
	sha256 text,
	rejected bigint DEFAULT 0,
	expected bigint DEFAULT NULL,
	max_removed numeric DEFAULT 10,
	dry_run boolean DEFAULT false,
	OUT rows_read bigint,
	OUT distinct_guids bigint,
	OUT duplicates bigint,
	OUT added bigint,
	OUT removed bigint,
	OUT unchanged bigint,
	OUT import_id bigint,
	OUT refusal text
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	listed bigint;
	coming @extschema@.guid[] = '{}';
	leaving @extschema@.guid[] = '{}';
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa_internal.finish_import()');
	IF (mode IN ('replace', 'add', 'remove')) IS NOT TRUE THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('mode must be replace, add or remove, not %s', coalesce('"' || mode || '"', 'NULL'));
	END IF;
	IF NOT EXISTS (
		SELECT FROM pg_class AS c
		WHERE c.oid = to_regclass('pg_temp.guid_list_stage') AND pg_get_userbyid(c.relowner) = CURRENT_USER)
	THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no import has begun in this transaction',
			HINT = 'Call poa_internal.begin_import(), and COPY the GUIDs to pg_temp.guid_list_stage.';
	END IF;
	PERFORM poa_internal.lock_guid_list();

	SELECT count(*) + finish_import.rejected, count(DISTINCT s.guid), count(*) - count(DISTINCT s.guid)
	INTO rows_read, distinct_guids, duplicates
	FROM pg_temp.guid_list_stage AS s;
	SELECT count(*) INTO listed FROM poa.guid_list;

	/* in order, which makes the index small and the way into it short */
	IF mode <> 'remove' THEN
		coming := ARRAY(
			SELECT s.guid FROM pg_temp.guid_list_stage AS s
			EXCEPT SELECT g.guid FROM poa.guid_list AS g ORDER BY 1);
	END IF;
	IF mode = 'replace' THEN
		leaving := ARRAY(
			SELECT g.guid FROM poa.guid_list AS g
			EXCEPT SELECT s.guid FROM pg_temp.guid_list_stage AS s ORDER BY 1);
	ELSIF mode = 'remove' THEN
		leaving := ARRAY(
			SELECT g.guid FROM poa.guid_list AS g
			INTERSECT SELECT s.guid FROM pg_temp.guid_list_stage AS s ORDER BY 1);
	END IF;
	added := cardinality(coming);
	removed := cardinality(leaving);
	unchanged := listed - removed;

	IF distinct_guids <> expected THEN
		refusal := format('%s distinct GUIDs, not the %s that are expected', distinct_guids, expected);
	ELSIF mode = 'replace' AND removed * 100 > max_removed * listed THEN
		refusal := format('%s of the %s GUIDs on the list would be removed, more than %s %%',
			removed, listed, max_removed);
	END IF;
	IF refusal IS NOT NULL OR dry_run IS NOT FALSE THEN
		RETURN;
	END IF;

	DELETE FROM poa.guid_list AS g USING unnest(leaving) AS l (guid)
	WHERE g.guid OPERATOR(@extschema@.=) l.guid;
	INSERT INTO poa.guid_list SELECT unnest(coming);
	INSERT INTO poa.guid_list_import AS i
		(imported_by, source, sha256, mode, rows_read, distinct_guids, duplicates, rejected, added, removed, unchanged)
	VALUES
		(poa_internal.caller(),
		 source, sha256, mode, rows_read, distinct_guids, duplicates, rejected, added, removed, unchanged)
	RETURNING i.import_id INTO import_id;
	INSERT INTO poa_internal.guid_list_change VALUES (import_id, coming, leaving);
END
$$;
COMMENT ON FUNCTION poa_internal.finish_import(text, text, text, bigint, bigint, numeric, boolean) IS
	'changes poa.guid_list by the GUIDs copied since begin_import.'
	' mode is replace, add or remove. Keeps the import on record and returns its counts. Changes nothing, and returns a NULL'
	' import_id, for a dry_run that is not false, and with the reason in refusal where there are not as many distinct GUIDs as'
	' expected (NULL: any number), or where a replacement would remove more than max_removed percent of the list (NULL: no limit).'
	' Raises 22023 for another or NULL mode, 23502 for any other NULL, 25000 outside READ COMMITTED, 55000 where no import has'
	' begun';

CREATE FUNCTION poa_internal.newest_import() RETURNS poa.guid_list_import
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	/* numbers of one node are in the order of its imports, those of different nodes are not */
	SELECT i.* FROM (
		SELECT DISTINCT ON (poa_internal.node_of_number(i.import_id)) i.* FROM poa.guid_list_import AS i
		WHERE i.undone_at IS NULL
		ORDER BY poa_internal.node_of_number(i.import_id), i.import_id DESC
	) AS i
	ORDER BY i.imported_at DESC LIMIT 1
$$;
COMMENT ON FUNCTION poa_internal.newest_import() IS 'the newest import that stands; NULL where there is none';
REVOKE ALL ON FUNCTION poa_internal.newest_import() FROM PUBLIC;

CREATE FUNCTION poa.undo_import(import_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	import poa.guid_list_import;
	newest bigint;
	came @extschema@.guid[];
	gone @extschema@.guid[];
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.undo_import()', undo_import.import_id);
	PERFORM poa_internal.lock_guid_list();
	SELECT * INTO import FROM poa.guid_list_import AS i WHERE i.import_id = undo_import.import_id;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('import %s does not exist', coalesce(undo_import.import_id::text, 'NULL'));
	END IF;
	IF import.undone_at IS NOT NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('import %s was undone by %s at %s', import.import_id, import.undone_by, import.undone_at);
	END IF;
	newest := (poa_internal.newest_import()).import_id;
	IF newest <> import.import_id THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('import %s is not the newest that stands', import.import_id),
			HINT = format('The newest is %s.', newest);
	END IF;
	DELETE FROM poa_internal.guid_list_change AS c WHERE c.import_id = import.import_id
	RETURNING c.added, c.removed INTO came, gone;
	IF NOT FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('what import %s has changed is no longer on record', import.import_id);
	END IF;

	/* the list may have been changed by hand since */
	DELETE FROM poa.guid_list AS g USING unnest(came) AS c (guid)
	WHERE g.guid OPERATOR(@extschema@.=) c.guid;
	INSERT INTO poa.guid_list SELECT unnest(gone) ON CONFLICT DO NOTHING;
	UPDATE poa.guid_list_import AS i SET
		undone_at = now(),
		undone_by = poa_internal.caller()
	WHERE i.import_id = import.import_id;
END
$$;
COMMENT ON FUNCTION poa.undo_import(bigint) IS
	'takes the newest import that stands back.'
	' What it added leaves the list, what it removed returns. Raises 42704 for an unknown or NULL import, 55000 for one that is'
	' undone or not the newest, or whose changes are no longer on record, 25000 outside READ COMMITTED';

REVOKE ALL ON FUNCTION poa_internal.lock_guid_list() FROM PUBLIC;
SELECT poa_internal.permit('FUNCTION poa_internal.begin_import()', '{operator}');
SELECT poa_internal.permit('FUNCTION poa_internal.finish_import(text, text, text, bigint, bigint, numeric, boolean)', '{operator}');
SELECT poa_internal.permit('FUNCTION poa.undo_import(bigint)', '{operator}');
