--
-- poa.receive: any message, one row, one action.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A0');
INSERT INTO poa.device VALUES
	('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672'),
	('00-DB-12-34-56-78-90-A1', 'ESME', 2, '118F', '88-73-84-90-6A-10-02-DB', '2000012345672');

CREATE FUNCTION request(counter text, body text, variant integer DEFAULT 4, device text DEFAULT '00-DB-12-34-56-78-90-A0',
	service text DEFAULT '11.3') RETURNS xml LANGUAGE sql AS $$
	SELECT format($x$<Request xmlns="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4"><Header>
		<RequestID>90-B3-D5-1F-30-01-00-00:%s:%s</RequestID><CommandVariant>%s</CommandVariant>
		<ServiceReference>%s</ServiceReference><ServiceReferenceVariant>%4$s</ServiceReferenceVariant>
		</Header><Body>%s</Body></Request>$x$, device, counter, variant, service, body)::xml
$$;
CREATE FUNCTION activate(at text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format('<ActivateFirmware>%s<FirmwareHash>%s</FirmwareHash></ActivateFirmware>',
		'<ExecutionDateTime>' || nullif(at, '') || '</ExecutionDateTime>', repeat('AB', 32))
$$;
-- a CS06 command for device A0 with a counter and, if it is to have one, a time
CREATE FUNCTION signed(counter integer, at text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format('<SignedPreCommand><GBCSPayload>%s</GBCSPayload></SignedPreCommand>', encode(
		'\xDF0901'::bytea || int8send(counter) || '\x0890B3D51F300100000800DB1234567890A000020012'::bytea
		|| set_byte('\x00', 0, 42 + 2 * sign(length(at))::int + length(at)) || '\x30'::bytea || set_byte('\x00', 0,
			40 + 2 * sign(length(at))::int + length(at))
		|| '\x0420'::bytea || decode(repeat('AB', 32), 'hex') || '\x0204'::bytea || int4send(counter)
		|| CASE WHEN at <> '' THEN '\x180F'::bytea || convert_to(at, 'UTF8') ELSE '' END
		|| '\x40'::bytea || decode(repeat('CD', 64), 'hex'), 'base64'))
$$;
CREATE FUNCTION answer(payload bytea, variant text DEFAULT '11.3', element text DEFAULT NULL) RETURNS xml LANGUAGE sql AS $$
	SELECT format($x$<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header><sr:ResponseCode>I0</sr:ResponseCode></sr:Header>
		<sr:Body><sr:ResponseMessage><sr:ServiceReference>11.3</sr:ServiceReference><sr:ServiceReferenceVariant>%s</sr:ServiceReferenceVariant>
		%s<sr:GBCSPayload>%s</sr:GBCSPayload>%s</sr:ResponseMessage></sr:Body></sr:Response>$x$,
		variant, '<sr:' || element || '>', encode(payload, 'base64'), '</sr:' || element || '>')::xml
$$;
CREATE FUNCTION response(counter integer, code integer) RETURNS bytea LANGUAGE sql AS $$
	SELECT '\xDF0902'::bytea || int8send(counter) || '\x0800DB1234567890A00890B3D51F3001000000020012'::bytea
		|| CASE WHEN code IS NULL THEN '\x020500'::bytea ELSE set_byte('\x0B300902010004040123ABCF', 5, code) END
$$;

-- on demand: the request is tracked, its signed pre-command moves the window, once
SELECT * FROM poa.receive(request('1000', activate()), '2026-03-01 12:00Z');
SELECT * FROM poa.receive(request('1000', activate()), '2026-03-01 12:01Z');
SELECT * FROM poa.receive(request('1000', signed(1000), 5), '2026-03-01 12:05Z');
SELECT * FROM poa.receive(request('1000', signed(1000), 5), '2026-03-01 12:06Z');
SELECT * FROM poa.receive(request('1000', activate()), '2026-03-01 12:07Z');
-- a signed pre-command that comes first, or alone, is tracked, and is not moved later
SELECT action FROM poa.receive(request('1001', signed(1001), 5), '2026-03-01 13:00Z');
SELECT action FROM poa.receive(request('1001', signed(1001), 5), '2026-03-01 13:01Z');
SELECT action FROM poa.receive(request('1001', activate()), '2026-03-01 13:02Z');
-- future-dated: the time is in the payload
SELECT * FROM poa.receive(request('1002', signed(1002, '20300115090000Z'), 7), '2026-03-01 14:00Z');
SELECT action FROM poa.receive(request('1002', activate('2030-01-15T09:00:00Z')), '2026-03-01 14:00Z');
-- outcomes: accepted changes nothing, the alert of the execution does
SELECT * FROM poa.receive(answer(response(1002, NULL)), '2026-03-01 14:01Z');
SELECT * FROM poa.receive(answer(decode(replace(encode(
	'\xDF090300000000000007D00800DB1234567890A00890B3D51F30010000000200CA2730250203008F66180F32303330303131353039303030305A020203E9300902010004040123ABCF00'::bytea,
	'hex'), '020203e9', '020203ea'), 'hex'), element => 'FutureDatedDeviceAlertMessage'), '2030-01-15 09:15Z');
SELECT * FROM poa.receive(answer(response(1000, 2)), '2026-03-01 12:20Z');
SELECT * FROM poa.receive(answer(response(1001, 3)), '2026-03-01 12:20Z');
-- a second answer changes nothing any more
SELECT * FROM poa.receive(answer(response(1000, 0)), '2026-03-01 12:21Z');
-- cancellation, as a request and inside a payload
SELECT action FROM poa.receive(request('1003', activate('2030-01-15T09:00:00Z')), '2026-03-01 15:00Z');
SELECT * FROM poa.receive(request('1004', activate('3000-12-31T01:00:00+01:00')), '2026-03-01 15:01Z');
SELECT action FROM poa.receive(request('1005', activate('2030-01-15T09:00:00Z')), '2026-03-01 15:02Z');
SELECT * FROM poa.receive(request('1006', signed(1006, '99991231235959Z'), 5), '2026-03-01 15:03Z');
-- a cancellation that is delivered again cancels nothing that came after it
SELECT action FROM poa.receive(request('1007', activate('2030-01-15T09:00:00Z')), '2026-03-01 15:04Z');
SELECT * FROM poa.receive(request('1004', activate('3000-12-31T01:00:00+01:00')), '2026-03-01 15:05Z');
SELECT * FROM poa.receive(request('1006', signed(1006, '99991231235959Z'), 5), '2026-03-01 15:05Z');
-- its signed half is another message
SELECT action, detail FROM poa.receive(request('1004', signed(1004, '99991231235959Z'), 5), '2026-03-01 15:06Z');
-- the same RequestID in another case is the same request
SELECT action, activation_id FROM poa.receive(replace(request('1001', activate())::text, '90-B3-D5', '90-b3-d5')::xml, '2026-03-01 15:07Z');
-- a window that had closed when its meter moved opens again where the meter is
SELECT action FROM poa.receive(request('1008', activate()), '2026-03-01 15:10Z');
UPDATE poa.device SET chf = '88-73-84-90-6A-10-02-DC' WHERE device = '00-DB-12-34-56-78-90-A0';
SELECT action, detail FROM poa.receive(request('1008', signed(1008), 5), '2026-03-01 16:00Z');
-- where clocks change meanwhile, in the zone of the session, it stays as wide
SET TimeZone = 'Europe/London';
SELECT action FROM poa.receive(request('1009', activate()), '2026-03-28 12:00Z');
SELECT action FROM poa.receive(request('1009', signed(1009), 5), '2026-03-29 13:00Z');
SELECT action FROM poa.receive(request('1010', activate()), '2026-10-24 12:00Z');
SELECT action FROM poa.receive(request('1010', signed(1010), 5), '2026-10-25 13:00Z');
SET TimeZone = 'UTC';
SELECT split_part(request_id, ':', 3) AS counter, activates_at, opens_at, closes_at FROM poa.activation
WHERE split_part(request_id, ':', 3) IN ('1009', '1010') ORDER BY 1;
-- a counter that no bigint holds
SELECT action FROM poa.receive(request('18446744073709551615', activate()), '2026-03-01 16:00Z');
SELECT split_part(request_id, ':', 3) AS counter, received_at, activates_at, closes_at, status FROM poa.activation ORDER BY activation_id;

-- not eligible: detail has the criteria that are not met
SELECT * FROM poa.receive(request('1', activate(), device => '00-DB-12-34-56-78-90-A1'), '2026-03-01 17:00Z');
SELECT * FROM poa.receive(request('1', activate(), device => '00-DB-12-34-56-78-90-A2'), '2026-03-01 17:00Z');

-- ignored: detail has what it was
SELECT action, detail FROM poa.receive(request('1', '<UpdateFirmware/>', service => '11.1'));
SELECT action, detail FROM poa.receive(answer(response(999, 0)));
SELECT action, detail FROM poa.receive(answer('\x00', variant => '8.2'));
SELECT action, detail FROM poa.receive(answer('\x00', element => 'PreCommand'));
SELECT action, detail FROM poa.receive('<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header><sr:ResponseCode>I99</sr:ResponseCode></sr:Header></sr:Response>');
SELECT action, detail FROM poa.receive('<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header/><sr:Body><sr:DCCAlertMessage><sr:DCCAlertCode>AD1</sr:DCCAlertCode></sr:DCCAlertMessage></sr:Body></sr:Response>');
SELECT action, detail FROM poa.receive('<Request/>');
SELECT action, detail FROM poa.receive('no element');
SELECT action, detail FROM poa.receive(NULL);

-- refused: the error names the field
SELECT poa.receive(request('1', signed(1), 4));
SELECT poa.receive(request('1', signed(1), 5, device => '00-DB-12-34-56-78-90-A1'));
SELECT poa.receive(request('1', '<SignedPreCommand><GBCSPayload>####</GBCSPayload></SignedPreCommand>', 5));
SELECT poa.receive(request('1', '<SignedPreCommand><GBCSPayload>3wkB</GBCSPayload></SignedPreCommand>', 5));
SELECT poa.receive(request('1', '<SignedPreCommand/>', 5));
SELECT poa.receive(answer('\x00'));
SELECT poa.receive(request('1', activate()), 'infinity');
SELECT poa.receive(request('1', activate()), NULL);
SELECT poa.receive(request('1', activate('3000-12-31T00:00:00Z')), 'infinity');
SELECT poa.receive(request('1', activate('3000-12-31T00:00:00Z')), NULL);
\set VERBOSITY terse
-- PostgreSQL itself refuses what is not well formed; no entity is ever expanded
SELECT poa.receive('<Request>');
SELECT poa.receive('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>');
SELECT count(*) FROM poa.activation;

DROP FUNCTION request, activate, signed, answer, response;
