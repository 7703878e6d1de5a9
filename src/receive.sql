/*
 * Acting on messages.
 */

/*
 * What follows from traffic for a device.  All of a region may pass here, so it is noted
 * only where an alert of the hub waits for it, and once: what was heard closes
 * the question.
 */
CREATE FUNCTION poa_internal.note_traffic(device @extschema@.guid, traffic text, at timestamptz, detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	/* most hubs have no alert, which one look-up finds */
	IF NOT EXISTS (
		SELECT FROM poa.suppression_log AS l
		WHERE l.chf OPERATOR(@extschema@.=) ANY (ARRAY[$1, (SELECT d.chf FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) $1)])
	) THEN
		RETURN;
	ELSIF NOT EXISTS (
		SELECT FROM poa.suppression_log AS l
		WHERE l.chf OPERATOR(@extschema@.=) ANY (ARRAY[$1, (SELECT d.chf FROM poa.device AS d WHERE d.device OPERATOR(@extschema@.=) $1)])
			AND l.diverted AND l.decided_at <= coalesce($3, 'infinity')
			AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id)
			AND NOT EXISTS (
				SELECT FROM poa.sign_of_life AS s
				WHERE s.guid OPERATOR(@extschema@.=) $1 AND s.seen_at > l.decided_at AND s.seen_at <= $3)
	) THEN
		RETURN;
	END IF;
	PERFORM poa_internal.check_instant('received_at', $3);
	IF traffic = 'asked' THEN
		INSERT INTO poa.asked VALUES ($1, $3) ON CONFLICT DO NOTHING;
	ELSIF traffic = 'heard' THEN
		INSERT INTO poa.sign_of_life VALUES ($1, $3, detail);
	ELSE
		INSERT INTO poa.no_answer VALUES ($1, $3, traffic) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.note_traffic(@extschema@.guid, text, timestamptz, text) IS
	'notes a message to or from a device, where an alert of its hub is open.'
	' Open is what was diverted, is not released, and after which nothing was heard from the device. traffic is that of'
	' poa_internal.message_traffic, detail what was heard, for people to read. Nothing for a NULL device; raises 22023 for an'
	' instant that is NULL or infinite where it matters';
SELECT poa_internal.permit('FUNCTION poa_internal.note_traffic(@extschema@.guid, text, timestamptz, text)', '{operator}');

CREATE FUNCTION poa_internal.message_traffic(fields jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN $1 ? 'Request/Header' THEN 'asked'
	WHEN $1 ? 'Body/DeviceAlertMessage' THEN 'heard'
	WHEN NOT $1 ? 'Body/ResponseMessage' THEN NULL
	WHEN poa_internal.token($1, 'Header/ResponseCode') IN ('E20', 'E21') THEN poa_internal.token($1, 'Header/ResponseCode')
	/* the DCC's own: errors, that it has taken a request on, a pre-command, a command for local delivery */
	WHEN poa_internal.token($1, 'Header/ResponseCode') LIKE 'E%' OR poa_internal.token($1, 'Header/ResponseCode') = 'I99'
		OR $1 ?| ARRAY['ResponseMessage/PreCommand', 'ResponseMessage/LocalCommand'] THEN NULL
	ELSE 'heard' END;
COMMENT ON FUNCTION poa_internal.message_traffic(jsonb) IS
	'what follows from a message for a device: asked, heard, or an error code.'
	' By its poa_internal.message_fields; the code is that of a missing answer. NULL where nothing does (DUIS)';
SELECT poa_internal.permit('FUNCTION poa_internal.message_traffic(jsonb)', '{operator}');

CREATE FUNCTION poa_internal.message_device(fields jsonb) RETURNS @extschema@.guid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $1 ? 'Body/DeviceAlertMessage' THEN poa_internal.request_part(poa_internal.token($1, 'Header/ResponseID'), 1)
	ELSE poa_internal.request_part(poa_internal.token($1, 'Header/RequestID'), 2) END;
COMMENT ON FUNCTION poa_internal.message_device(jsonb) IS
	'the device that a message is to or from.'
	' The first part of the ResponseID of its alert, else the target of its RequestID. NULL where that is no GUID (DUIS)';
SELECT poa_internal.permit('FUNCTION poa_internal.message_device(jsonb)', '{operator}');

CREATE FUNCTION poa_internal.receive_activation(m poa_internal.activation_message, received_at timestamptz,
	OUT action text, OUT activation_id bigint, OUT detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	form CONSTANT text := CASE m.command_variant WHEN 4 THEN 'request' WHEN 6 THEN 'local' ELSE 'signed' END;
	tracked record;
	first boolean;
BEGIN
	IF m.cancels THEN
		detail := format('activations of device %s that were pending: %s', m.device,
			poa_internal.cancel_command(m.device, m.request_id, $2, form));
		action := CASE form WHEN 'local' THEN 'ignored' ELSE 'cancelled' END;
	ELSE
		tracked := poa_internal.track_command(m.device, m.activates_at, m.request_id, $2, form, m.firmware_hash);
		action := tracked.action;
		activation_id := tracked.activation_id;
		IF action = 'not_eligible' THEN
			SELECT format('device %s does not meet: %s', m.device, concat_ws(', ',
				CASE WHEN NOT c.inventory THEN 'inventory' END, CASE WHEN NOT c.type THEN 'type' END,
				CASE WHEN NOT c.generation THEN 'generation' END, CASE WHEN NOT c.manufacturer THEN 'manufacturer' END,
				CASE WHEN NOT c.list THEN 'list' END, CASE WHEN NOT c.hub THEN 'hub' END))
			INTO detail FROM poa_internal.criteria(m.device) AS c;
		ELSIF activation_id IS NOT NULL THEN
			SELECT format('device %s on hub %s is %s, window from %s to %s', a.device, a.chf, a.status, a.opens_at, a.closes_at)
			INTO detail FROM poa.activation AS a WHERE a.activation_id = receive_activation.activation_id;
		ELSE
			detail := format('device %s', m.device);
		END IF;
	END IF;
	/* the meter acts on the payload */
	IF m.announced_at IS NOT NULL THEN
		detail := format('%s; ExecutionDateTime %s is not the time of its GBCSPayload, which counts', detail, m.announced_at);
	END IF;
	IF form = 'local' THEN
		detail := detail || '; CommandVariant 6 does not go over the air';
	END IF;

	first := poa_internal.record_command(m.request_id, m.command_variant, $2, m.device, action, detail,
		CASE WHEN NOT m.cancels THEN m.activates_at END, m.cancels, CASE WHEN NOT m.cancels THEN m.firmware_hash END, activation_id);
	IF m.cancels AND NOT first THEN
		action := 'duplicate';
		detail := format('cancellation %s was received before', m.request_id);
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.receive_activation(poa_internal.activation_message, timestamptz) IS
	'poa.receive for a service request 11.3';
SELECT poa_internal.permit('FUNCTION poa_internal.receive_activation(poa_internal.activation_message, timestamptz)', '{operator}');

CREATE FUNCTION poa_internal.receive_answer(m poa_internal.answer_message, received_at timestamptz,
	OUT action text, OUT activation_id bigint, OUT detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	known boolean;
	status text;
BEGIN
	IF m.outcome <> 'accepted' THEN
		known := poa_internal.record_outcome_at(m.request_id, m.outcome, $2);
	END IF;
	SELECT a.activation_id, a.status INTO activation_id, status FROM poa.activation AS a WHERE a.request_id = m.request_id;
	IF activation_id IS NULL THEN
		/* a command that was delivered locally has no window that could be closed */
		SELECT CASE m.outcome WHEN 'succeeded' THEN 'succeeded' WHEN 'accepted' THEN 'local' ELSE 'failed' END INTO status
		FROM poa.command AS c WHERE c.request_id = m.request_id AND c.command_variant = 6;
		status := coalesce(status, CASE WHEN known THEN 'a cancellation' END);
	END IF;
	action := CASE WHEN status IS NULL THEN 'ignored' ELSE 'outcome' END;
	detail := format('outcome %s of request %s, which is %s', m.outcome, m.request_id, coalesce(status, 'not tracked'));
END
$$;
COMMENT ON FUNCTION poa_internal.receive_answer(poa_internal.answer_message, timestamptz) IS
	'poa.receive for the meter''s answer to a service request 11.3';
SELECT poa_internal.permit('FUNCTION poa_internal.receive_answer(poa_internal.answer_message, timestamptz)', '{operator}');

/*
 * Not carried out.  A rebooting meter is silent, so that E21 and N13 (no
 * response received) say nothing; a code that is not known here says nothing,
 * either.
 */
CREATE FUNCTION poa_internal.refuses(code text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1 IN ('E1', 'E2', 'E3', 'E4', 'E5', 'E11', 'E12', 'E13', 'E17', 'E19', 'E20', 'N12', '8F85', 'quarantined');
COMMENT ON FUNCTION poa_internal.refuses(text) IS
	'whether a code means that a command never reached the meter.'
	' Or that it was not taken by it; NULL for NULL (DUIS, GBCS)';
SELECT poa_internal.permit('FUNCTION poa_internal.refuses(text)', '{operator}');

CREATE FUNCTION poa_internal.receive_refusal(request_id text, code text, received_at timestamptz,
	OUT action text, OUT activation_id bigint, OUT detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	status text;
BEGIN
	action := CASE WHEN poa.refuse_activation($1, $2, $3) THEN 'refused' ELSE 'ignored' END;
	SELECT a.activation_id, a.status INTO activation_id, status FROM poa.activation AS a
	WHERE a.request_id = poa_internal.canonical_request_id($1);
	detail := format('refusal %s of request %s, which is %s', $2, $1,
		coalesce(status, CASE action WHEN 'refused' THEN 'a cancellation' ELSE 'not tracked' END));
END
$$;
COMMENT ON FUNCTION poa_internal.receive_refusal(text, text, timestamptz) IS
	'poa.receive for a request that was refused, by a code of poa_internal.refuses';
SELECT poa_internal.permit('FUNCTION poa_internal.receive_refusal(text, text, timestamptz)', '{operator}');

CREATE FUNCTION poa_internal.read_refusal(fields jsonb, OUT request_id text, OUT code text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	field text := 'Header/RequestID';
BEGIN
	IF fields ? 'DCCAlert/QuarantinedRequest' THEN
		field := 'QuarantinedRequest/RequestID';
		code := 'quarantined';
	ELSIF fields ? 'DCCAlert/CommandFailure' THEN
		field := 'CommandFailure/CommandRequestID';
		code := poa_internal.token(fields, 'DCCAlertMessage/DCCAlertCode');
	ELSE
		code := poa_internal.token(fields, 'Header/ResponseCode');
	END IF;
	request_id := poa_internal.token(fields, field);
	IF poa_internal.refuses(code) AND NOT poa_internal.is_request_id(request_id) THEN
		PERFORM poa_internal.refuse_message('DUIS refusal ' || code, split_part(field, '/', 2),
			'must stand exactly once and be originator:target:counter');
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.read_refusal(jsonb) IS
	'which request a refusal is about, and the code that says why.'
	' Of a message of that poa_internal.message_kind. It is a response to 11.3, a CommandFailure or a QuarantinedRequest. Raises'
	' 22023 for one that refuses and names no request (DUIS)';
SELECT poa_internal.permit('FUNCTION poa_internal.read_refusal(jsonb)', '{operator}');

CREATE FUNCTION poa.receive(message text, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE plpgsql ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields CONSTANT jsonb := poa_internal.message_fields(message);
	kind CONSTANT text := poa_internal.message_kind(fields);
	traffic CONSTANT text := poa_internal.message_traffic(fields);
	answer poa_internal.answer_message;
	request_id text;
	code text;
	acts boolean := true;
	done record;
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.receive()');
	IF kind = 'activation' THEN
		done := poa_internal.receive_activation(poa_internal.read_activation(fields), received_at);
	ELSE
		IF kind = 'answer' THEN
			answer := poa_internal.read_answer(fields);
			request_id := answer.request_id;
			code := CASE answer.outcome WHEN 'unsupported' THEN '8F85' END;
		ELSIF kind = 'refusal' THEN
			SELECT r.request_id, r.code INTO request_id, code FROM poa_internal.read_refusal(fields) AS r;
		END IF;
		IF poa_internal.refuses(code) THEN
			done := poa_internal.receive_refusal(request_id, code, received_at);
		ELSIF answer.outcome IS NOT NULL THEN
			done := poa_internal.receive_answer(answer, received_at);
		ELSE
			acts := false;
		END IF;
	END IF;
	IF acts THEN
		action := done.action;
		activation_id := done.activation_id;
		detail := done.detail;
	ELSE
		action := 'ignored';
		detail := coalesce(poa_internal.message_name(fields, message), 'NULL is no message');
		IF kind = 'refusal' THEN
			detail := format('%s of request %s, which changes nothing', detail, request_id);
		ELSIF kind IN ('power_outage', 'dcc_alert') THEN
			detail := detail || ', which belongs in the table of alerts';
		END IF;
	END IF;
	IF traffic IS NOT NULL THEN
		PERFORM poa_internal.note_traffic(poa_internal.message_device(fields), traffic, received_at, detail);
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.receive(text, timestamptz) IS
	'acts on any message received at a UTC instant and says in one row what was done.'
	' tracked; retimed: a window was moved, since the signed pre-command of its request names another time, or is received'
	' later on demand; duplicate; not_eligible: detail names the criteria not met; cancelled; outcome; refused: the command'
	' never reached the meter; ignored: detail says what it was, also for NULL. Where an alert of a device''s hub is open, any'
	' message to or from the device is noted in poa.asked, poa.no_answer or poa.sign_of_life. Raises 22023 naming the field for a'
	' damaged message, and for a NULL or infinite received_at where the instant matters';
SELECT poa_internal.permit('FUNCTION poa.receive(text, timestamptz)', '{operator}');

CREATE FUNCTION poa.receive(message xml, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE sql ROWS 1
BEGIN ATOMIC
	SELECT * FROM poa.receive(message::text, received_at);
END;
COMMENT ON FUNCTION poa.receive(xml, timestamptz) IS
	'poa.receive(text, timestamptz) for a message that is an xml value. Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.receive(xml, timestamptz)', '{operator}');
