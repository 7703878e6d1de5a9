/*
 * Acting on messages.
 */

CREATE FUNCTION poa.receive(message text, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE plpgsql ROWS 1
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off	/* as in activation.sql */
AS $$
#variable_conflict use_column
DECLARE
	m poa_internal.activation_message;
	o poa_internal.answer_message;
	known record;
	form text;
	fields CONSTANT jsonb := poa_internal.message_fields(message);
BEGIN
	IF poa_internal.message_kind(fields) = 'activation' THEN
		m := poa_internal.read_activation(fields);
		form := CASE m.command_variant WHEN 4 THEN 'request' ELSE 'signed' END;
	ELSE
		o := poa_internal.read_answer(fields);
	END IF;
	IF poa_internal.message_kind(fields) <> 'activation' THEN
		SELECT a.activation_id, a.request_id INTO known FROM poa.activation AS a
		WHERE a.device OPERATOR(@extschema@.=) o.device AND a.request_id = o.request_id;
		IF o.request_id IS NULL THEN
			action := 'ignored';
			detail := coalesce(poa_internal.message_name(fields, message), 'NULL is no message');
			IF poa_internal.message_kind(fields) IN ('power_outage', 'dcc_alert') THEN
				detail := detail || ', which belongs into the table of alerts';
			END IF;
		ELSIF known.activation_id IS NULL THEN
			action := 'ignored';
			detail := format('outcome %s of request %s, which is not tracked', o.outcome, o.request_id);
		ELSE
			action := 'outcome';
			activation_id := known.activation_id;
			IF o.outcome NOT IN ('accepted', 'unsupported') THEN
				PERFORM poa_internal.record_outcome_at(known.request_id, o.outcome, received_at);
			END IF;
			SELECT format('outcome %s of request %s, which is %s', o.outcome, a.request_id, a.status) INTO detail
			FROM poa.activation AS a WHERE a.activation_id = known.activation_id;
		END IF;
	ELSIF m.cancels THEN
		detail := format('activations of device %s that were pending: %s', m.device,
			poa_internal.cancel_command(m.device, m.request_id, received_at, form));
		action := 'cancelled';
		IF NOT poa_internal.record_command(m.request_id, m.command_variant, received_at, m.device, action, detail,
			NULL, true, NULL, NULL)
		THEN
			action := 'duplicate';
			detail := format('cancellation %s was received before', m.request_id);
		END IF;
	ELSE
		SELECT t.* INTO activation_id, action
		FROM poa_internal.track_command(m.device, m.activates_at, m.request_id, received_at, form, m.firmware_hash) AS t;
		IF activation_id IS NULL THEN
			SELECT format('device %s does not meet: %s', m.device, string_agg(e.criterion, ', ')) INTO detail
			FROM poa.eligibility(m.device) AS e WHERE NOT e.met;
		ELSE
			SELECT format('device %s on hub %s is %s, window from %s to %s',
				a.device, a.chf, a.status, a.opens_at, a.closes_at) INTO detail
			FROM poa.activation AS a WHERE a.activation_id = receive.activation_id;
		END IF;
		PERFORM poa_internal.record_command(m.request_id, m.command_variant, received_at, m.device, action, detail,
			m.activates_at, false, m.firmware_hash, activation_id);
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.receive(text, timestamptz) IS
	'acts on any message received at a UTC instant and says in one row what was done: tracked, retimed (the signed pre-command of an on-demand request that is tracked: its window starts anew, once), duplicate, not_eligible (detail names the criteria not met), cancelled, outcome, or ignored (detail says what it was, also for NULL). Raises 22023 naming the field for a damaged message, and for a NULL or infinite received_at where the instant matters';
SELECT poa_internal.permit('FUNCTION poa.receive(text, timestamptz)', '{operator}');

CREATE FUNCTION poa.receive(message xml, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE sql ROWS 1
BEGIN ATOMIC
	SELECT * FROM poa.receive(message::text, received_at);
END;
COMMENT ON FUNCTION poa.receive(xml, timestamptz) IS 'poa.receive(text, timestamptz) for a message that is an xml value.'
	' Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.receive(xml, timestamptz)', '{operator}');
