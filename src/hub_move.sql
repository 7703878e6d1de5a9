/*
 * Windows follow a meter to another hub.
 */

/*
 * A meter that comes to another hub takes its windows with it.  A statement
 * trigger, because a row trigger for INSERT on a table that is dumped would
 * run for every row of a restore.  Trackers hold the meter's row in
 * poa.device, so none can slip a window of the old hub past this.
 */
CREATE FUNCTION poa_internal.follow_hub() RETURNS trigger
	AS 'MODULE_PATHNAME', 'poa_follow_hub' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa_internal.follow_hub() IS
	'trigger: windows that have not closed follow their meter to the hub that poa.device names, and stay where they are where it names none';
REVOKE ALL ON FUNCTION poa_internal.follow_hub() FROM PUBLIC;

CREATE TRIGGER follow_hub_on_insert AFTER INSERT ON poa.device
	REFERENCING NEW TABLE AS moved
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.follow_hub();
CREATE TRIGGER follow_hub_on_update AFTER UPDATE ON poa.device
	REFERENCING NEW TABLE AS moved
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.follow_hub();
COMMENT ON TRIGGER follow_hub_on_insert ON poa.device IS 'windows follow a meter that is deleted and inserted again';
COMMENT ON TRIGGER follow_hub_on_update ON poa.device IS 'windows follow a meter that is updated';
