--
-- poa.receive: any message, one row, one action.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\i :abs_srcdir/sql/receive.psql

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
