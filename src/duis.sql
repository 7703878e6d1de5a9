/*
 * The XML that service users and the DCC exchange (DUIS).
 *
 * PostgreSQL's own xml type reads it: its parser is kept, bounded in depth and
 * loads no external entity.  Elements are matched by namespace URI.  Every
 * element that matters must stand just once where the schema has it once;
 * count(), string() and [last() = 1] see to it without an error of XPath's own.
 */

CREATE FUNCTION poa_internal.xs_datetime(text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'poa_xs_datetime' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.xs_datetime(text) IS
	'the UTC instant that an xs:dateTime names, without a zone read as UTC; NULL where the text is none or is NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.xs_datetime(text)', '{operator}');

CREATE FUNCTION poa_internal.is_eui(text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE	/* were it STRICT, it would not be inlined */
RETURN $1 IS NOT NULL AND length($1) = 23 AND $1 LIKE '__-%' AND @extschema@.try_guid($1) IS NOT NULL;
COMMENT ON FUNCTION poa_internal.is_eui(text) IS
	'whether a text is an EUI as DUIS writes it: with hyphens, unlike the other forms of a guid; false for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.is_eui(text)', '{operator}');

CREATE FUNCTION poa_internal.base64_octets(text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN b.digits ~ '^[0-9A-Za-z+/]+={0,2}$' AND length(b.digits) % 4 = 0
		THEN decode(b.digits, 'base64') END
	FROM (VALUES (translate($1, E' \t\r\n', ''))) AS b (digits)
$$;
COMMENT ON FUNCTION poa_internal.base64_octets(text) IS
	'the octets of an xs:base64Binary; NULL where the text is none, is empty or is NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.base64_octets(text)', '{operator}');

/*
 * What all readers of messages ask first, is_readable(), which is inlined, being
 * without a SET and not STRICT; and what it does with a message that they must
 * not read.  16 MiB are enough: an image of firmware has less than a megabyte.
 */
CREATE FUNCTION poa_internal.refuse_unreadable(message xml) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF octet_length(message::text) > 16 * 1024 * 1024 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'invalid DUIS message: too long',
			DETAIL = format('It has %s bytes, more than %s.', octet_length(message::text), 16 * 1024 * 1024);
	END IF;
	RAISE invalid_parameter_value USING
		MESSAGE = 'invalid DUIS message: document type declaration',
		DETAIL = 'A DUIS message has none; entities that it could declare are not read.';
END
$$;
COMMENT ON FUNCTION poa_internal.refuse_unreadable(xml) IS
	'raises 22023 for what poa_internal.is_readable refuses: a message of more than 16 MiB, or else with a document type declaration';
SELECT poa_internal.permit('FUNCTION poa_internal.refuse_unreadable(xml)', '{operator}');

CREATE FUNCTION poa_internal.is_readable(message xml) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN octet_length($1::text) > 16 * 1024 * 1024 OR position('<!DOCTYPE' IN $1::text) > 0 THEN poa_internal.refuse_unreadable($1)
	ELSE $1 IS DOCUMENT END;
COMMENT ON FUNCTION poa_internal.is_readable(xml) IS
	'whether an xml value is a document, as every message is; NULL for NULL. Raises 22023 for one with a document type declaration or of more than 16 MiB';
SELECT poa_internal.permit('FUNCTION poa_internal.is_readable(xml)', '{operator}');

CREATE FUNCTION poa_internal.refuse_message(message text, field text, problem text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE invalid_parameter_value USING
		MESSAGE = format('invalid %s: %s', message, field),
		DETAIL = format('%s %s.', field, problem),
		HINT = 'The message was not acted on; ask its sender for a valid one.';
END
$$;
COMMENT ON FUNCTION poa_internal.refuse_message(text, text, text) IS
	'raises 22023 for a field of a message, in the one form that all readers of messages have';
SELECT poa_internal.permit('FUNCTION poa_internal.refuse_message(text, text, text)', '{operator}');

CREATE FUNCTION poa.duis_activation(message xml)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid,
	command_variant smallint, activates_at timestamptz, cancels boolean)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	white_space CONSTANT text := E' \t\r\n';
	cancellation CONSTANT timestamptz := '3000-12-31 00:00:00+00';
	m record;
	id text[];
	octets bytea;
	payload record;
	once CONSTANT text := 'must stand exactly once';
	/* "singles" has true or false for each; what else does not stand exactly once is NULL or empty */
	fields CONSTANT text[] := ARRAY['Header', 'ServiceReference', 'ServiceReferenceVariant', 'Body'];
	wrong text[];
BEGIN
	IF NOT poa_internal.is_readable(message) THEN
		RETURN;
	END IF;
	SELECT x.* INTO m
	FROM XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/sr:Request' PASSING message COLUMNS
		singles text PATH 'concat(count(sr:Header) = 1, count(sr:Header/sr:ServiceReference) = 1,
			count(sr:Header/sr:ServiceReferenceVariant) = 1, count(sr:Body) = 1)',
		request_id text PATH 'sr:Header[1]/sr:RequestID[last() = 1]',
		variant text PATH 'sr:Header[1]/sr:CommandVariant[last() = 1]',
		ref text PATH 'normalize-space(sr:Header/sr:ServiceReference)',
		ref_variant text PATH 'normalize-space(sr:Header/sr:ServiceReferenceVariant)',
		contents integer PATH 'count(sr:Body/*)',
		activations integer PATH 'count(sr:Body/sr:ActivateFirmware)',
		signed integer PATH 'count(sr:Body/sr:SignedPreCommand)',
		times integer PATH 'count(sr:Body/sr:ActivateFirmware/sr:ExecutionDateTime)',
		at text PATH 'string(sr:Body/sr:ActivateFirmware/sr:ExecutionDateTime)',
		hash text PATH 'normalize-space(sr:Body/sr:ActivateFirmware/sr:FirmwareHash[last() = 1])',
		payload text PATH 'string(sr:Body/sr:SignedPreCommand/sr:GBCSPayload[last() = 1])'
	) AS x;
	IF NOT FOUND OR '11.3' NOT IN (m.ref, m.ref_variant) AND m.activations = 0 THEN
		RETURN;
	END IF;

	/* originator, target, and an xs:unsignedLong without leading zeros */
	request_id := btrim(m.request_id, white_space);
	id := string_to_array(request_id, ':');
	octets := CASE m.signed WHEN 1 THEN poa_internal.base64_octets(m.payload) END;
	wrong := CASE
		WHEN m.request_id IS NULL AND m.singles LIKE 'true%' THEN ARRAY['RequestID', once]
		WHEN m.singles LIKE '%f%' THEN ARRAY[fields[position('f' IN m.singles) / length('true') + 1], once]
		WHEN m.variant IS NULL THEN ARRAY['CommandVariant', once]
		WHEN cardinality(id) <> 3 OR NOT poa_internal.is_eui(id[1]) OR NOT poa_internal.is_eui(id[2])
			OR ltrim(id[3], '0123456789') <> '' OR length(id[3]) NOT BETWEEN 1 AND 20 OR id[3] LIKE '0_%' THEN
			ARRAY['RequestID', format('%s is not originator:target:counter', quote_literal(left(m.request_id, 100)))]
		WHEN id[3]::numeric > 18446744073709551615 THEN ARRAY['RequestID', 'has a counter that does not fit 64 bits']
		WHEN m.ref <> '11.3' THEN ARRAY['ServiceReference', 'must be 11.3']
		WHEN m.ref_variant <> '11.3' THEN ARRAY['ServiceReferenceVariant', 'must be 11.3']
		WHEN m.contents <> 1 OR m.activations + m.signed <> 1 THEN
			ARRAY['Body', 'must hold one of ActivateFirmware and SignedPreCommand, and nothing else']
		WHEN m.activations = 1 AND btrim(m.variant, white_space) <> '4' THEN ARRAY['CommandVariant', 'must be 4 with ActivateFirmware']
		WHEN m.signed = 1 AND btrim(m.variant, white_space) NOT IN ('5', '6', '7') THEN
			ARRAY['CommandVariant', 'must be 5, 6 or 7 with SignedPreCommand']
		WHEN m.times > 1 THEN ARRAY['ExecutionDateTime', 'must not stand twice']
		WHEN m.times = 1 AND poa_internal.xs_datetime(m.at) IS NULL THEN
			ARRAY['ExecutionDateTime', format('%s is not an xs:dateTime', quote_literal(left(m.at, 100)))]
		WHEN m.activations = 1 AND (length(m.hash) <> 64 OR m.hash !~ '^[0-9A-Fa-f]*$') THEN
			ARRAY['FirmwareHash', once || ' and be 32 octets in hex']
		WHEN m.signed = 1 AND octets IS NULL THEN
			ARRAY['GBCSPayload', once || ' and be base64']
		END;
	IF wrong IS NOT NULL THEN
		PERFORM poa_internal.refuse_message('DUIS service request 11.3', wrong[1], wrong[2]);
	END IF;

	originator := id[1];
	device := id[2];
	command_variant := m.variant;
	IF m.signed = 1 THEN
		SELECT g.* INTO payload FROM poa.gbcs_activation(octets) AS g;
		IF payload.kind IS DISTINCT FROM 'command' THEN
			PERFORM poa_internal.refuse_message('DUIS service request 11.3', 'GBCSPayload', 'must be a command of use case CS06');
		ELSIF payload.recipient OPERATOR(@extschema@.<>) device THEN
			PERFORM poa_internal.refuse_message('DUIS service request 11.3', 'GBCSPayload',
				format('is for device %s, the RequestID for %s', payload.recipient, device));
		END IF;
		activates_at := payload.activates_at;
		cancels := payload.cancels;
	ELSE
		activates_at := CASE m.times WHEN 1 THEN poa_internal.xs_datetime(m.at) END;
		cancels := coalesce(activates_at = cancellation, false);
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.duis_activation(xml) IS
	'reads a service request 11.3 (Activate Firmware), also a signed pre-command, whose time is in its GBCS payload: one row, none for any other message or NULL. activates_at is a UTC instant, NULL for on demand; a cancellation has cancels true, and the distant time that says so. Raises 22023 naming the field for a missing or invalid one (DUIS 11.3)';
SELECT poa_internal.permit('FUNCTION poa.duis_activation(xml)', '{operator}');

CREATE FUNCTION poa.duis_alert(message xml)
RETURNS TABLE (alert_code text, chf @extschema@.guid, mpxn text, outage_started_at timestamptz,
	issued_at timestamptz, response_id text, alert_count integer)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	m record;
	once CONSTANT text := 'must stand exactly once';
	/* "singles" has true or false for each: whether it does */
	fields CONSTANT text[] := ARRAY['Header', 'Body', 'PowerOutageEvent', 'ResponseDateTime', 'DCCAlertCode',
		'CommsHubDeviceID', 'StartDateTime', 'MPxN'];
	wrong text[];
BEGIN
	IF NOT poa_internal.is_readable(message) THEN
		RETURN;
	END IF;
	SELECT x.* INTO m
	FROM XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/sr:Response' PASSING message COLUMNS
		events integer PATH 'count(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent)',
		singles text PATH 'concat(count(sr:Header) = 1, count(sr:Body/*) = 1,
			count(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent) = 1,
			count(sr:Header/sr:ResponseDateTime) = 1, count(sr:Body/sr:DCCAlertMessage/sr:DCCAlertCode) = 1,
			count(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:CommsHubDeviceID) = 1,
			count(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:StartDateTime) = 1,
			count(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:MPxN) = 1)',
		response_ids integer PATH 'count(sr:Header/sr:ResponseID)',
		response_id text PATH 'normalize-space(sr:Header/sr:ResponseID)',
		issued text PATH 'string(sr:Header/sr:ResponseDateTime)',
		code text PATH 'normalize-space(sr:Body/sr:DCCAlertMessage/sr:DCCAlertCode)',
		counts integer PATH 'count(sr:Body/sr:DCCAlertMessage/sr:ThrottledAlertCount)',
		throttled text PATH 'normalize-space(sr:Body/sr:DCCAlertMessage/sr:ThrottledAlertCount)',
		hub text PATH 'normalize-space(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:CommsHubDeviceID)',
		started text PATH 'string(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:StartDateTime)',
		mpxn text PATH 'string(sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:PowerOutageEvent/sr:MPxN)'
	) AS x;
	IF NOT FOUND OR m.events = 0 THEN
		RETURN;
	END IF;

	wrong := CASE
		WHEN m.singles LIKE '%f%' THEN ARRAY[fields[position('f' IN m.singles) / length('true') + 1], once]
		WHEN m.response_ids > 1 THEN ARRAY['ResponseID', 'must not stand twice']
		WHEN poa_internal.xs_datetime(m.issued) IS NULL THEN ARRAY['ResponseDateTime', 'must be an xs:dateTime']
		WHEN m.code = '' THEN ARRAY['DCCAlertCode', 'must not be empty']
		WHEN m.counts > 1 OR m.counts = 1 AND m.throttled !~ '^[0-9]{1,9}$' THEN
			ARRAY['ThrottledAlertCount', 'must not stand twice, and be a number of at most nine digits']
		WHEN NOT poa_internal.is_eui(m.hub) THEN
			ARRAY['CommsHubDeviceID', 'must be an EUI-64 with hyphens']
		WHEN poa_internal.xs_datetime(m.started) IS NULL THEN ARRAY['StartDateTime', 'must be an xs:dateTime']
		WHEN m.mpxn = '' THEN ARRAY['MPxN', 'must not be empty']
		END;
	IF wrong IS NOT NULL THEN
		PERFORM poa_internal.refuse_message('DUIS power outage alert', wrong[1], wrong[2]);
	END IF;

	alert_code := m.code;
	chf := m.hub;
	mpxn := m.mpxn;
	outage_started_at := poa_internal.xs_datetime(m.started);
	issued_at := poa_internal.xs_datetime(m.issued);
	response_id := nullif(m.response_id, '');
	alert_count := CASE m.counts WHEN 1 THEN greatest(m.throttled::integer, 1) ELSE 1 END;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.duis_alert(xml) IS
	'reads a DCC alert that carries a PowerOutageEvent: one row, none for any other message or NULL. outage_started_at and issued_at are UTC instants; mpxn is as sent; response_id is NULL where the message has none; alert_count is how many alerts a throttled one stands for, else 1. Raises 22023 naming the field for a missing or invalid one (DUIS DCCAlertMessage)';
SELECT poa_internal.permit('FUNCTION poa.duis_alert(xml)', '{operator}');

CREATE FUNCTION poa.duis_outcome(message xml)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid, counter numeric,
	outcome text, executed_at timestamptz, firmware_version text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	m record;
	octets bytea;
	payload record;
BEGIN
	IF NOT poa_internal.is_readable(message) THEN
		RETURN;
	END IF;
	SELECT x.* INTO m
	FROM XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/sr:Response/sr:Body/sr:ResponseMessage[normalize-space(sr:ServiceReferenceVariant) = "11.3"]'
		PASSING message COLUMNS
		payloads integer PATH 'count(sr:GBCSPayload | sr:FutureDatedDeviceAlertMessage/sr:GBCSPayload)',
		payload text PATH 'string(sr:GBCSPayload | sr:FutureDatedDeviceAlertMessage/sr:GBCSPayload)'
	) AS x;
	IF NOT FOUND OR m.payloads = 0 THEN
		RETURN;
	END IF;

	octets := poa_internal.base64_octets(m.payload);
	IF m.payloads > 1 OR octets IS NULL THEN
		PERFORM poa_internal.refuse_message('DUIS response to 11.3', 'GBCSPayload', 'must stand exactly once and be base64');
	END IF;
	SELECT g.* INTO payload FROM poa.gbcs_activation(octets) AS g;
	IF payload.outcome IS NULL THEN
		PERFORM poa_internal.refuse_message('DUIS response to 11.3', 'GBCSPayload', 'must be a response or an alert of use case CS06');
	END IF;

	/* the meter answers, so originator and recipient change places */
	originator := payload.recipient;
	device := payload.originator;
	counter := payload.counter;
	request_id := concat_ws(':', originator, device, counter);
	outcome := payload.outcome;
	executed_at := payload.activates_at;
	firmware_version := payload.firmware_version;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION poa.duis_outcome(xml) IS
	'reads the meter''s answer to a service request 11.3, a response or a future-dated device alert: one row, none for any other message or NULL. request_id is that of the command, in upper case; outcome is accepted, succeeded, no_image_held, hash_mismatch or activation_failure; executed_at is the UTC instant of the execution, NULL in a response. Raises 22023 naming the field for a missing or invalid one (DUIS ResponseMessage, GBCS CS06)';
SELECT poa_internal.permit('FUNCTION poa.duis_outcome(xml)', '{operator}');

/*
 * What any message is, for people to read.
 */
CREATE FUNCTION poa.duis_name(message xml) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN m IS NULL THEN 'no XML document'
		WHEN m.uri <> 'http://www.dccinterface.co.uk/ServiceUserGateway' OR m.root NOT IN ('Request', 'Response')
			THEN format('no DUIS message: root element %s of namespace "%s"', m.root, m.uri)
		WHEN m.root = 'Request' THEN
			format('service request %s', coalesce(nullif(m.ref_variant, ''), 'without a ServiceReferenceVariant'))
		WHEN m.body = 'DCCAlertMessage' THEN format('DCC alert %s', m.dcc_alert_code)
		WHEN m.body = 'DeviceAlertMessage' THEN format('device alert %s', m.device_alert_code)
		WHEN m.body = 'ResponseMessage' THEN format('response to service request %s: %s', m.response_variant, m.content)
		ELSE format('response %s%s', m.response_code, ' with ' || nullif(m.body, ''))
		END
	FROM (SELECT) AS one
	LEFT JOIN XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
		'/*' PASSING CASE WHEN poa_internal.is_readable(message) THEN message END COLUMNS
		uri text PATH 'namespace-uri(.)',
		root text PATH 'local-name(.)',
		ref_variant text PATH 'normalize-space(sr:Header/sr:ServiceReferenceVariant)',
		body text PATH 'local-name(sr:Body/*[1])',
		dcc_alert_code text PATH 'normalize-space(sr:Body/sr:DCCAlertMessage/sr:DCCAlertCode)',
		device_alert_code text PATH 'normalize-space(sr:Body/sr:DeviceAlertMessage/sr:AlertCode)',
		response_variant text PATH 'normalize-space(sr:Body/sr:ResponseMessage/sr:ServiceReferenceVariant)',
		content text PATH 'local-name(sr:Body/sr:ResponseMessage/*[last()])',
		response_code text PATH 'normalize-space(sr:Header/sr:ResponseCode)'
	) AS m ON true
$$;
COMMENT ON FUNCTION poa.duis_name(xml) IS
	'what a message is, by name: its service request, alert or response; NULL for NULL. Raises 22023 for one that poa_internal.is_readable refuses';
SELECT poa_internal.permit('FUNCTION poa.duis_name(xml)', '{operator}');
