/*
 * The law of delivery: the state of a device is a function of what the DSP
 * received for it, not of the order in which that is delivered.
 *
 * What was received is the commands, in poa.activation, and all else, in
 * poa_internal.message: whatever is delivered is noted there, also before the
 * command that it belongs to.  settle() computes the states of a device from
 * the two and writes what differs, with a row in poa.activation_change.
 */

/*
 * Of each kind a request has one message, that received first: what is
 * delivered again changes nothing.
 */
CREATE TABLE poa_internal.message (
	message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL,
	device @extschema@.guid,
	request_id text,
	received_at timestamptz NOT NULL,
	activates_at timestamptz,
	detail text,
	arrived_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	node integer NOT NULL DEFAULT coalesce(poa_internal.this_node(), 0),
	/* a server has messages of its own node only, but for the warehouse */
	CONSTRAINT message_of_request UNIQUE (request_id, kind, node),
	CONSTRAINT kind_is_known
		CHECK (kind OPERATOR(pg_catalog.=) ANY
			(ARRAY['request', 'signed', 'local', 'cancellation', 'refusal', 'outcome', 'purged']))
);
CREATE INDEX message_device_idx ON poa_internal.message USING hash (device);
COMMENT ON TABLE poa_internal.message IS
	'what was received beside the commands in poa.activation.'
	' Kept, also where the command has not come yet, until poa.purge_activations';
COMMENT ON COLUMN poa_internal.message.message_id IS 'number of the message, in the order of arrival';
COMMENT ON COLUMN poa_internal.message.kind IS
	'what kind of message it is.'
	' signed: the pre-command that reaches the meter; local: one that does not go over the air; request: an earlier request for'
	' either; cancellation; refusal; outcome; purged: a command that is in poa.activation no more and superseded one that is';
COMMENT ON COLUMN poa_internal.message.device IS 'GUID of the meter, NULL where neither an activation nor the RequestID has it';
COMMENT ON COLUMN poa_internal.message.request_id IS
	'RequestID that it belongs to, as in poa.activation.'
	' NULL for a cancellation that has none';
COMMENT ON COLUMN poa_internal.message.received_at IS 'UTC instant at which the DSP received it';
COMMENT ON COLUMN poa_internal.message.activates_at IS
	'UTC instant of activation of a request or a signed pre-command, else NULL.'
	' On demand it is that of its receipt; that of a signed form counts';
COMMENT ON COLUMN poa_internal.message.detail IS
	'the outcome, or the reason of a refusal.'
	' For a purged command without a request_id, the number of its activation';
COMMENT ON COLUMN poa_internal.message.arrived_at IS 'UTC instant, by the clock, at which it was delivered';
COMMENT ON COLUMN poa_internal.message.node IS 'number of the node that wrote the row, 0 on a machine that is none';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.message', '');
SELECT pg_catalog.pg_extension_config_dump('poa_internal.message_message_id_seq', '');
COMMENT ON SEQUENCE poa_internal.message_message_id_seq IS 'numbers of poa_internal.message; dumped, so that they go on after a restore';

/*
 * A lock on a row of poa.device keeps out moves of the meter.  It is not
 * enough against a transaction of REPEATABLE READ, which would go on with
 * its snapshot; an updated row stops it with 40001.
 */
CREATE TABLE poa_internal.turn (
	device @extschema@.guid PRIMARY KEY,
	turns bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE poa_internal.turn IS
	'devices of which something was received.'
	' Settling one updates its row, so that transactions take turns';
COMMENT ON COLUMN poa_internal.turn.device IS 'GUID of the device';
COMMENT ON COLUMN poa_internal.turn.turns IS 'number of times that something was received';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.turn', '');

CREATE FUNCTION poa_internal.take_turn(device @extschema@.guid) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	turn bigint;
BEGIN
	/* a row that is deleted and inserted again while its lock is waited for is another one */
	LOOP
		PERFORM FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) $1 FOR NO KEY UPDATE;
		EXIT WHEN FOUND OR NOT EXISTS (SELECT FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) $1);
	END LOOP;
	INSERT INTO poa_internal.turn AS t VALUES ($1, 1)
	ON CONFLICT ON CONSTRAINT turn_pkey DO UPDATE SET turns = t.turns + 1
	RETURNING t.turns INTO turn;
	RETURN turn;
END
$$;
COMMENT ON FUNCTION poa_internal.take_turn(@extschema@.guid) IS
	'waits until no other transaction settles or moves a device.'
	' Keeps others from it to the end of this one. The number of the turn: 1 where nothing was received for the device before.'
	' Raises 40001 where another transaction settled or moved it and this one cannot see that, 25006 in a read-only transaction';
REVOKE ALL ON FUNCTION poa_internal.take_turn(@extschema@.guid) FROM PUBLIC;

CREATE FUNCTION poa_internal.note_message(
	kind text,
	device @extschema@.guid,
	request_id text,
	received_at timestamptz,
	activates_at timestamptz DEFAULT NULL,
	detail text DEFAULT NULL,
	message_id bigint DEFAULT NULL,
	arrived_at timestamptz DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	INSERT INTO poa_internal.message AS m (message_id, kind, device, request_id, received_at, activates_at, detail, arrived_at)
	OVERRIDING SYSTEM VALUE
	SELECT coalesce($7, nextval('poa_internal.message_message_id_seq')), $1, $2, $3, $4, $5, $6, coalesce($8, clock_timestamp())
	WHERE $3 IS NOT NULL OR NOT EXISTS (
		SELECT FROM poa_internal.message AS o
		WHERE o.device OPERATOR(@extschema@.=) $2 AND o.kind = $1 AND o.request_id IS NULL AND o.received_at = $4)
	ON CONFLICT ON CONSTRAINT message_of_request DO UPDATE
	SET received_at = excluded.received_at, activates_at = excluded.activates_at, detail = excluded.detail, arrived_at = excluded.arrived_at
	WHERE excluded.received_at < m.received_at;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION poa_internal.note_message(text, @extschema@.guid, text, timestamptz, timestamptz, text, bigint, timestamptz) IS
	'notes a message in poa_internal.message.'
	' False where the same one was received no later. One that another node has noted keeps its number and its arrival';
REVOKE ALL ON FUNCTION poa_internal.note_message(text, @extschema@.guid, text, timestamptz, timestamptz, text, bigint, timestamptz)
	FROM PUBLIC;

CREATE FUNCTION poa_internal.messages_of(request_id text)
RETURNS TABLE (received_at timestamptz, activates_at timestamptz, signed_at timestamptz, cancels boolean,
	outcome text, outcome_at timestamptz, refusal text, refused_at timestamptz, local_at timestamptz)
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT min(m.received_at) FILTER (WHERE m.kind IN ('request', 'signed', 'cancellation')),
		coalesce(min(m.activates_at) FILTER (WHERE m.kind = 'signed'), min(m.activates_at) FILTER (WHERE m.kind = 'request')),
		min(m.received_at) FILTER (WHERE m.kind = 'signed'),
		bool_and(m.activates_at IS NULL) FILTER (WHERE m.kind = 'signed'),
		min(m.detail) FILTER (WHERE m.kind = 'outcome'), min(m.received_at) FILTER (WHERE m.kind = 'outcome'),
		min(m.detail) FILTER (WHERE m.kind = 'refusal'), min(m.received_at) FILTER (WHERE m.kind = 'refusal'),
		CASE WHEN count(*) FILTER (WHERE m.kind = 'signed') = 0 THEN min(m.received_at) FILTER (WHERE m.kind = 'local') END
	FROM poa_internal.message AS m
	WHERE m.request_id = $1;
END;
COMMENT ON FUNCTION poa_internal.messages_of(text) IS
	'what poa_internal.message has of a request, one row.'
	' received_at and activates_at are those of its forms, but for one that does not go over the air; local_at is that'
	' of one that does not, where there is no other. signed_at is that of its signed form, and cancels whether that is a'
	' cancellation';
REVOKE ALL ON FUNCTION poa_internal.messages_of(text) FROM PUBLIC;

/*
 * The law itself.  From the newest to the oldest, what comes after a command
 * and takes its slot over is the one looked at before it, unless that never
 * reached the meter.
 *
 * A window that begins to suppress, or to do so at another time, stands where
 * its meter is: while it did not, it did not follow.
 */
CREATE FUNCTION poa_internal.settle(device @extschema@.guid) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
<<settled>>
DECLARE
	c record;
	status text;
	ended_at timestamptz;
	ended_by text;
	taken_at timestamptz := 'infinity';
	taken_by text;
	taken_status text;
	cancelled integer := 0;
BEGIN
	FOR c IN
		SELECT s.*, least(s.received_at, m.received_at) AS since, coalesce(m.activates_at, s.activates_at) AS starts,
			m.signed_at, m.cancels, m.outcome, m.outcome_at, m.refusal, m.refused_at, m.local_at
		FROM (
			SELECT a.activation_id, a.request_id, a.status, a.received_at, a.activates_at, a.ended_at, a.ended_by, a.tracked_at AS arrived_at,
				'superseded' AS makes, coalesce(a.request_id, 'activation ' || a.activation_id) AS name
			FROM poa.activation AS a WHERE a.device OPERATOR(@extschema@.=) $1
			UNION ALL
			SELECT NULL, k.request_id, NULL, k.received_at, NULL, NULL, NULL, k.arrived_at,
				CASE k.kind WHEN 'cancellation' THEN 'cancelled' ELSE 'superseded' END,
				coalesce(k.request_id, k.detail, 'cancel_activation')
			FROM poa_internal.message AS k
			WHERE k.device OPERATOR(@extschema@.=) $1 AND k.kind IN ('cancellation', 'purged')
		) AS s
		CROSS JOIN LATERAL poa_internal.messages_of(s.request_id) AS m
		ORDER BY since DESC, s.arrived_at DESC
	LOOP
		IF c.activation_id IS NOT NULL THEN
			/* the first that holds */
			IF c.outcome IS NOT NULL THEN
				status := CASE c.outcome WHEN 'succeeded' THEN 'succeeded' ELSE 'failed' END;
				ended_at := c.outcome_at;
				ended_by := c.outcome;
			ELSIF c.refused_at IS NOT NULL THEN
				status := 'failed';
				ended_at := c.refused_at;
				ended_by := c.refusal;
			ELSIF c.local_at IS NOT NULL THEN
				status := 'cancelled';
				ended_at := c.local_at;
				ended_by := 'CommandVariant 6';
			ELSIF c.cancels THEN
				status := 'cancelled';
				ended_at := c.signed_at;
				ended_by := c.name;
			ELSIF taken_at < c.starts THEN
				status := taken_status;
				ended_at := taken_at;
				ended_by := taken_by;
			ELSE
				status := 'tracked';
			END IF;
			IF poa_internal.suppresses(status) THEN
				ended_at := NULL;
				ended_by := NULL;
			END IF;

			IF (c.since, c.starts, status, ended_at, ended_by)
				IS DISTINCT FROM (c.received_at, c.activates_at, c.status, c.ended_at, c.ended_by)
			THEN
				UPDATE poa.activation AS a
				SET received_at = c.since, activates_at = c.starts,
					opens_at = poa_internal.utc_plus(a.opens_at, c.starts - a.activates_at),
					closes_at = poa_internal.utc_plus(a.closes_at, c.starts - a.activates_at),
					status = settled.status, ended_at = settled.ended_at, ended_by = settled.ended_by,
					chf = CASE WHEN poa_internal.suppresses(settled.status)
							AND NOT (poa_internal.suppresses(a.status) AND c.starts = a.activates_at)
						THEN coalesce((SELECT d.chf FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) $1), a.chf)
						ELSE a.chf END
				WHERE a.activation_id = c.activation_id;
				cancelled := cancelled + (status = 'cancelled' AND c.status <> 'cancelled')::integer;
			END IF;
		END IF;
		/* where one form of a request cancels and another does not, the signed one decides */
		IF c.refused_at IS NULL AND c.local_at IS NULL AND (c.cancels = (c.makes = 'cancelled')) IS NOT FALSE THEN
			taken_at := c.since;
			taken_by := c.name;
			taken_status := c.makes;
		END IF;
	END LOOP;
	RETURN cancelled;
END
$$;
COMMENT ON FUNCTION poa_internal.settle(@extschema@.guid) IS
	'computes the states of the activations of a device.'
	' By what was received for it; writes those that differ. The number of those that it turned cancelled. The caller has taken'
	' its turn';
REVOKE ALL ON FUNCTION poa_internal.settle(@extschema@.guid) FROM PUBLIC;

/*
 * Without activations there is nothing to settle; what was received for them
 * would be taken for that of others that come after.
 */
CREATE FUNCTION poa_internal.forget_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	TRUNCATE poa_internal.message, poa.activation_change;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.forget_all() IS 'trigger: messages and changes go when poa.activation is truncated';
REVOKE ALL ON FUNCTION poa_internal.forget_all() FROM PUBLIC;
CREATE TRIGGER forget_all AFTER TRUNCATE ON poa.activation
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.forget_all();
COMMENT ON TRIGGER forget_all ON poa.activation IS 'nothing stays of activations that were truncated';
