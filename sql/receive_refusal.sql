--
-- poa.receive of messages that say that a command was not carried out, or not
-- over the air, and of what contradicts itself; and poa.command.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\i :abs_srcdir/sql/receive.psql
CREATE FUNCTION refusal(counter integer, code text, variant text DEFAULT '11.3', more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format($x$<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header>
		<sr:RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:%s</sr:RequestID><sr:ResponseCode>%s</sr:ResponseCode></sr:Header>
		<sr:Body><sr:ResponseMessage><sr:ServiceReference>%3$s</sr:ServiceReference><sr:ServiceReferenceVariant>%3$s</sr:ServiceReferenceVariant>%4$s</sr:ResponseMessage>
		</sr:Body></sr:Response>$x$, counter, code, variant, more)
$$;
CREATE FUNCTION dcc_alert(code text, event text) RETURNS text LANGUAGE sql AS $$
	SELECT format($x$<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header><sr:ResponseCode>I0</sr:ResponseCode></sr:Header>
		<sr:Body><sr:DCCAlertMessage><sr:DCCAlertCode>%s</sr:DCCAlertCode><sr:DCCAlert>%s</sr:DCCAlert></sr:DCCAlertMessage></sr:Body></sr:Response>$x$, code, event)
$$;
CREATE FUNCTION device_alert(code text, payload bytea) RETURNS text LANGUAGE sql AS $$
	SELECT format($x$<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header>
		<sr:ResponseID>00-DB-12-34-56-78-90-A0:90-B3-D5-1F-30-01-00-00:2000</sr:ResponseID><sr:ResponseCode>I0</sr:ResponseCode></sr:Header>
		<sr:Body><sr:DeviceAlertMessage><sr:AlertCode>%s</sr:AlertCode><sr:GBCSPayload>%s</sr:GBCSPayload></sr:DeviceAlertMessage></sr:Body></sr:Response>$x$,
		code, encode(payload, 'base64'))
$$;
-- alert 8F85 for a command of a message code
CREATE FUNCTION not_supported(counter integer, code text DEFAULT '0012') RETURNS bytea LANGUAGE sql AS $$
	SELECT '\xDF090300000000000007D00800DB1234567890A00890B3D51F300100000002'::bytea || '\x0120250F200007D0000203128F85090C07DF0101FF000000008000FF090A'::bytea
		|| decode(code, 'hex') || int8send(counter)
$$;
CREATE FUNCTION returned(counter integer, payload bytea) RETURNS text LANGUAGE sql AS $$
	SELECT format($x$<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header>
		<sr:RequestID>90-B3-D5-1F-30-01-00-00:90-B3-D5-1F-30-00-00-02:1</sr:RequestID><sr:CommandVariant>8</sr:CommandVariant>
		<sr:ServiceReference>8.13</sr:ServiceReference><sr:ServiceReferenceVariant>8.13</sr:ServiceReferenceVariant></sr:Header><sr:Body>
		<sr:ReturnLocalCommandResponse><sr:OriginalRequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:%s</sr:OriginalRequestID>
		<sr:DeviceGBCSResponse>%s</sr:DeviceGBCSResponse></sr:ReturnLocalCommandResponse></sr:Body></sr:Request>$x$, counter,
		encode(payload, 'base64'))
$$;

-- what a refused command had superseded, or cancelled, is tracked again
SELECT action FROM poa.receive(request('1100', signed(1100, '20310115090000Z'), 5), '2026-03-05 09:00Z');
SELECT action FROM poa.receive(request('1101', signed(1101, '20310116090000Z'), 5), '2026-03-05 10:00Z');
SELECT action, detail FROM poa.receive(refusal(1101, 'E20'), '2026-03-05 10:01Z');
SELECT action FROM poa.receive(request('1102', signed(1102, '99991231235959Z'), 5), '2026-03-05 11:00Z');
SELECT action, activation_id, detail FROM poa.receive(refusal(1102, 'E4'), '2026-03-05 11:01Z');
SELECT split_part(request_id, ':', 3) AS counter, status, ended_at, ended_by FROM poa.activation ORDER BY activation_id;

-- each code, in each way that it comes; one that refuses nothing is named in detail
CREATE FUNCTION verdict(message text, OUT action text, OUT status text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
	SELECT r.action, r.detail INTO action, detail FROM poa.receive(message, '2026-03-05 12:00Z') AS r;
	RAISE division_by_zero USING MESSAGE = (SELECT a.status FROM poa.activation AS a WHERE a.request_id LIKE '%:1100');
EXCEPTION WHEN division_by_zero THEN
	status := sqlerrm;
END
$$;
SELECT v.code, r.* FROM unnest(ARRAY['E1', 'E2', 'E3', 'E4', 'E5', 'E11', 'E12', 'E13', 'E17', 'E19', 'E20', 'E21', 'E6',
	'E65', 'I0', 'I99']) WITH ORDINALITY AS v (code, n),
	verdict(refusal(1100, v.code)) AS r ORDER BY v.n;
SELECT v.what, r.action, r.status, r.detail
FROM (VALUES
	(1, 'of another service', refusal(1100, 'E4', '11.2')),
	(2, 'empty', regexp_replace(refusal(1100, 'E4'), '<sr:ResponseMessage>.*</sr:ResponseMessage>', '<sr:ResponseMessage/>')),
	(3, 'unknown request', refusal(1, 'E4')),
	(4, 'failure to deliver', dcc_alert('N12', '<sr:CommandFailure><sr:CommandRequestID>90-b3-d5-1f-30-01-00-00:00-db-12-34-56-78-90-a0:1100</sr:CommandRequestID></sr:CommandFailure>')),
	(5, 'no response', dcc_alert('N13', '<sr:CommandFailure><sr:CommandRequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1100</sr:CommandRequestID></sr:CommandFailure>')),
	(6, 'quarantine', dcc_alert('N99',
		'<sr:QuarantinedRequest><sr:RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1100</sr:RequestID></sr:QuarantinedRequest>')),
	(7, 'another event',
		dcc_alert('N12', '<sr:OtherEvent><sr:RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1100</sr:RequestID></sr:OtherEvent>')),
	(8, 'not supported', device_alert('8F85', not_supported(1100))),
	(9, 'another not supported', device_alert('8F85', not_supported(1100, '0015'))),
	(10, 'another device alert', device_alert('8F36', '\x00')),
	(11, 'plain alert of the activation', device_alert('8F67', decode(replace(encode(
		'\xDF090300000000000007D00800DB1234567890A00890B3D51F30010000000200CA2730250203008F67180F32303331303131353039303030305A020203E9300902010104040123ABCF'::bytea,
		'hex'), '020203e9', '0202044c'), 'hex'))),
	(12, 'returned', returned(1100, response(1100, 1))),
	(13, 'another one returned', returned(1100, '\xDF090200000000000003E80800DB1234567890A00890B3D51F30010000000200150100'))
) AS v (n, what, message), verdict(v.message) AS r ORDER BY v.n;

-- a command for local delivery alone has no window, and ends that of its request; one over the air beside it counts
SELECT action, activation_id, detail FROM poa.receive(request('1200', signed(1200), 6), '2026-03-06 09:00Z');
SELECT action, activation_id, detail FROM poa.receive(returned(1200, response(1200, 1)), '2026-03-06 09:10Z');
SELECT action FROM poa.receive(request('1201', activate()), '2026-03-06 10:00Z');
SELECT action, detail FROM poa.receive(request('1201', signed(1201), 6), '2026-03-06 10:01Z');
SELECT action, detail FROM poa.receive(request('1201', signed(1201), 5), '2026-03-06 10:02Z');
-- ExecutionDateTime beside a payload is compared with it
SELECT action, detail
	FROM poa.receive(replace(request('1202', signed(1202), 5)::text, '<GBCSPayload>',
	'<ExecutionDateTime>2031-01-01T00:00:00Z</ExecutionDateTime><GBCSPayload>'),
	'2026-03-06 11:00Z');
SELECT at, r.action, r.detail
FROM unnest(ARRAY['3000-12-31T01:00:00+01:00', '2031-01-01T00:00:00Z']) WITH ORDINALITY AS v (at, n),
	poa.receive(replace(request((1202 + n)::text, signed((1202 + n)::integer, '99991231235959Z'), 5)::text, '<GBCSPayload>',
		format('<ExecutionDateTime>%s</ExecutionDateTime><GBCSPayload>', at)), '2026-03-06 11:01Z') AS r ORDER BY n;

-- commands and their answers; one that was not eligible is judged anew
SELECT action FROM poa.receive(request('1', activate(), device => '00-DB-12-34-56-78-90-A1'), '2026-03-01 17:00Z');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A1');
SELECT action FROM poa.receive(request('1', activate(), device => '00-DB-12-34-56-78-90-A1'), '2026-03-01 17:10Z');
SELECT split_part(request_id, ':', 3) AS counter, command_variant, signed, received_at, action, cancels,
	activation_id IS NOT NULL AS tracked,
	encode(substr(firmware_hash, 1, 2), 'hex') AS hash, detail
FROM poa.command ORDER BY received_at, command_variant;
UPDATE poa.device SET manufacturer = '1063' WHERE device = '00-DB-12-34-56-78-90-A1';
SELECT action FROM poa.receive(request('1', activate(), device => '00-DB-12-34-56-78-90-A1'), '2026-03-01 17:20Z');
SELECT received_at, action, detail FROM poa.command WHERE device = '00-DB-12-34-56-78-90-A1';

-- a payload of another command, and what names no request
SELECT poa.receive(request('1300', signed(1301), 5));
SELECT poa.receive(replace(request('1300', signed(1300), 5)::text, '90-B3-D5-1F-30-01-00-00:', '90-B3-D5-1F-30-01-00-01:'));
SELECT poa.receive(returned(1300, response(1301, 1)));
SELECT poa.receive(replace(returned(1300, response(1300, 1)), '00-DB-12-34-56-78-90-A0:1300', '00-DB-12-34-56-78-90-A1:1300'));
SELECT poa.receive(regexp_replace(returned(1300, response(1300, 1)), '<sr:OriginalRequestID>.*</sr:OriginalRequestID>', ''));
SELECT poa.receive(refusal(1300, 'I0', more => '<sr:GBCSPayload>' || encode(response(1301, 0), 'base64') || '</sr:GBCSPayload>'));
SELECT poa.receive(regexp_replace(refusal(1300, 'E4'), '<sr:RequestID>.*</sr:RequestID>', '<sr:RequestID>1</sr:RequestID>'));
SELECT poa.receive(dcc_alert('N12', '<sr:CommandFailure/>'));
SELECT poa.receive(device_alert('8F85', substr(not_supported(1300), 1, 60)));

DROP FUNCTION request, activate, signed, answer, response, refusal, dcc_alert, device_alert, not_supported, returned, verdict;
