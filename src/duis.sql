/*
 * The XML that service users and the DCC exchange (DUIS).
 *
 * PostgreSQL's own xml type reads it: its parser is kept, bounded in depth and
 * loads no external entity.  A message is parsed once, into its fields, whatever
 * it turns out to be; the functions behind take what they are about from there.
 * Elements are matched by namespace URI.
 */

CREATE FUNCTION poa_internal.xs_datetime(text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'poa_xs_datetime' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.xs_datetime(text) IS
	'the UTC instant that an xs:dateTime names.'
	' Without a zone it is read as UTC; NULL where the text is none or is NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.xs_datetime(text)', '{operator}');

CREATE FUNCTION poa_internal.is_eui(text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE	/* were it STRICT, it would not be inlined */
RETURN $1 IS NOT NULL AND length($1) = 23 AND $1 LIKE '__-%' AND @extschema@.try_guid($1) IS NOT NULL;
COMMENT ON FUNCTION poa_internal.is_eui(text) IS
	'whether a text is an EUI as DUIS writes it.'
	' That is with hyphens, unlike the other forms of a guid; false for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.is_eui(text)', '{operator}');

/* in functions that cost little; a regular expression with bounds costs more than parsing the message */
CREATE FUNCTION poa_internal.is_request_id(text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN poa_internal.is_eui(split_part($1, ':', 1)) AND poa_internal.is_eui(split_part($1, ':', 2))
		AND length($1) = 48 + length(split_part($1, ':', 3)) AND length($1) BETWEEN 49 AND 68
		AND ltrim(split_part($1, ':', 3), '0123456789') = '' AND (length($1) = 49 OR substr($1, 49, 1) <> '0')
	THEN length($1) < 68 OR substr($1, 49)::numeric <= 18446744073709551615
	ELSE false END;
COMMENT ON FUNCTION poa_internal.is_request_id(text) IS
	'whether a text is a RequestID, false for NULL.'
	' That is originator:target:counter, two EUIs and an xs:unsignedLong without leading zeros';
SELECT poa_internal.permit('FUNCTION poa_internal.is_request_id(text)', '{operator}');

CREATE FUNCTION poa_internal.base64_octets(text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN translate($1, E' \t\r\n', '') ~ '^[0-9A-Za-z+/]+={0,2}$' AND length(translate($1, E' \t\r\n', '')) % 4 = 0
	THEN decode($1, 'base64') END;
COMMENT ON FUNCTION poa_internal.base64_octets(text) IS
	'the octets of an xs:base64Binary.'
	' NULL where the text is none, is empty or is NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.base64_octets(text)', '{operator}');

CREATE FUNCTION poa_internal.one_document(message text) RETURNS xml
	AS 'MODULE_PATHNAME', 'poa_one_document' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.one_document(text) IS
	'the one XML document in a text, not parsed yet. Byte order marks before it are left out,'
	' and so is the XML declaration, whose encoding means nothing here. In a database whose encoding is not UTF8,'
	' characters beyond ASCII are references. Raises 22023 for what is not exactly one'
	' document, has a document type declaration or more than 16 MiB; NULL for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.one_document(text)', '{operator}');

CREATE FUNCTION poa_internal.fields_object(fields text[]) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'poa_fields_object' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.fields_object(text[]) IS
	'an object of fields, each a text "name=value".'
	' A value is null where its name stands more than once; NULL for NULL. Raises 22P05 where a value, which is UTF-8 as'
	' XMLTABLE leaves it, has a character that the database does not have';
SELECT poa_internal.permit('FUNCTION poa_internal.fields_object(text[])', '{operator}');

/*
 * Of the elements down to what a body holds, and further down in those that hold
 * fields.  They are named, so that the part of a message that does not matter may
 * be of any size, and looked for only where their names are in the text.  A body
 * that holds other than one message has its root with it.
 */
CREATE FUNCTION poa_internal.message_fields(message text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	document CONSTANT xml := poa_internal.one_document(message);
	str CONSTANT text := document;
	rows CONSTANT text := '/sr:*/sr:* | /sr:*/sr:*/* | /sr:*/sr:Body[count(*) != 1]/..'
		|| CASE WHEN strpos(str, 'ActivateFirmware') > 0 THEN ' | /sr:*/sr:Body/sr:ActivateFirmware/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'SignedPreCommand') > 0 THEN ' | /sr:*/sr:Body/sr:SignedPreCommand/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'ReturnLocalCommandResponse') > 0 THEN ' | /sr:*/sr:Body/sr:ReturnLocalCommandResponse/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'ResponseMessage') > 0 THEN ' | /sr:*/sr:Body/sr:ResponseMessage/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'DeviceAlertMessage') > 0 THEN ' | /sr:*/sr:Body/sr:DeviceAlertMessage/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'FutureDatedDeviceAlertMessage') > 0 THEN
			' | /sr:*/sr:Body/sr:FutureDatedDeviceAlertMessage/sr:* | /sr:*/sr:Body/sr:*/sr:FutureDatedDeviceAlertMessage/sr:*' ELSE '' END
		|| CASE WHEN strpos(str, 'DCCAlert') > 0 THEN
			' | /sr:*/sr:Body/sr:DCCAlertMessage/sr:* | /sr:*/sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:*'
			' | /sr:*/sr:Body/sr:DCCAlertMessage/sr:DCCAlert/sr:*'
			'[self::sr:PowerOutageEvent or self::sr:CommandFailure or self::sr:QuarantinedRequest]/sr:*' ELSE '' END;
BEGIN
	RETURN poa_internal.fields_object(ARRAY(
		SELECT e.field
		FROM XMLTABLE(XMLNAMESPACES('http://www.dccinterface.co.uk/ServiceUserGateway' AS sr),
			rows PASSING document
			COLUMNS field text PATH 'concat(local-name(..), "/", local-name(self::sr:*), "=", self::*[not(*)])') AS e));
END
$$;
COMMENT ON FUNCTION poa_internal.message_fields(text) IS
	'the fields of a DUIS message by "parent/element".'
	' It is parsed nowhere else. The value is the text of an element, empty where it holds others, and null where it stands more than once.'
	' An element of another namespace has no name; the root has no parent, and stands here where a body does not hold'
	' exactly one element. No fields for a message whose root element is of another namespace; NULL for NULL.'
	' Raises 22023 for what poa_internal.one_document refuses, and PostgreSQL''s own error for what is not well formed';
SELECT poa_internal.permit('FUNCTION poa_internal.message_fields(text)', '{operator}');

CREATE FUNCTION poa_internal.token(fields jsonb, name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim($1 ->> $2, E' \t\r\n');
COMMENT ON FUNCTION poa_internal.token(jsonb, text) IS
	'a field of poa_internal.message_fields, trimmed.'
	' NULL where it does not stand exactly once';
SELECT poa_internal.permit('FUNCTION poa_internal.token(jsonb, text)', '{operator}');

CREATE FUNCTION poa_internal.message_kind(fields jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN $1 ?| ARRAY['Request/Header', 'Request/Body'] THEN CASE
		WHEN poa_internal.token($1, 'Header/ServiceReference') = '11.3'
			OR poa_internal.token($1, 'Header/ServiceReferenceVariant') = '11.3'
			OR $1 ? 'Body/ActivateFirmware'
			OR $1 ? 'Body/SignedPreCommand' AND $1 ->> 'Header/ServiceReference' IS NULL
				AND $1 ->> 'Header/ServiceReferenceVariant' IS NULL
			THEN 'activation'
		WHEN $1 ? 'Body/ReturnLocalCommandResponse' THEN 'answer'
		ELSE 'request' END
	WHEN $1 ?| ARRAY['Response/Header', 'Response/Body'] THEN CASE
		WHEN $1 ? 'Body/DCCAlertMessage' THEN CASE
			WHEN $1 ? 'DCCAlert/PowerOutageEvent' THEN 'power_outage'
			WHEN $1 ?| ARRAY['DCCAlert/CommandFailure', 'DCCAlert/QuarantinedRequest'] THEN 'refusal'
			ELSE 'dcc_alert' END
		WHEN $1 ? 'Body/DeviceAlertMessage' THEN
			/* those that an answer comes in */
			CASE WHEN upper(poa_internal.token($1, 'DeviceAlertMessage/AlertCode')) IN ('8F66', '8F67', '8F85') THEN 'answer'
			ELSE 'device_alert' END
		/* without its references a response is known by its RequestID alone */
		WHEN coalesce(poa_internal.token($1, 'ResponseMessage/ServiceReferenceVariant'),
				poa_internal.token($1, 'ResponseMessage/ServiceReference'), '11.3') = '11.3' THEN CASE
			WHEN $1 ?| ARRAY['ResponseMessage/GBCSPayload', 'FutureDatedDeviceAlertMessage/GBCSPayload'] THEN 'answer'
			WHEN $1 ? 'Body/ResponseMessage' AND poa_internal.token($1, 'Header/ResponseCode') LIKE 'E%' THEN 'refusal'
			ELSE 'response' END
		ELSE 'response' END
	ELSE 'other' END;
COMMENT ON FUNCTION poa_internal.message_kind(jsonb) IS
	'what a message is, by its poa_internal.message_fields.'
	' activation, answer, refusal, power_outage and others. An activation is a service request 11.3, an answer may be the'
	' meter''s to one, a refusal says of a request that it was not carried out. other for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.message_kind(jsonb)', '{operator}');

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
	'raises 22023 for a field of a message.'
	' All readers of messages have this one form';
SELECT poa_internal.permit('FUNCTION poa_internal.refuse_message(text, text, text)', '{operator}');

/*
 * A payload that the meter reads, or wrote, must be about the request that the
 * message is about.
 */
CREATE FUNCTION poa_internal.check_payload(message text, field text, payload poa_internal.gbcs_message, request_id text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	id CONSTANT text[] := string_to_array(upper(request_id), ':');
	given CONSTANT text[] := ARRAY[payload.originator::text, payload.recipient::text, payload.counter::text];
	/* the meter answers, so originator and recipient change places */
	expected CONSTANT text[] := CASE payload.kind WHEN 'command' THEN id ELSE ARRAY[id[2], id[1], id[3]] END;
	names CONSTANT text[] := ARRAY['originator', 'recipient', 'counter'];
BEGIN
	IF given = expected THEN
		RETURN;
	END IF;
	FOR i IN 1 .. 3 LOOP
		IF given[i] <> expected[i] THEN
			PERFORM poa_internal.refuse_message(message, format('%s %s', field, names[i]),
				format('is %s and not %s, as RequestID %s says', given[i], expected[i], request_id));
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION poa_internal.check_payload(text, text, poa_internal.gbcs_message, text) IS
	'raises 22023 where a GBCS payload is of another command than its RequestID says';
SELECT poa_internal.permit('FUNCTION poa_internal.check_payload(text, text, poa_internal.gbcs_message, text)', '{operator}');

/*
 * Service request 11.3.
 */
CREATE TYPE poa_internal.activation_message AS (
	request_id text,
	originator @extschema@.guid,
	device @extschema@.guid,
	command_variant smallint,
	activates_at timestamptz,
	cancels boolean,
	firmware_hash bytea,
	announced_at timestamptz
);
COMMENT ON TYPE poa_internal.activation_message IS
	'a service request 11.3: a row of poa.duis_activation, and more.'
	' firmware_hash is that of the image, announced_at the ExecutionDateTime that a signed pre-command has beside its payload,'
	' where that is another time';

CREATE FUNCTION poa_internal.read_activation(fields jsonb) RETURNS poa_internal.activation_message
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name CONSTANT text := 'DUIS service request 11.3';
	once CONSTANT text := 'must stand exactly once';
	cancellation CONSTANT timestamptz := '3000-12-31 00:00:00+00';
	is_signed CONSTANT boolean := fields ? 'Body/SignedPreCommand';
	body CONSTANT text := CASE WHEN is_signed THEN 'SignedPreCommand' ELSE 'ActivateFirmware' END;
	at CONSTANT text := fields ->> (body || '/ExecutionDateTime');
	variant CONSTANT text := poa_internal.token(fields, 'Header/CommandVariant');
	hash CONSTANT text := poa_internal.token(fields, 'ActivateFirmware/FirmwareHash');
	octets CONSTANT bytea := poa_internal.base64_octets(fields ->> 'SignedPreCommand/GBCSPayload');
	payload poa_internal.gbcs_message;
	m poa_internal.activation_message;
	wrong text[];
BEGIN
	m.request_id := poa_internal.token(fields, 'Header/RequestID');
	wrong := CASE
		WHEN m.request_id IS NULL AND fields ->> 'Request/Header' IS NOT NULL THEN ARRAY['RequestID', once]
		WHEN fields ->> 'Request/Header' IS NULL THEN ARRAY['Header', once]
		WHEN fields ->> 'Header/ServiceReference' IS NULL THEN ARRAY['ServiceReference', once]
		WHEN fields ->> 'Header/ServiceReferenceVariant' IS NULL THEN ARRAY['ServiceReferenceVariant', once]
		WHEN fields ->> 'Request/Body' IS NULL THEN ARRAY['Body', once]
		WHEN variant IS NULL THEN ARRAY['CommandVariant', once]
		WHEN NOT poa_internal.is_request_id(m.request_id) THEN
			ARRAY['RequestID', format('%s is not originator:target:counter', quote_literal(left(m.request_id, 100)))]
		WHEN poa_internal.token(fields, 'Header/ServiceReference') <> '11.3' THEN ARRAY['ServiceReference', 'must be 11.3']
		WHEN poa_internal.token(fields, 'Header/ServiceReferenceVariant') <> '11.3' THEN
			ARRAY['ServiceReferenceVariant', 'must be 11.3']
		WHEN fields ->> ('Body/' || body) IS NULL OR fields ? '/Request' THEN
			ARRAY['Body', 'must hold one of ActivateFirmware and SignedPreCommand, and nothing else']
		WHEN NOT is_signed AND variant <> '4' THEN ARRAY['CommandVariant', 'must be 4 with ActivateFirmware']
		WHEN is_signed AND variant NOT IN ('5', '6', '7') THEN ARRAY['CommandVariant', 'must be 5, 6 or 7 with SignedPreCommand']
		WHEN at IS NULL AND fields ? (body || '/ExecutionDateTime') THEN ARRAY['ExecutionDateTime', 'must not stand twice']
		WHEN poa_internal.xs_datetime(at) IS NULL AND at IS NOT NULL THEN
			ARRAY['ExecutionDateTime', format('%s is not an xs:dateTime', quote_literal(left(at, 100)))]
		WHEN NOT is_signed AND (length(hash) = 64 AND ltrim(hash, '0123456789ABCDEFabcdef') = '') IS NOT TRUE THEN
			ARRAY['FirmwareHash', once || ' and be 32 octets in hex']
		WHEN is_signed AND octets IS NULL THEN ARRAY['GBCSPayload', once || ' and be base64']
		END;
	IF wrong IS NOT NULL THEN
		PERFORM poa_internal.refuse_message(name, wrong[1], wrong[2]);
	END IF;

	m.originator := substr(m.request_id, 1, 23);
	m.device := substr(m.request_id, 25, 23);
	m.command_variant := variant;
	IF is_signed THEN
		payload := poa_internal.gbcs_message(octets);
		IF payload.kind IS DISTINCT FROM 'command' THEN
			PERFORM poa_internal.refuse_message(name, 'GBCSPayload', 'must be a command of use case CS06');
		END IF;
		PERFORM poa_internal.check_payload(name, 'GBCSPayload', payload, m.request_id);
		m.activates_at := payload.activates_at;
		m.cancels := payload.cancels;
		m.firmware_hash := payload.firmware_hash;
		m.announced_at := nullif(poa_internal.xs_datetime(at), CASE WHEN m.cancels THEN cancellation ELSE m.activates_at END);
	ELSE
		m.activates_at := poa_internal.xs_datetime(at);
		m.cancels := coalesce(m.activates_at = cancellation, false);
		m.firmware_hash := decode(hash, 'hex');
	END IF;
	RETURN m;
END
$$;
COMMENT ON FUNCTION poa_internal.read_activation(jsonb) IS
	'reads the fields of an activation (poa_internal.message_kind).'
	' NULL for NULL; raises 22023 naming the field for a missing or invalid one';
SELECT poa_internal.permit('FUNCTION poa_internal.read_activation(jsonb)', '{operator}');

/*
 * A DCC alert that carries a PowerOutageEvent.
 */
CREATE TYPE poa_internal.alert_message AS (
	alert_code text,
	chf @extschema@.guid,
	mpxn text,
	outage_started_at timestamptz,
	issued_at timestamptz,
	response_id text,
	alert_count integer
);
COMMENT ON TYPE poa_internal.alert_message IS 'a row of poa.duis_alert';

CREATE FUNCTION poa_internal.read_alert(fields jsonb) RETURNS poa_internal.alert_message
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	once CONSTANT text := 'must stand exactly once';
	hub CONSTANT text := poa_internal.token(fields, 'PowerOutageEvent/CommsHubDeviceID');
	throttled CONSTANT text := poa_internal.token(fields, 'DCCAlertMessage/ThrottledAlertCount');
	m poa_internal.alert_message;
	wrong text[];
BEGIN
	m.alert_code := poa_internal.token(fields, 'DCCAlertMessage/DCCAlertCode');
	m.mpxn := fields ->> 'PowerOutageEvent/MPxN';
	m.outage_started_at := poa_internal.xs_datetime(fields ->> 'PowerOutageEvent/StartDateTime');
	m.issued_at := poa_internal.xs_datetime(fields ->> 'Header/ResponseDateTime');
	m.response_id := nullif(poa_internal.token(fields, 'Header/ResponseID'), '');
	wrong := CASE
		WHEN fields ->> 'Response/Header' IS NULL THEN ARRAY['Header', once]
		WHEN fields ->> 'Response/Body' IS NULL OR fields ? '/Response' THEN
			ARRAY['Body', once || ', and hold one message']
		WHEN fields ->> 'DCCAlert/PowerOutageEvent' IS NULL THEN ARRAY['PowerOutageEvent', once]
		WHEN fields ->> 'Header/ResponseDateTime' IS NULL THEN ARRAY['ResponseDateTime', once]
		WHEN m.alert_code IS NULL THEN ARRAY['DCCAlertCode', once]
		WHEN hub IS NULL THEN ARRAY['CommsHubDeviceID', once]
		WHEN fields ->> 'PowerOutageEvent/StartDateTime' IS NULL THEN ARRAY['StartDateTime', once]
		WHEN m.mpxn IS NULL THEN ARRAY['MPxN', once]
		WHEN fields ? 'Header/ResponseID' AND fields ->> 'Header/ResponseID' IS NULL THEN ARRAY['ResponseID', 'must not stand twice']
		WHEN m.issued_at IS NULL THEN ARRAY['ResponseDateTime', 'must be an xs:dateTime']
		WHEN m.alert_code = '' THEN ARRAY['DCCAlertCode', 'must not be empty']
		WHEN fields ? 'DCCAlertMessage/ThrottledAlertCount' AND (throttled ~ '^[0-9]+$') IS NOT TRUE THEN
			ARRAY['ThrottledAlertCount', 'must not stand twice, and be a number']
		WHEN NOT poa_internal.is_eui(hub) THEN ARRAY['CommsHubDeviceID', 'must be an EUI-64 with hyphens']
		WHEN m.outage_started_at IS NULL THEN ARRAY['StartDateTime', 'must be an xs:dateTime']
		WHEN m.mpxn = '' THEN ARRAY['MPxN', 'must not be empty']
		END;
	IF wrong IS NOT NULL THEN
		PERFORM poa_internal.refuse_message('DUIS power outage alert', wrong[1], wrong[2]);
	END IF;

	m.chf := hub;
	/* an xs:unsignedInt may be greater than an integer; an alert is not lost for it */
	m.alert_count := CASE WHEN throttled IS NULL THEN 1
		WHEN length(ltrim(throttled, '0')) > 10 THEN 2147483647
		ELSE greatest(least(throttled::numeric, 2147483647), 1) END;
	RETURN m;
END
$$;
COMMENT ON FUNCTION poa_internal.read_alert(jsonb) IS
	'reads the fields of a power_outage (poa_internal.message_kind).'
	' NULL for NULL; raises 22023 naming the field for a missing or invalid one';
SELECT poa_internal.permit('FUNCTION poa_internal.read_alert(jsonb)', '{operator}');

/*
 * What the meter answers to a service request 11.3: in a response to it, in the
 * answer to a command that was delivered locally, which a service request 8.13
 * returns, or in an alert.
 */
CREATE TYPE poa_internal.answer_message AS (
	request_id text,
	originator @extschema@.guid,
	device @extschema@.guid,
	counter numeric,
	outcome text,
	executed_at timestamptz,
	firmware_version text
);
COMMENT ON TYPE poa_internal.answer_message IS
	'a row of poa.duis_outcome.'
	' Its outcome may also be unsupported: the meter does not support the command';

CREATE FUNCTION poa_internal.read_answer(fields jsonb) RETURNS poa_internal.answer_message
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text := 'DUIS response to 11.3';
	field text := 'GBCSPayload';
	id text := 'RequestID';
	request_id text := fields ->> 'Header/RequestID';
	octets bytea;
	payload poa_internal.gbcs_message;
	m poa_internal.answer_message;
BEGIN
	IF fields ? 'Body/ReturnLocalCommandResponse' THEN
		name := 'DUIS service request 8.13';
		field := 'DeviceGBCSResponse';
		id := 'OriginalRequestID';
		request_id := coalesce(fields ->> 'ReturnLocalCommandResponse/OriginalRequestID', '');
		octets := poa_internal.base64_octets(fields ->> 'ReturnLocalCommandResponse/DeviceGBCSResponse');
	ELSIF fields ? 'Body/DeviceAlertMessage' THEN
		/* an alert is about no request of its header's */
		name := 'DUIS device alert';
		request_id := NULL;
		octets := poa_internal.base64_octets(fields ->> 'DeviceAlertMessage/GBCSPayload');
	ELSIF NOT (fields ? 'ResponseMessage/GBCSPayload' AND fields ? 'FutureDatedDeviceAlertMessage/GBCSPayload') THEN
		octets := poa_internal.base64_octets(coalesce(fields ->> 'ResponseMessage/GBCSPayload',
			fields ->> 'FutureDatedDeviceAlertMessage/GBCSPayload'));
	END IF;
	IF octets IS NULL THEN
		PERFORM poa_internal.refuse_message(name, field, 'must stand exactly once and be base64');
	END IF;

	payload := poa_internal.gbcs_message(octets);
	IF payload.outcome IS NULL THEN
		IF fields ? 'Body/ResponseMessage' AND fields ? 'ResponseMessage/ServiceReferenceVariant' THEN
			PERFORM poa_internal.refuse_message(name, field, 'must be a response or an alert of use case CS06');
		END IF;
		RETURN NULL;
	END IF;

	/* the meter answers, so originator and recipient change places */
	m.originator := payload.recipient;
	m.device := payload.originator;
	m.counter := payload.counter;
	m.request_id := concat_ws(':', m.originator, m.device, m.counter);
	m.outcome := payload.outcome;
	m.executed_at := payload.activates_at;
	m.firmware_version := payload.firmware_version;

	/* a response need not name its request, but must not name another */
	IF request_id IS NOT NULL OR fields ? 'Header/RequestID' AND fields ? 'Body/ResponseMessage' THEN
		request_id := btrim(request_id, E' \t\r\n');
		IF NOT poa_internal.is_request_id(request_id) THEN
			PERFORM poa_internal.refuse_message(name, id, 'must stand exactly once and be originator:target:counter');
		END IF;
		PERFORM poa_internal.check_payload(name, field, payload, request_id);
	END IF;
	RETURN m;
END
$$;
COMMENT ON FUNCTION poa_internal.read_answer(jsonb) IS
	'reads the fields of an answer (poa_internal.message_kind).'
	' NULL for what is no answer to a service request 11.3, and for NULL. Raises 22023 naming the field for a missing or invalid one';
SELECT poa_internal.permit('FUNCTION poa_internal.read_answer(jsonb)', '{operator}');

/*
 * What any message is, for people to read.
 */
CREATE FUNCTION poa_internal.message_name(fields jsonb, message text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	code CONSTANT text := ' ' || nullif(poa_internal.token(fields, 'Header/ResponseCode'), '');
	variant CONSTANT text := poa_internal.token(fields, 'ResponseMessage/ServiceReferenceVariant');
	content text;
BEGIN
	IF message IS NULL THEN
		RETURN NULL;
	ELSIF NOT fields ?| ARRAY['Request/Header', 'Request/Body', 'Response/Header', 'Response/Body'] THEN
		RETURN (
			SELECT format('no DUIS message: root element %s of namespace "%s"', x.name, x.uri)
			FROM XMLTABLE('/*' PASSING poa_internal.one_document(message) COLUMNS
				name text PATH 'local-name()', uri text PATH 'namespace-uri()') AS x);
	ELSIF fields ?| ARRAY['Request/Header', 'Request/Body'] THEN
		RETURN format('service request %s',
			coalesce(nullif(poa_internal.token(fields, 'Header/ServiceReferenceVariant'), ''), 'without a ServiceReferenceVariant'));
	ELSIF fields ? 'Body/DeviceAlertMessage' THEN
		RETURN format('device alert %s', poa_internal.token(fields, 'DeviceAlertMessage/AlertCode'));
	ELSIF fields ? 'Body/DCCAlertMessage' THEN
		RETURN format('DCC alert %s', poa_internal.token(fields, 'DCCAlertMessage/DCCAlertCode'));
	END IF;
	SELECT min(split_part(k, '/', 2)) INTO content FROM jsonb_object_keys(fields) AS k
	WHERE CASE WHEN variant IS NULL THEN k LIKE 'Body/_%' ELSE k LIKE 'ResponseMessage/_%' AND k NOT LIKE '%/ServiceReference%' END;
	RETURN format('response%s%s%s', code, ' to service request ' || variant, ': ' || content);
END
$$;
COMMENT ON FUNCTION poa_internal.message_name(jsonb, text) IS 'poa.duis_name of a message and its fields';
SELECT poa_internal.permit('FUNCTION poa_internal.message_name(jsonb, text)', '{operator}');

/*
 * The readers, each for text, as drivers send it, and for xml.
 */
CREATE FUNCTION poa.duis_activation(message text)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid,
	command_variant smallint, activates_at timestamptz, cancels boolean)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields CONSTANT jsonb := poa_internal.message_fields(message);
	m poa_internal.activation_message;
BEGIN
	IF poa_internal.message_kind(fields) = 'activation' THEN
		m := poa_internal.read_activation(fields);
		RETURN QUERY SELECT m.request_id, m.originator, m.device, m.command_variant, m.activates_at, m.cancels;
	END IF;
END
$$;
COMMENT ON FUNCTION poa.duis_activation(text) IS
	'reads a service request 11.3, Activate Firmware.'
	' One row, none for any other message or NULL. A signed pre-command is one too; its time is in its GBCS payload. activates_at'
	' is a UTC instant, NULL for on demand; a cancellation has cancels true, and the distant time that says so. Raises 22023'
	' naming the field for a missing or invalid one, and for a payload whose originator, recipient or counter is not that of the'
	' RequestID; 22023 for what is not exactly one XML document (DUIS 11.3)';
SELECT poa_internal.permit('FUNCTION poa.duis_activation(text)', '{operator}');

CREATE FUNCTION poa.duis_activation(message xml)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid,
	command_variant smallint, activates_at timestamptz, cancels boolean)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT * FROM poa.duis_activation(message::text);
END;
COMMENT ON FUNCTION poa.duis_activation(xml) IS
	'poa.duis_activation(text) for a message that is an xml value.'
	' Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.duis_activation(xml)', '{operator}');

CREATE FUNCTION poa.duis_alert(message text)
RETURNS TABLE (alert_code text, chf @extschema@.guid, mpxn text, outage_started_at timestamptz,
	issued_at timestamptz, response_id text, alert_count integer)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields CONSTANT jsonb := poa_internal.message_fields(message);
	m poa_internal.alert_message;
BEGIN
	IF poa_internal.message_kind(fields) = 'power_outage' THEN
		m := poa_internal.read_alert(fields);
		RETURN QUERY SELECT m.alert_code, m.chf, m.mpxn, m.outage_started_at, m.issued_at, m.response_id, m.alert_count;
	END IF;
END
$$;
COMMENT ON FUNCTION poa.duis_alert(text) IS
	'reads a DCC alert that carries a PowerOutageEvent.'
	' One row, none for any other message or NULL. outage_started_at and issued_at are UTC instants; mpxn is as sent; response_id'
	' is NULL where the message has none; alert_count is how many alerts a throttled one stands for, else 1, and the greatest'
	' integer for more than that. Raises 22023 naming the field for a missing or invalid one, and for what is not exactly one XML'
	' document (DUIS DCCAlertMessage)';
SELECT poa_internal.permit('FUNCTION poa.duis_alert(text)', '{operator}');

CREATE FUNCTION poa.duis_alert(message xml)
RETURNS TABLE (alert_code text, chf @extschema@.guid, mpxn text, outage_started_at timestamptz,
	issued_at timestamptz, response_id text, alert_count integer)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT * FROM poa.duis_alert(message::text);
END;
COMMENT ON FUNCTION poa.duis_alert(xml) IS 'poa.duis_alert(text) for a message that is an xml value.'
	' Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.duis_alert(xml)', '{operator}');

CREATE FUNCTION poa.duis_outcome(message text)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid, counter numeric,
	outcome text, executed_at timestamptz, firmware_version text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields CONSTANT jsonb := poa_internal.message_fields(message);
	m poa_internal.answer_message;
BEGIN
	IF poa_internal.message_kind(fields) = 'answer' THEN
		m := poa_internal.read_answer(fields);
	END IF;
	IF m.outcome <> 'unsupported' THEN
		RETURN QUERY SELECT m.request_id, m.originator, m.device, m.counter, m.outcome, m.executed_at, m.firmware_version;
	END IF;
END
$$;
COMMENT ON FUNCTION poa.duis_outcome(text) IS
	'reads the meter''s answer to a service request 11.3.'
	' One row, none for any other message or NULL. It is a response, a future-dated or plain device alert, or returned by a'
	' service request 8.13. request_id is that of the command, in upper case; outcome is accepted, succeeded, no_image_held,'
	' hash_mismatch or activation_failure; executed_at is the UTC instant of the execution, NULL in a response. Raises 22023'
	' naming the field for a missing or invalid one, and for an originator, device or counter that is not that of the RequestID;'
	' 22023 for what is not exactly one XML document (DUIS ResponseMessage, GBCS CS06)';
SELECT poa_internal.permit('FUNCTION poa.duis_outcome(text)', '{operator}');

CREATE FUNCTION poa.duis_outcome(message xml)
RETURNS TABLE (request_id text, originator @extschema@.guid, device @extschema@.guid, counter numeric,
	outcome text, executed_at timestamptz, firmware_version text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	SELECT * FROM poa.duis_outcome(message::text);
END;
COMMENT ON FUNCTION poa.duis_outcome(xml) IS 'poa.duis_outcome(text) for a message that is an xml value.'
	' Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.duis_outcome(xml)', '{operator}');

CREATE FUNCTION poa.duis_name(message text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN poa_internal.message_name(poa_internal.message_fields(message), message);
END
$$;
COMMENT ON FUNCTION poa.duis_name(text) IS
	'what a message is, by name: its service request, alert or response.'
	' NULL for NULL. Raises 22023 for what is not exactly one XML document, has a document type declaration or more than 16 MiB';
SELECT poa_internal.permit('FUNCTION poa.duis_name(text)', '{operator}');

CREATE FUNCTION poa.duis_name(message xml) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN poa.duis_name(message::text);
COMMENT ON FUNCTION poa.duis_name(xml) IS 'poa.duis_name(text) for a message that is an xml value.'
	' Raises 22023 likewise';
SELECT poa_internal.permit('FUNCTION poa.duis_name(xml)', '{operator}');
