/*
 * A diverted alert goes back into its table.
 */

CREATE FUNCTION poa.release(log_id bigint, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_release' LANGUAGE C;
COMMENT ON FUNCTION poa.release(bigint, text) IS
	'puts a diverted alert back into its table, unjudged and as the caller, who needs INSERT there, and records who, when and why in poa.release_log. Raises 42704 for an unknown log_id, 55000 for an alert that was never diverted or was released already, 22004 for NULL, 22023 for a blank reason, 42P01 where its table is gone, 09000 where another trigger keeps it out';
REVOKE ALL ON FUNCTION poa.release(bigint, text) FROM PUBLIC;
