/*
 * Windows follow a meter to another hub, and where it was is kept.
 *
 * These are statement triggers, because a row trigger for INSERT on a table
 * that is dumped would run for every row of a restore.  A restore moves
 * nothing: a row that comes into an empty table has not left a hub.
 */

CREATE TABLE poa.device_move (
	device @extschema@.guid,
	chf @extschema@.guid NOT NULL,
	until timestamptz,
	node integer DEFAULT coalesce(poa_internal.this_node(), 0),
	PRIMARY KEY (device, until, node)
);
CREATE INDEX device_move_chf_until_idx ON poa.device_move (chf, until);
COMMENT ON TABLE poa.device_move IS
	'where devices were before they came to the hub that poa.device names.'
	' Written by triggers on poa.device, also where a row is deleted and inserted again';
COMMENT ON COLUMN poa.device_move.device IS 'GUID of the device';
COMMENT ON COLUMN poa.device_move.chf IS 'GUID of the hub that it was on';
COMMENT ON COLUMN poa.device_move.until IS 'UTC instant of the transaction that took it from there';
COMMENT ON COLUMN poa.device_move.node IS 'number of the node that wrote the row, 0 on a machine that is none';
SELECT pg_catalog.pg_extension_config_dump('poa.device_move', '');

/* joins rows of any number with as many, so not by their product */
CREATE FUNCTION poa_internal.record_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
BEGIN
	/* the nodes send it */
	IF poa_internal.this_node() = 0 THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'DELETE' THEN
		INSERT INTO poa.device_move (device, chf, until)
		SELECT o.device, o.chf, now() FROM left_behind AS o WHERE o.chf IS NOT NULL
		ON CONFLICT ON CONSTRAINT device_move_pkey DO NOTHING;
	ELSE
		INSERT INTO poa.device_move (device, chf, until)
		SELECT o.device, o.chf, now() FROM left_behind AS o
		WHERE o.chf IS NOT NULL AND NOT EXISTS (
			SELECT FROM arrived AS n
			WHERE n.device OPERATOR(@extschema@.=) o.device AND n.chf OPERATOR(@extschema@.=) o.chf)
		ON CONFLICT ON CONSTRAINT device_move_pkey DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.record_move() IS
	'trigger: records in poa.device_move which hub a device has left.'
	' Of several in one transaction the first counts';
REVOKE ALL ON FUNCTION poa_internal.record_move() FROM PUBLIC;

CREATE FUNCTION poa_internal.follows(status text, closes_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE	/* not STRICT, to be inlined */
RETURN poa_internal.suppresses($1) AND $2 >= pg_catalog.now();
COMMENT ON FUNCTION poa_internal.follows(text, timestamptz) IS
	'whether a window follows its meter to another hub.'
	' It does while it suppresses and has not closed';
REVOKE ALL ON FUNCTION poa_internal.follows(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.follow_hub() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	/* the nodes send windows that have moved */
	IF poa_internal.this_node() = 0 THEN
		RETURN NULL;
	END IF;
	/*
	 * A transaction that settles a device has locked its row in poa.device, if it
	 * saw one, and updated its turn.  A row that is inserted was not seen, and an
	 * older snapshot may not show what was received since.
	 */
	IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
		INSERT INTO poa_internal.turn AS t SELECT n.device, 1 FROM arrived AS n
		ON CONFLICT ON CONSTRAINT turn_pkey DO UPDATE SET turns = t.turns + 1;
	ELSIF TG_OP = 'INSERT' THEN
		UPDATE poa_internal.turn AS t SET turns = t.turns + 1 FROM arrived AS n
		WHERE t.device OPERATOR(@extschema@.=) n.device;
	END IF;
	UPDATE poa.activation AS a SET chf = n.chf FROM arrived AS n
	WHERE a.device OPERATOR(@extschema@.=) n.device AND a.chf OPERATOR(@extschema@.<>) n.chf
		AND poa_internal.follows(a.status, a.closes_at);
	IF TG_OP = 'INSERT' THEN
		/* deleted and inserted again by one transaction, it has not left its hub */
		DELETE FROM poa.device_move AS v USING arrived AS n
		WHERE v.device OPERATOR(@extschema@.=) n.device AND v.chf OPERATOR(@extschema@.=) n.chf AND v.until = now();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.follow_hub() IS
	'trigger: open windows follow their meter to another hub.'
	' That is the one that poa.device names now. They stay where they are where it names none. Raises 40001 where another'
	' transaction has tracked or settled the meter and this one cannot see it';
REVOKE ALL ON FUNCTION poa_internal.follow_hub() FROM PUBLIC;

CREATE TRIGGER follow_hub_on_insert AFTER INSERT ON poa.device
	REFERENCING NEW TABLE AS arrived
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.follow_hub();
CREATE TRIGGER follow_hub_on_update AFTER UPDATE ON poa.device
	REFERENCING NEW TABLE AS arrived
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.follow_hub();
COMMENT ON TRIGGER follow_hub_on_insert ON poa.device IS 'windows follow a meter that is deleted and inserted again';
COMMENT ON TRIGGER follow_hub_on_update ON poa.device IS 'windows follow a meter that is updated';

CREATE TRIGGER record_move_on_update AFTER UPDATE ON poa.device
	REFERENCING OLD TABLE AS left_behind NEW TABLE AS arrived
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.record_move();
CREATE TRIGGER record_move_on_delete AFTER DELETE ON poa.device
	REFERENCING OLD TABLE AS left_behind
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.record_move();
COMMENT ON TRIGGER record_move_on_update ON poa.device IS 'where a device was before it was updated';
COMMENT ON TRIGGER record_move_on_delete ON poa.device IS 'where a device was before it was deleted';
