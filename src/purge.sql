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
	'purges that removed rows from poa.suppression_log.'
	' Written by poa.purge_log only';
COMMENT ON COLUMN poa.log_purge.purge_id IS 'number of the purge';
COMMENT ON COLUMN poa.log_purge.purged_at IS 'UTC instant of the purge';
COMMENT ON COLUMN poa.log_purge.purged_by IS 'name of the role that purged the log';
COMMENT ON COLUMN poa.log_purge.before IS 'UTC instant before which what was logged is removed, may be infinite';
COMMENT ON COLUMN poa.log_purge.log_rows IS 'number of log rows that were removed';
SELECT pg_catalog.pg_extension_config_dump('poa.log_purge', '');
SELECT pg_catalog.pg_extension_config_dump('poa.log_purge_purge_id_seq', '');
COMMENT ON SEQUENCE poa.log_purge_purge_id_seq IS 'numbers of poa.log_purge; dumped, so that they go on after a restore';

CREATE FUNCTION poa.purge_log(before timestamptz) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_purge_log' LANGUAGE C
	SET row_security = off;	/* an error for a role that cannot read the whole log, such as an owner that is no superuser */
COMMENT ON FUNCTION poa.purge_log(timestamptz) IS
	'removes what was logged before a UTC instant, with its releases.'
	' Returns the number of log rows, and records in poa.log_purge that it removed any. Raises 22004 for NULL,'
	' 42501 for a role that row-level security applies to';
REVOKE ALL ON FUNCTION poa.purge_log(timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.keep_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM poa.activation) THEN
		RETURN NULL;
	ELSIF TG_OP = 'DELETE' THEN
		IF NOT EXISTS (SELECT FROM removed AS r JOIN poa.activation AS a USING (activation_id)) THEN
			RETURN NULL;
		END IF;
	END IF;
	RAISE object_not_in_prerequisite_state USING
		MESSAGE = format('table "%s" is append-only', TG_TABLE_NAME),
		DETAIL = 'What was known of an activation stays on record as long as the activation does.',
		HINT = 'Remove what is old with poa.purge_activations().';
END
$$;
COMMENT ON FUNCTION poa_internal.keep_changes() IS
	'trigger: keeps poa.activation_change append-only; raises 55000.'
	' Changes of activations that are no more may go';
REVOKE ALL ON FUNCTION poa_internal.keep_changes() FROM PUBLIC;
CREATE TRIGGER append_only AFTER UPDATE OR TRUNCATE ON poa.activation_change
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.keep_changes();
CREATE TRIGGER append_only_on_delete AFTER DELETE ON poa.activation_change
	REFERENCING OLD TABLE AS removed
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.keep_changes();
ALTER TABLE poa.activation_change ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE poa.activation_change ENABLE ALWAYS TRIGGER append_only_on_delete;
COMMENT ON TRIGGER append_only ON poa.activation_change IS 'what was known when stays';
COMMENT ON TRIGGER append_only_on_delete ON poa.activation_change IS 'changes go with their activation only';

CREATE FUNCTION poa.purge_activations(before timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET row_security = off	/* as for purge_log: log rows that are not seen name activations, too */
AS $$
DECLARE
	purged poa.activation[];
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.purge_activations()');
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
	WITH gone AS (
		DELETE FROM poa.activation AS a
		WHERE a.closes_at < before AND a.closes_at < now()
			AND NOT EXISTS (
				SELECT
				FROM (SELECT unnest(l.matched) AS activation_id FROM poa.suppression_log AS l) AS logged
				WHERE logged.activation_id = a.activation_id)
		RETURNING a
	)
	SELECT array_agg(g.a) INTO purged FROM gone AS g;
	DELETE FROM poa.activation_change AS c USING unnest(purged) AS p WHERE c.activation_id = p.activation_id;

	/* one that superseded another that stays is still what superseded it */
	INSERT INTO poa_internal.message (kind, device, request_id, received_at, detail, arrived_at)
	SELECT 'purged', p.device, p.request_id, p.received_at, 'activation ' || p.activation_id, p.tracked_at FROM unnest(purged) AS p
	ON CONFLICT ON CONSTRAINT message_of_request DO NOTHING;
	DELETE FROM poa_internal.message AS m
	WHERE (m.kind = 'purged' OR m.received_at < before)
		AND NOT EXISTS (SELECT FROM poa.activation AS a WHERE a.request_id = m.request_id)
		AND NOT EXISTS (
			SELECT FROM poa_internal.message AS t JOIN poa.activation AS a ON a.device OPERATOR(@extschema@.=) t.device
			WHERE (t.message_id = m.message_id OR t.request_id = m.request_id) AND t.kind IN ('cancellation', 'purged')
				AND t.received_at >= a.received_at AND t.received_at < a.activates_at);
	DELETE FROM poa.command AS c
	WHERE c.received_at < before
		AND NOT EXISTS (SELECT FROM poa.activation AS a WHERE a.activation_id = c.activation_id);
	/* the newest of each guid stays: what has spoken does not fall silent by a purge */
	DELETE FROM poa.sign_of_life AS s
	WHERE s.seen_at < before
		AND EXISTS (
			SELECT FROM poa.sign_of_life AS n
			WHERE n.guid OPERATOR(@extschema@.=) s.guid AND n.seen_at > s.seen_at);
	DELETE FROM poa.asked AS q WHERE q.at < before;
	DELETE FROM poa.no_answer AS q WHERE q.at < before;
	RETURN coalesce(cardinality(purged), 0);
END
$$;
COMMENT ON FUNCTION poa.purge_activations(timestamptz) IS
	'removes activations whose window closed before a UTC instant.'
	' Those that a log row refers to stay; returns the number of the others. A window that is open, or to come, stays, whatever'
	' the instant. Also removes the changes of these activations; what was received before for others that are not there'
	' (poa.command, and early outcomes, refusals and cancellations); poa.asked and poa.no_answer from before; signs of life seen'
	' before, but for the newest of each guid. A request that is delivered again after that is tracked anew. Alerts that would be'
	' diverted wait meanwhile, others do not. Raises 22004 for NULL, 25001 in another isolation level than READ COMMITTED, 42501'
	' for a role that row-level security applies to';
REVOKE ALL ON FUNCTION poa.purge_activations(timestamptz) FROM PUBLIC;
