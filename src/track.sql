/*
 * Tracking of firmware activations (service request variant 11.3).
 *
 *	poa.track_activation(device, activates_at, request_id, received_at)
 *	poa.cancel_activation(device, received_at)
 *	poa.record_outcome(request_id, outcome)
 *	poa.refuse_activation(request_id, reason, received_at)
 *		are what users call.
 *	poa_internal.track_command(device, activates_at, request_id, received_at, form, firmware_hash)
 *	poa_internal.cancel_command(device, request_id, received_at, form)
 *	poa_internal.record_outcome_at(request_id, outcome, received_at)
 *	poa.refuse_activation(request_id, reason, received_at)
 *		are what poa.receive calls: a message has a RequestID and a form, which is
 *		request (CommandVariant 4), signed (5 or 7) or local (6).
 *
 * Each of these notes what was received and has the device settled
 * (settle.sql), which is where states are decided.
 */

CREATE FUNCTION poa_internal.request_part(request_id text, part integer) RETURNS @extschema@.guid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $1 LIKE '%:%' THEN @extschema@.try_guid(split_part($1, ':', $2)) END;
COMMENT ON FUNCTION poa_internal.request_part(text, integer) IS
	'the GUID in a part of a RequestID: 1 is its originator, 2 its target.'
	' NULL where that is none (DUIS: originator:target:counter)';
SELECT poa_internal.permit('FUNCTION poa_internal.request_part(text, integer)', '{operator}');

/*
 * DUIS takes the digits of a RequestID in either case, so one request may come
 * in both.
 */
CREATE FUNCTION poa_internal.canonical_request_id(request_id text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE	/* not STRICT, to be inlined */
RETURN CASE
	WHEN $1 LIKE '__-%-__:__-%-__:_%' AND ltrim(split_part($1, ':', 3), '0123456789') = '' AND split_part($1, ':', 4) = ''
		AND poa_internal.request_part($1, 1) IS NOT NULL AND poa_internal.request_part($1, 2) IS NOT NULL THEN upper($1)
	ELSE $1 END;
COMMENT ON FUNCTION poa_internal.canonical_request_id(text) IS
	'a RequestID in upper case; any other text as it is; NULL for NULL (DUIS)';
SELECT poa_internal.permit('FUNCTION poa_internal.canonical_request_id(text)', '{operator}');

CREATE FUNCTION poa_internal.check_instant(name text, value timestamptz) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF $2 IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('%s must not be NULL', $1),
			DETAIL = 'The order of commands is that of their receipt.',
			HINT = 'Leave the argument out for the present time.';
	ELSIF NOT isfinite($2) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('%s must be a finite instant', $1),
			DETAIL = format('%s is %s.', $1, $2),
			HINT = 'Give the time that the message carries, or leave the argument out.';
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.check_instant(text, timestamptz) IS
	'raises 22023, naming the argument, for an instant that is NULL or infinite';
REVOKE ALL ON FUNCTION poa_internal.check_instant(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.track_command(
	device @extschema@.guid,
	activates_at timestamptz,
	request_id text,
	received_at timestamptz,
	form text DEFAULT NULL,
	firmware_hash bytea DEFAULT NULL,
	OUT activation_id bigint,
	OUT action text
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	key CONSTANT text := poa_internal.canonical_request_id($3);
	starts CONSTANT timestamptz := coalesce($2, $4);
	eligible boolean;
	listed boolean;
	turn bigint;
	added record;
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.track_activation()');
	IF (isfinite($4) AND isfinite(starts)) IS NOT TRUE THEN
		PERFORM poa_internal.check_instant('received_at', $4), poa_internal.check_instant('activates_at', starts);
	END IF;

	SELECT a.activation_id INTO track_command.activation_id FROM poa.activation AS a WHERE a.request_id = key;
	IF FOUND THEN
		action := poa_internal.track_again(activation_id, $1, starts, $4, form, $6);
		RETURN;
	END IF;

	SELECT c.eligible, c.list INTO eligible, listed FROM poa_internal.criteria($1) AS c;
	IF NOT eligible OR form = 'local' THEN
		IF listed AND form IN ('signed', 'local') THEN
			PERFORM poa_internal.take_turn($1);
			PERFORM poa_internal.note_message(form, $1, key, $4, CASE form WHEN 'signed' THEN starts END);
		END IF;
		action := CASE form WHEN 'local' THEN 'ignored' ELSE 'not_eligible' END;
		RETURN;
	END IF;

	turn := poa_internal.take_turn($1);
	/* goes by what the device is now, which no other transaction changes */
	INSERT INTO poa.activation AS a (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status,
		manufacturer, mpxn, originator, firmware_hash)
	SELECT $1, d.chf, key, $4, starts, poa_internal.utc_plus(starts, - m.window_before), poa_internal.utc_plus(starts, m.window_after),
		'tracked', d.manufacturer, d.mpxn, poa_internal.request_part(key, 1), $6
	FROM poa.device AS d JOIN poa.manufacturer AS m ON m.manufacturer = d.manufacturer
	WHERE d.device OPERATOR(@extschema@.=) $1 AND d.chf IS NOT NULL
	ON CONFLICT ON CONSTRAINT activation_request_id_key DO NOTHING
	RETURNING a.activation_id, a.chf, a.opens_at, a.closes_at INTO added;
	IF FOUND THEN
		activation_id := added.activation_id;
		INSERT INTO poa.activation_change (activation_id, status, chf, activates_at, opens_at, closes_at, received_at)
		VALUES (activation_id, 'tracked', added.chf, starts, added.opens_at, added.closes_at, $4);
		IF form = 'signed' THEN
			PERFORM poa_internal.note_message(form, $1, key, $4, starts);
		END IF;
		/* what came before the command took a turn, unless its request_id does not name the device */
		IF turn > 1 OR (poa_internal.request_part(key, 2) OPERATOR(@extschema@.=) $1) IS NOT TRUE
			AND EXISTS (SELECT FROM poa_internal.message AS m WHERE m.request_id = key)
		THEN
			PERFORM poa_internal.settle($1);
		END IF;
		action := 'tracked';
		RETURN;
	END IF;

	/* another session brought the request meanwhile, or took the device from its hub */
	SELECT a.activation_id INTO track_command.activation_id FROM poa.activation AS a WHERE a.request_id = key;
	IF FOUND THEN
		action := poa_internal.track_again(activation_id, $1, starts, $4, form, $6);
	ELSIF (SELECT c.eligible FROM poa_internal.criteria($1) AS c) THEN
		RAISE triggered_action_exception USING
			MESSAGE = 'the activation was not stored',
			DETAIL = 'A trigger on "activation" kept it out.',
			HINT = 'Drop the trigger.';
	ELSE
		action := 'not_eligible';
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.track_command(@extschema@.guid, timestamptz, text, timestamptz, text, bytea) IS
	'poa.track_activation for one form of a command.'
	' The form is request, signed, or local (which does not go over the air). A signed one decides on the time of activation,'
	' whatever comes first. action: tracked, duplicate, not_eligible (activation_id NULL), retimed (the activation has another'
	' time now), for local also cancelled (it ended the window of its request) and ignored. Raises what poa.track_activation does'
	' (DUIS: CommandVariant)';
SELECT poa_internal.permit('FUNCTION poa_internal.track_command(@extschema@.guid, timestamptz, text, timestamptz, text, bytea)',
	'{operator}');

CREATE FUNCTION poa_internal.track_again(
	activation_id bigint,
	device @extschema@.guid,
	starts timestamptz,
	received_at timestamptz,
	form text,
	firmware_hash bytea
) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	before poa.activation;
	after poa.activation;
BEGIN
	SELECT a.* INTO before FROM poa.activation AS a WHERE a.activation_id = $1;
	IF (before.device OPERATOR(@extschema@.=) $2) IS NOT TRUE THEN
		RAISE unique_violation USING
			MESSAGE = format('request_id "%s" belongs to another device', before.request_id),
			DETAIL = format('It is that of an activation of device %s.', before.device),
			HINT = 'A RequestID is used once; look for a mix-up of devices where the message was read.';
	END IF;
	/* a request says something new only where its signed pre-command was tracked before it */
	IF form IS NULL OR form = 'request' AND $4 >= before.received_at THEN
		RETURN 'duplicate';
	END IF;

	PERFORM poa_internal.take_turn($2);
	SELECT a.* INTO before FROM poa.activation AS a WHERE a.activation_id = $1;
	IF NOT poa_internal.note_message(form, $2, before.request_id, $4, CASE WHEN form <> 'local' THEN starts END) THEN
		RETURN 'duplicate';
	END IF;
	IF before.firmware_hash IS NULL AND $6 IS NOT NULL THEN
		UPDATE poa.activation AS a SET firmware_hash = $6 WHERE a.activation_id = $1;
	END IF;
	PERFORM poa_internal.settle($2);
	SELECT a.* INTO after FROM poa.activation AS a WHERE a.activation_id = $1;
	RETURN CASE
		WHEN poa_internal.suppresses(after.status) > poa_internal.suppresses(before.status) THEN 'tracked'
		WHEN after.activates_at <> before.activates_at THEN 'retimed'
		WHEN form <> 'local' THEN 'duplicate'
		WHEN after.status = 'cancelled' AND before.status <> 'cancelled' THEN 'cancelled'
		ELSE 'ignored' END;
END
$$;
COMMENT ON FUNCTION poa_internal.track_again(bigint, @extschema@.guid, timestamptz, timestamptz, text, bytea) IS
	'poa_internal.track_command for a request that is known; the action';
REVOKE ALL ON FUNCTION poa_internal.track_again(bigint, @extschema@.guid, timestamptz, timestamptz, text, bytea) FROM PUBLIC;

CREATE FUNCTION poa.track_activation(
	device @extschema@.guid,
	activates_at timestamptz DEFAULT NULL,
	request_id text DEFAULT NULL,
	received_at timestamptz DEFAULT pg_catalog.now()
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (poa_internal.track_command($1, $2, $3, $4)).activation_id;
END
$$;
COMMENT ON FUNCTION poa.track_activation(@extschema@.guid, timestamptz, text, timestamptz) IS
	'records the hub of an eligible meter as activation in progress.'
	' Returns the activation_id, NULL where the device is not eligible. activates_at (UTC instant) NULL means on demand,'
	' at received_at. Supersedes the meter''s pending activation; the same request_id again, in either case of its digits,'
	' returns the same id and changes nothing. Raises 22023 for a NULL or infinite received_at or an infinite activates_at,'
	' 22008 for a window that ends after the year 294276 or begins before 4714 BC, 23505 for a request_id of another device,'
	' 25006 in a read-only transaction or on a standby, 40001 in a transaction that cannot see what another one has tracked,'
	' cancelled or moved since it began, 09000 where a trigger on poa.activation keeps it out (MP102B; DUIS 11.3)';
SELECT poa_internal.permit('FUNCTION poa.track_activation(@extschema@.guid, timestamptz, text, timestamptz)', '{operator}');

CREATE FUNCTION poa_internal.cancel_command(
	device @extschema@.guid,
	request_id text,
	received_at timestamptz,
	form text DEFAULT NULL
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	key CONSTANT text := poa_internal.canonical_request_id($2);
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.cancel_activation()');
	PERFORM poa_internal.check_instant('received_at', $3);
	IF NOT EXISTS (SELECT FROM poa.guid_list AS g WHERE g.guid OPERATOR(@extschema@.=) $1)
		AND NOT EXISTS (SELECT FROM poa.activation AS a WHERE a.device OPERATOR(@extschema@.=) $1)
	THEN
		RETURN 0;
	END IF;
	PERFORM poa_internal.take_turn($1);
	PERFORM poa_internal.note_message('cancellation', $1, key, $3);
	IF form <> 'request' THEN
		PERFORM poa_internal.note_message(form, $1, key, $3);
	END IF;
	RETURN poa_internal.settle($1);
END
$$;
COMMENT ON FUNCTION poa_internal.cancel_command(@extschema@.guid, text, timestamptz, text) IS
	'poa.cancel_activation for one form of a cancellation with a RequestID.'
	' The form is request, signed, or local. One that is local only cancels nothing';
SELECT poa_internal.permit('FUNCTION poa_internal.cancel_command(@extschema@.guid, text, timestamptz, text)', '{operator}');

CREATE FUNCTION poa.cancel_activation(
	device @extschema@.guid,
	received_at timestamptz DEFAULT pg_catalog.now()
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN poa_internal.cancel_command($1, NULL, $2);
END
$$;
COMMENT ON FUNCTION poa.cancel_activation(@extschema@.guid, timestamptz) IS
	'cancels what a meter has pending at a UTC instant.'
	' Returns the number of activations that it turned cancelled: the ones received before it that had not started at received_at,'
	' also when they are tracked later. 0 also for a NULL or unknown device. Raises 22023 for a NULL or infinite received_at,'
	' 25006 in a read-only transaction, 40001 as poa.track_activation does (DUIS 11.3 with execution time 3000-12-31)';
SELECT poa_internal.permit('FUNCTION poa.cancel_activation(@extschema@.guid, timestamptz)', '{operator}');

/*
 * An outcome or a refusal names a request, which may not have come yet.  The
 * device is then the one that the RequestID names; a text that is no RequestID
 * names none, and is kept in case.
 */
CREATE FUNCTION poa_internal.device_of_request(request_id text) RETURNS @extschema@.guid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
	SELECT a.device FROM poa.activation AS a WHERE a.request_id = $1
	UNION ALL
	SELECT m.device FROM poa_internal.message AS m WHERE m.request_id = $1 AND m.kind IN ('cancellation', 'purged')
	LIMIT 1
$$;
COMMENT ON FUNCTION poa_internal.device_of_request(text) IS
	'the device of a command or a cancellation, by its request_id.'
	' NULL for one that is not known';
REVOKE ALL ON FUNCTION poa_internal.device_of_request(text) FROM PUBLIC;

CREATE FUNCTION poa_internal.note_answer(kind text, request_id text, detail text, received_at timestamptz) RETURNS @extschema@.guid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	target CONSTANT @extschema@.guid := poa_internal.request_part($2, 2);
	device @extschema@.guid := poa_internal.device_of_request($2);
BEGIN
	IF device IS NULL AND target IS NOT NULL THEN
		IF NOT EXISTS (SELECT FROM poa.guid_list AS g WHERE g.guid OPERATOR(@extschema@.=) target) THEN
			RETURN NULL;
		END IF;
	END IF;
	IF coalesce(device, target) IS NOT NULL THEN
		PERFORM poa_internal.take_turn(coalesce(device, target));
		device := poa_internal.device_of_request($2);
	END IF;
	PERFORM poa_internal.note_message($1, coalesce(device, target), $2, $4, NULL, $3);
	IF device IS NOT NULL THEN
		PERFORM poa_internal.settle(device);
	END IF;
	RETURN device;
END
$$;
COMMENT ON FUNCTION poa_internal.note_answer(text, text, text, timestamptz) IS
	'notes an outcome or a refusal, and settles the device of its request.'
	' That device, NULL where the request is not known: it is kept then, unless the RequestID names a device that is not on the list';
REVOKE ALL ON FUNCTION poa_internal.note_answer(text, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa_internal.record_outcome_at(request_id text, outcome text, received_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	key CONSTANT text := poa_internal.canonical_request_id($1);
	device @extschema@.guid;
	heard CONSTANT text := format('outcome %s of %s', outcome, key);
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.record_outcome()');
	PERFORM poa_internal.check_instant('received_at', $3);
	CASE
		WHEN outcome IN ('succeeded', 'no_image_held', 'hash_mismatch') THEN
			device := poa_internal.note_answer('outcome', key, outcome, $3);
		WHEN outcome = 'activation_failure' THEN
			device := poa_internal.device_of_request(key);
		ELSE
			RAISE invalid_parameter_value USING
				MESSAGE = format('invalid outcome: %s', coalesce(outcome, 'NULL')),
				HINT = 'An outcome is succeeded, no_image_held, hash_mismatch or activation_failure.';
	END CASE;
	IF device IS NULL THEN
		RETURN false;
	END IF;
	/* whatever the meter answered, it answered; the same outcome again is the same message */
	INSERT INTO poa.sign_of_life (guid, seen_at, what)
	SELECT device, $3, heard
	WHERE NOT EXISTS (SELECT FROM poa.sign_of_life AS s WHERE s.guid OPERATOR(@extschema@.=) device AND s.what = heard);
	RETURN true;
END
$$;
COMMENT ON FUNCTION poa_internal.record_outcome_at(text, text, timestamptz) IS
	'poa.record_outcome for an outcome received at a UTC instant.'
	' Then the meter gave its sign of life. Also raises 22023 for a NULL or infinite received_at';
SELECT poa_internal.permit('FUNCTION poa_internal.record_outcome_at(text, text, timestamptz)', '{operator}');

CREATE FUNCTION poa.record_outcome(request_id text, outcome text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN poa_internal.record_outcome_at($1, $2, now());
END
$$;
COMMENT ON FUNCTION poa.record_outcome(text, text) IS
	'records what the meter answered to a command, just now.'
	' succeeded keeps the window, no_image_held and hash_mismatch close it (the meter never rebooted), activation_failure changes'
	' nothing (it may have); of several the first counts. Each is a sign of life, but for the same one again, a message that is'
	' delivered anew. True for a known request_id, false for an unknown or NULL one: its outcome counts once it comes. Raises'
	' 22023 for another or NULL outcome, 25006 in a read-only transaction, 40001 as poa.track_activation does (GBCS CS06)';
SELECT poa_internal.permit('FUNCTION poa.record_outcome(text, text)', '{operator}');

CREATE FUNCTION poa.refuse_activation(request_id text, reason text, received_at timestamptz DEFAULT pg_catalog.now()) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.refuse_activation()');
	PERFORM poa_internal.check_instant('received_at', $3);
	RETURN $1 IS NOT NULL
		AND poa_internal.note_answer('refusal', poa_internal.canonical_request_id($1), coalesce($2, 'refused'), $3) IS NOT NULL;
END
$$;
COMMENT ON FUNCTION poa.refuse_activation(text, text, timestamptz) IS
	'records that a command, or a cancellation, never reached the meter.'
	' received_at is a UTC instant, reason for people to read. The activation is failed, unless there is an outcome, and what the'
	' command had superseded or cancelled is tracked again. True for a known request_id, false for an unknown or NULL one: its'
	' refusal counts once it comes. Raises 22023 for a NULL or infinite received_at, 25006 in a read-only transaction, 40001 as'
	' poa.track_activation does (DUIS: E1 to E20, N12, 8F85)';
SELECT poa_internal.permit('FUNCTION poa.refuse_activation(text, text, timestamptz)', '{operator}');
