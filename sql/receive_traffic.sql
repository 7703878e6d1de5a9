--
-- What traffic tells: signs of life, requests and missing answers, noted only
-- where a suppressed alert of the device's hub is open.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-00-00-00-00-00-00-E1'), ('00-00-00-00-00-00-00-E2');
INSERT INTO poa.device VALUES
	('00-00-00-00-00-00-00-E1', 'ESME', 2, '1063', '00-00-00-00-00-00-00-C1', '2000012345672'),
	('00-00-00-00-00-00-00-A1', 'GSME', 2, '118F', '00-00-00-00-00-00-00-C1', NULL),
	('00-00-00-00-00-00-00-E2', 'ESME', 2, '1063', '00-00-00-00-00-00-00-C2', '2000012345672');
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT poa.track_activation(device, received_at => '2026-03-02 09:00Z') FROM poa.device WHERE device_type = 'ESME' ORDER BY device;
-- an alert of hub C1 is open, one of C2 has been released
INSERT INTO alerts VALUES ('AD1', '00-00-00-00-00-00-00-C1', '2026-03-02 09:12Z', '2000012345672'),
	('AD1', '00-00-00-00-00-00-00-C2', '2026-03-02 09:12Z', '2000012345672');
SELECT poa.release(2, 'a test');

CREATE FUNCTION request(device text, service text DEFAULT '7.4') RETURNS text LANGUAGE sql AS $$
	SELECT format('<Request xmlns="http://www.dccinterface.co.uk/ServiceUserGateway"><Header><RequestID>90-B3-D5-1F-30-01-00-00:00-00-00-00-00-00-00-%s:1</RequestID>
		<CommandVariant>1</CommandVariant><ServiceReference>%s</ServiceReference><ServiceReferenceVariant>%2$s</ServiceReferenceVariant></Header>
		<Body><ReadSupplyStatus/></Body></Request>', device, service)
$$;
CREATE FUNCTION response(device text, code text, content text DEFAULT '', service text DEFAULT '7.4') RETURNS text LANGUAGE sql AS $$
	SELECT format('<Response xmlns="http://www.dccinterface.co.uk/ServiceUserGateway"><Header><RequestID>90-B3-D5-1F-30-01-00-00:00-00-00-00-00-00-00-%s:1</RequestID>
		<ResponseCode>%s</ResponseCode></Header><Body><ResponseMessage><ServiceReference>%s</ServiceReference><ServiceReferenceVariant>%3$s</ServiceReferenceVariant>
		%s</ResponseMessage></Body></Response>', device, code, service, content)
$$;
CREATE FUNCTION device_alert(device text, code text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<Response xmlns="http://www.dccinterface.co.uk/ServiceUserGateway"><Header><ResponseID>00-00-00-00-00-00-00-%s:90-B3-D5-1F-30-01-00-00:1</ResponseID>
		<ResponseCode>I0</ResponseCode></Header><Body><DeviceAlertMessage><AlertCode>%s</AlertCode><GBCSPayload>AAAA</GBCSPayload></DeviceAlertMessage></Body></Response>', device, code)
$$;
-- what one message writes, of which nothing stays
CREATE FUNCTION noted(message text, at timestamptz DEFAULT '2026-03-02 10:00Z', OUT action text, OUT written text) LANGUAGE plpgsql AS $$
BEGIN
	SELECT r.action INTO action FROM poa.receive(message, at) AS r;
	RAISE division_by_zero USING MESSAGE = coalesce((
		SELECT string_agg(n.line, '; ') FROM (
			SELECT format('heard %s %s: %s', guid, seen_at, what) FROM poa.sign_of_life UNION ALL
			SELECT format('asked %s %s', a.device, a.at) FROM poa.asked AS a UNION ALL
			SELECT format('%s %s %s', n.code, n.guid, n.at) FROM poa.no_answer AS n) AS n (line)), '-');
EXCEPTION WHEN division_by_zero THEN
	written := sqlerrm;
END
$$;
SELECT v.what, n.action, n.written
FROM (VALUES
	(1, 'response', response('E1', 'I0', '<GBCSPayload>AAAA</GBCSPayload>')),
	(2, 'response of another device', response('A1', 'I0', '<GBCSPayload>AAAA</GBCSPayload>')),
	(3, 'response of the hub', response('C1', 'I0', '<GBCSPayload>AAAA</GBCSPayload>')),
	(4, 'device alert', device_alert('E1', '8F36')),
	(5, 'request', request('E1')),
	(6, 'no communication', response('E1', 'E20')),
	(7, 'no response', response('E1', 'E21')),
	-- the DCC's own
	(8, 'acknowledgement', response('E1', 'I99')),
	(9, 'refusal', response('E1', 'E4')),
	(10, 'pre-command', response('E1', 'I0', '<PreCommand><GBCSPayload>AAAA</GBCSPayload></PreCommand>', '11.3')),
	(11, 'command for local delivery', response('E1', 'I0', '<LocalCommand><GBCSPayload>AAAA</GBCSPayload></LocalCommand>')),
	-- no open alert: released, unknown
	(12, 'hub released', response('E2', 'I0', '<GBCSPayload>AAAA</GBCSPayload>')),
	(13, 'hub released', request('E2')),
	(14, 'unknown', device_alert('E9', '8F36')),
	(15, 'no device', replace(response('E1', 'I0'), 'RequestID>', 'OtherID>'))
) AS v (n, what, message), noted(v.message) AS n ORDER BY v.n;
-- what was received before the alert says nothing about it
SELECT written FROM noted(device_alert('E1', '8F36'), '2026-03-02 09:11Z');
SELECT noted(device_alert('E1', '8F36'), NULL);
-- what was heard closes the question of this device
SELECT action FROM poa.receive(device_alert('E1', '8F36'), '2026-03-02 09:20Z');
SELECT action FROM poa.receive(device_alert('E1', '8F36'), '2026-03-02 09:21Z');
SELECT action FROM poa.receive(request('E1'), '2026-03-02 09:22Z');
SELECT guid, seen_at, what FROM poa.sign_of_life;
SELECT count(*) FROM poa.asked;
SELECT count(*) AS still_dark FROM poa.still_dark('0', '2026-03-02 10:00Z') WHERE chf = '00-00-00-00-00-00-00-C1';
-- until the next alert
INSERT INTO alerts VALUES ('AD1', '00-00-00-00-00-00-00-C1', '2026-03-02 09:25Z', '2000012345672');
SELECT action FROM poa.receive(request('E1'), '2026-03-02 09:40Z');
SELECT action FROM poa.receive(response('E1', 'E21'), '2026-03-02 09:45Z');
SELECT action FROM poa.receive(response('E1', 'E21'), '2026-03-02 09:45Z');
SELECT device, at FROM poa.asked;
SELECT guid, at, code FROM poa.no_answer;
SELECT count(*) AS still_dark FROM poa.still_dark('0', '2026-03-02 10:00Z') WHERE chf = '00-00-00-00-00-00-00-C1';

SELECT poa.detach('alerts');
DROP TABLE alerts;
DROP FUNCTION request, response, device_alert, noted;
