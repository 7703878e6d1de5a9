/*
 * A meter moves to a hub of another node: what was received for it goes along.
 *
 *	poa.export_windows(device)		at the node that it leaves
 *	poa.import_windows(windows)		at the node that it comes to
 *
 * The state of a device is a function of what was received for it (settle.sql),
 * so that an import may come before or after commands that the other node
 * receives, and again.
 */

CREATE FUNCTION poa.export_windows(device @extschema@.guid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET bytea_output = hex
AS $$
BEGIN
	IF $1 IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = 'device must not be NULL',
			HINT = 'Say which meter moves to another node.';
	END IF;
	PERFORM poa_internal.refuse_at_warehouse('poa.export_windows()');
	PERFORM poa_internal.take_turn($1);
	RETURN jsonb_build_object('device', $1,
		'activations', (
			SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.activation_id), '[]')
			FROM poa.activation AS a WHERE a.device OPERATOR(@extschema@.=) $1),
		'messages', (
			SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.message_id), '[]')
			FROM poa_internal.message AS m
			WHERE m.device OPERATOR(@extschema@.=) $1 OR m.request_id IN (
				SELECT a.request_id FROM poa.activation AS a WHERE a.device OPERATOR(@extschema@.=) $1)),
		'commands', (
			SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.received_at, c.request_id, c.command_variant, c.node), '[]')
			FROM poa.command AS c WHERE c.device OPERATOR(@extschema@.=) $1));
END
$$;
COMMENT ON FUNCTION poa.export_windows(@extschema@.guid) IS
	'what was received for a meter, for poa.import_windows at another node.'
	' Its activations with their numbers, its commands, and outcomes, refusals and cancellations; empty lists for an unknown device.'
	' Windows stay here as they are. Waits for other transactions that track or move the meter. May be called again, as after'
	' commands that came here meanwhile. Raises 22004 for NULL, 55000 at the warehouse, 25006 in a read-only transaction or on a'
	' standby, 40001 as poa.track_activation does';
SELECT poa_internal.permit('FUNCTION poa.export_windows(@extschema@.guid)', '{operator}');

/* a row with a number that is yet to come would stop whoever draws it */
CREATE FUNCTION poa_internal.is_given_out(number bigint, sequence regclass) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT $1 > 0 AND (poa_internal.node_of_number($1) <> coalesce(poa_internal.this_node(), 0) OR $1 < poa_internal.next_number($2))
$$;
COMMENT ON FUNCTION poa_internal.is_given_out(bigint, regclass) IS
	'whether a number is another node''s, or this one has given it out; NULL for NULL';
REVOKE ALL ON FUNCTION poa_internal.is_given_out(bigint, regclass) FROM PUBLIC;

/*
 * A row of poa.device that another transaction is inserting is seen by nobody
 * yet, and its trigger (hub_move.sql) would not see the windows that are being
 * imported: hence the lock.
 */
CREATE FUNCTION poa.import_windows(windows jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	moved CONSTANT @extschema@.guid := windows ->> 'device';
	imported bigint[] := '{}';
	key text;
	a poa.activation;
	known poa.activation;
	m poa_internal.message;
BEGIN
	IF windows IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = 'windows must not be NULL',
			HINT = 'Give what poa.export_windows() has returned at the other node.';
	END IF;
	FOREACH key IN ARRAY '{activations, messages, commands}'::text[] LOOP
		IF moved IS NULL OR jsonb_typeof(windows -> key) IS DISTINCT FROM 'array' THEN
			RAISE invalid_parameter_value USING
				MESSAGE = 'windows is not what poa.export_windows() returns',
				DETAIL = format('It lacks %s.', CASE WHEN moved IS NULL THEN 'a device' ELSE format('an array "%s"', key) END);
		END IF;
	END LOOP;
	PERFORM poa_internal.refuse_at_warehouse('poa.import_windows()');
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE active_sql_transaction USING
			MESSAGE = 'windows are imported in READ COMMITTED only',
			DETAIL = 'An older snapshot might not show to which hub the meter has come.';
	END IF;
	LOCK TABLE poa.device IN SHARE MODE;
	PERFORM poa_internal.take_turn(moved);

	FOR a IN SELECT * FROM jsonb_populate_recordset(NULL::poa.activation, windows -> 'activations') LOOP
		IF (a.device OPERATOR(@extschema@.=) moved AND isfinite(a.received_at) AND isfinite(a.tracked_at)
			AND isfinite(a.opens_at) AND isfinite(a.closes_at) AND a.activates_at BETWEEN a.opens_at AND a.closes_at) IS NOT TRUE
		THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('activation %s cannot be imported', coalesce(a.activation_id::text, 'NULL')),
				DETAIL = format('It is no activation of device %s with a window around its time.', moved);
		END IF;
		SELECT k.* INTO known FROM poa.activation AS k
		WHERE k.activation_id = a.activation_id OR k.request_id = a.request_id
		ORDER BY k.activation_id <> a.activation_id LIMIT 1;
		IF FOUND AND (known.device OPERATOR(@extschema@.<>) moved OR known.request_id IS DISTINCT FROM a.request_id) THEN
			RAISE unique_violation USING
				MESSAGE = format('activation %s cannot be imported', a.activation_id),
				DETAIL = format('Activation %s of device %s%s is here already.', known.activation_id, known.device, ', request ' || known.request_id),
				HINT = 'Numbers of different nodes differ once each has called poa.set_node().';
		ELSIF FOUND THEN
			/* tracked here, too, before it was imported: that number stays */
			CONTINUE;
		ELSIF poa_internal.is_given_out(a.activation_id, 'poa.activation_activation_id_seq') IS NOT TRUE THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('activation %s cannot be imported', coalesce(a.activation_id::text, 'NULL')),
				DETAIL = 'No node has given out that number.',
				HINT = 'Numbers of different nodes differ once each has called poa.set_node().';
		END IF;
		INSERT INTO poa.activation OVERRIDING SYSTEM VALUE VALUES (a.*);
		imported := imported || a.activation_id;
	END LOOP;

	FOR m IN SELECT * FROM jsonb_populate_recordset(NULL::poa_internal.message, windows -> 'messages') LOOP
		IF ((m.device OPERATOR(@extschema@.=) moved OR EXISTS (
				SELECT FROM poa.activation AS k WHERE k.request_id = m.request_id AND k.device OPERATOR(@extschema@.=) moved))
			AND isfinite(m.received_at) AND poa_internal.is_given_out(m.message_id, 'poa_internal.message_message_id_seq')) IS NOT TRUE
		THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('message %s cannot be imported', coalesce(m.message_id::text, 'NULL')),
				DETAIL = format('It is not about device %s, has no time, or no node has given out its number.', moved);
		END IF;
		PERFORM poa_internal.note_message(m.kind, coalesce(m.device, moved), m.request_id, m.received_at, m.activates_at, m.detail,
			m.message_id, m.arrived_at);
	END LOOP;
	INSERT INTO poa.command AS c
	SELECT n.* FROM jsonb_populate_recordset(NULL::poa.command, windows -> 'commands') AS n
	WHERE n.device OPERATOR(@extschema@.=) moved
	ON CONFLICT ON CONSTRAINT command_pkey DO NOTHING;

	/* known here from now on, wherever the meter is now */
	INSERT INTO poa.activation_change (activation_id, status, chf, activates_at, opens_at, closes_at, received_at, ended_at, ended_by)
	SELECT n.activation_id, n.status, n.chf, n.activates_at, n.opens_at, n.closes_at, n.received_at, n.ended_at, n.ended_by
	FROM poa.activation AS n WHERE n.activation_id = ANY (imported);
	/* an update also of what stays: of rows that are numbered elsewhere, publications send no other */
	UPDATE poa.activation AS n
	SET chf = CASE WHEN poa_internal.follows(n.status, n.closes_at)
		THEN coalesce((SELECT d.chf FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) moved), n.chf)
		ELSE n.chf END
	WHERE n.activation_id = ANY (imported);
	PERFORM poa_internal.settle(moved);
	RETURN cardinality(imported);
END
$$;
COMMENT ON FUNCTION poa.import_windows(jsonb) IS
	'brings what poa.export_windows has of a meter to this node.'
	' Returns how many activations were new: what is here already is left out, so that it may be called again. Their numbers stay, and'
	' their windows stand on the hub that poa.device names, else on the one that the meter has left until it does; their states follow'
	' from all that was received at either node. Writers of poa.device wait meanwhile. Raises 22004 for NULL, 22023 for anything that'
	' is no export of the meter, or with a number that this server has yet to give out, 22P02, 22007, 23502 or 23514 for a value that'
	' no column takes, 23505 where an activation of another meter has the number'
	' or the request_id, 55000 at the warehouse, 25001 in another isolation level than READ COMMITTED, 25006 on a standby';
SELECT poa_internal.permit('FUNCTION poa.import_windows(jsonb)', '{operator}');
