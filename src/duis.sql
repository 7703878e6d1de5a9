/*
 * The XML that service users and the DCC exchange (DUIS).
 *
 * PostgreSQL's own xml type reads it: its parser is kept, bounded and loads no
 * external entity.  Elements are matched by namespace URI.
 */

CREATE FUNCTION poa.xs_datetime(text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'poa_xs_datetime' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa.xs_datetime(text) IS
	'the UTC instant that an xs:dateTime names, without a zone read as UTC; NULL where the text is none or is NULL';
REVOKE ALL ON FUNCTION poa.xs_datetime(text) FROM PUBLIC;

CREATE FUNCTION poa.duis_activation(message xml)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid,
	command_variant smallint, activates_at timestamptz, cancels boolean)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	/* DUIS EUI, and an xs:unsignedLong without leading zeros */
	id_pattern CONSTANT text :=
		'^([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}):([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){7}):(0|[1-9][0-9]{0,19})$';
	cancellation CONSTANT timestamptz := '3000-12-31 00:00:00+00';
	white_space CONSTANT text := E' \t\r\n';
	m record;
	octets text;
	payload record;
	id text[];
	wrong record;
BEGIN
	IF NOT message IS DOCUMENT THEN
		RETURN;
	END IF;
	IF position('<!DOCTYPE' IN message::text) > 0 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'invalid DUIS message: document type declaration',
			DETAIL = 'A DUIS message has none; entities that it could declare are not read.';
	END IF;

	SELECT x.* INTO m
	FROM XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/sr:Request' PASSING message COLUMNS
		headers integer PATH 'count(sr:Header)',
		request_ids integer PATH 'count(sr:Header/sr:RequestID)',
		request_id text PATH 'string(sr:Header/sr:RequestID)',
		variants integer PATH 'count(sr:Header/sr:CommandVariant)',
		variant text PATH 'normalize-space(sr:Header/sr:CommandVariant)',
		service_references integer PATH 'count(sr:Header/sr:ServiceReference)',
		service_reference text PATH 'normalize-space(sr:Header/sr:ServiceReference)',
		service_variants integer PATH 'count(sr:Header/sr:ServiceReferenceVariant)',
		service_variant text PATH 'normalize-space(sr:Header/sr:ServiceReferenceVariant)',
		bodies integer PATH 'count(sr:Body)',
		activations integer PATH 'count(sr:Body/sr:ActivateFirmware)',
		signed integer PATH 'count(sr:Body/sr:SignedPreCommand)',
		others integer PATH 'count(sr:Body/*)',
		times integer PATH 'count(sr:Body/sr:ActivateFirmware/sr:ExecutionDateTime)',
		at text PATH 'string(sr:Body/sr:ActivateFirmware/sr:ExecutionDateTime)',
		hashes integer PATH 'count(sr:Body/sr:ActivateFirmware/sr:FirmwareHash)',
		hash text PATH 'normalize-space(sr:Body/sr:ActivateFirmware/sr:FirmwareHash)',
		payloads integer PATH 'count(sr:Body/sr:SignedPreCommand/sr:GBCSPayload)',
		payload text PATH 'string(sr:Body/sr:SignedPreCommand/sr:GBCSPayload)'
	) AS x;
	IF NOT FOUND OR '11.3' NOT IN (m.service_reference, m.service_variant) AND m.activations = 0 THEN
		RETURN;
	END IF;

	id := regexp_match(btrim(m.request_id, white_space), id_pattern);
	SELECT c.field, c.problem INTO wrong
	FROM (VALUES
		(1, 'Header', m.headers = 1, 'must stand exactly once'),
		(2, 'RequestID', m.request_ids = 1, 'must stand exactly once'),
		(3, 'RequestID', id IS NOT NULL, format('%s is not originator:target:counter', quote_literal(left(m.request_id, 100)))),
		(4, 'RequestID', id[3]::numeric <= 18446744073709551615, 'its counter does not fit 64 bits'),
		(5, 'CommandVariant', m.variants = 1, 'must stand exactly once'),
		(6, 'ServiceReference', m.service_references = 1 AND m.service_reference = '11.3', 'must be 11.3'),
		(7, 'ServiceReferenceVariant', m.service_variants = 1 AND m.service_variant = '11.3', 'must be 11.3'),
		(8, 'Body', m.bodies = 1 AND m.others = 1 AND m.activations + m.signed = 1,
			'must stand exactly once and hold ActivateFirmware or SignedPreCommand and nothing else'),
		(9, 'CommandVariant', m.activations = 0 OR m.variant = '4', 'must be 4 for ActivateFirmware'),
		(10, 'CommandVariant', m.signed = 0 OR m.variant IN ('5', '6', '7'), 'must be 5, 6 or 7 for SignedPreCommand'),
		(11, 'ExecutionDateTime', m.times <= 1, 'must not stand twice'),
		(12, 'ExecutionDateTime', m.times = 0 OR poa.xs_datetime(m.at) IS NOT NULL,
			format('%s is not an xs:dateTime', quote_literal(left(m.at, 100)))),
		(13, 'FirmwareHash', m.activations = 0 OR m.hashes = 1 AND m.hash ~ '^[0-9A-Fa-f]{64}$',
			'must stand exactly once and be 32 octets in hex'),
		(14, 'GBCSPayload', m.signed = 0 OR m.payloads = 1, 'must stand exactly once')
	) AS c (n, field, ok, problem)
	WHERE c.ok IS NOT TRUE ORDER BY c.n LIMIT 1;
	IF NOT FOUND AND m.signed = 1 THEN
		octets := translate(m.payload, white_space, '');
		IF octets ~ '^[0-9A-Za-z+/]+={0,2}$' AND length(octets) % 4 = 0 THEN
			SELECT p.* INTO payload FROM poa.gbcs_activation(decode(octets, 'base64')) AS p;
			SELECT c.field, c.problem INTO wrong
			FROM (VALUES
				(1, 'GBCSPayload', payload.kind = 'command', 'must be a CS06 command'),
				(2, 'GBCSPayload', payload.recipient OPERATOR(@extschema@.=) id[2]::@extschema@.guid,
					format('is for device %s, the RequestID for %s', payload.recipient, id[2]))
			) AS c (n, field, ok, problem)
			WHERE c.ok IS NOT TRUE ORDER BY c.n LIMIT 1;
		ELSE
			SELECT 'GBCSPayload' AS field, 'is not base64' AS problem INTO wrong;
		END IF;
	END IF;
	IF wrong.field IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('invalid DUIS service request 11.3: %s', wrong.field),
			DETAIL = format('%s %s.', wrong.field, wrong.problem),
			HINT = 'The message is not acted on; ask its sender for a valid one.';
	END IF;

	request_id := btrim(m.request_id, white_space);
	originator := id[1];
	device := id[2];
	command_variant := m.variant;
	IF m.signed = 1 THEN
		activates_at := payload.activates_at;
		cancels := payload.cancels;
	ELSE
		activates_at := CASE WHEN m.times = 1 THEN poa.xs_datetime(m.at) END;
		cancels := coalesce(activates_at = cancellation, false);
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.duis_activation(xml) IS
	'reads a service request 11.3 (Activate Firmware), also a signed pre-command, whose time is in its GBCS payload: one row, none for any other message or NULL. activates_at is a UTC instant, NULL for on demand; a cancellation has cancels true and the distant time that says so. Raises 22023 naming the field for a missing or invalid one (DUIS 11.3)';
REVOKE ALL ON FUNCTION poa.duis_activation(xml) FROM PUBLIC;

/*
 * What a message is that is no service request 11.3, for people to read.
 */
CREATE FUNCTION poa.duis_name(message xml) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN m IS NULL THEN 'no XML document'
		WHEN m.uri <> 'http://www.dccinterface.co.uk/ServiceUserGateway' OR m.root NOT IN ('Request', 'Response')
			THEN format('no DUIS message: root element %s of namespace "%s"', m.root, m.uri)
		WHEN m.root = 'Request' THEN format('service request %s', coalesce(nullif(m.service_variant, ''), 'without a ServiceReferenceVariant'))
		WHEN m.body = 'DCCAlertMessage' THEN format('DCC alert %s', m.dcc_alert_code)
		WHEN m.body = '' THEN format('response %s', m.response_code)
		ELSE format('response %s with %s', m.response_code, m.body)
		END
	FROM (SELECT) AS one
	LEFT JOIN XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/*' PASSING CASE WHEN message IS DOCUMENT THEN message END COLUMNS
		uri text PATH 'namespace-uri(.)',
		root text PATH 'local-name(.)',
		service_variant text PATH 'normalize-space(sr:Header/sr:ServiceReferenceVariant)',
		body text PATH 'local-name(sr:Body/*[1])',
		dcc_alert_code text PATH 'normalize-space(sr:Body/sr:DCCAlertMessage/sr:DCCAlertCode)',
		response_code text PATH 'normalize-space(sr:Header/sr:ResponseCode)'
	) AS m ON true
$$;
COMMENT ON FUNCTION poa.duis_name(xml) IS
	'what a DUIS message is, by name: its service request, alert or response; NULL for NULL';
REVOKE ALL ON FUNCTION poa.duis_name(xml) FROM PUBLIC;

CREATE FUNCTION poa.receive(message xml, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE plpgsql ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	m record;
	known bigint;
BEGIN
	SELECT d.* INTO m FROM poa.duis_activation(message) AS d;
	IF NOT FOUND THEN
		action := 'ignored';
		detail := coalesce(poa.duis_name(message), 'no message');
	ELSIF m.cancels THEN
		action := 'cancelled';
		detail := format('%s pending activations of device %s', poa.cancel_activation(m.device, received_at), m.device);
	ELSE
		SELECT a.activation_id INTO known FROM poa.activation AS a WHERE a.request_id = m.request_id;
		activation_id := poa.track_activation(m.device, m.activates_at, m.request_id, received_at);
		IF activation_id IS NULL THEN
			action := 'not_eligible';
			SELECT string_agg(e.criterion, ', ') INTO detail FROM poa.eligibility(m.device) AS e WHERE NOT e.met;
			detail := format('device %s does not meet: %s', m.device, detail);
		ELSIF activation_id = known THEN
			action := 'duplicate';
			detail := format('request %s is tracked already', m.request_id);
		ELSE
			action := 'tracked';
			SELECT format('device %s on hub %s, window %s to %s, %s', a.device, a.chf, a.opens_at, a.closes_at, a.status)
			INTO detail FROM poa.activation AS a WHERE a.activation_id = receive.activation_id;
		END IF;
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.receive(xml, timestamptz) IS
	'acts on a DUIS message received at a UTC instant and says in one row what was done: tracked, duplicate, not_eligible (detail names the criteria not met), cancelled, or ignored (detail says what it was). Raises 22023 naming the field for a damaged service request 11.3, and for a NULL or infinite received_at where the instant matters';
REVOKE ALL ON FUNCTION poa.receive(xml, timestamptz) FROM PUBLIC;
