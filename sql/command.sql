--
-- The register of commands: what poa.receive was given, and what it answered.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A0'), ('00-DB-12-34-56-78-90-A1');
INSERT INTO poa.device VALUES ('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672');
CREATE FUNCTION request(n int, meter text DEFAULT 'A0', at text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format($x$<Request xmlns="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4"><Header>
		<RequestID>90-b3-d5-1f-30-01-00-00:00-DB-12-34-56-78-90-%s:%s</RequestID><CommandVariant>4</CommandVariant>
		<ServiceReference>11.3</ServiceReference><ServiceReferenceVariant>11.3</ServiceReferenceVariant></Header>
		<Body><ActivateFirmware>%s<FirmwareHash>%s</FirmwareHash></ActivateFirmware></Body></Request>$x$,
		meter, n, '<ExecutionDateTime>' || at || '</ExecutionDateTime>', repeat('AB', 32))
$$;
-- also what was not tracked, which is judged anew when it is delivered again
SELECT action FROM poa.receive(request(1), '2026-03-01 12:00');
SELECT action FROM poa.receive(request(1, 'A1'), '2026-03-01 12:00');
SELECT action FROM poa.receive(request(2, at => '3000-12-31T00:00:00Z'), '2026-03-01 12:01');
SELECT action FROM poa.receive(request(1), '2026-03-01 13:00');
SELECT request_id, signed, received_at, device, action, detail, cancels, activation_id IS NOT NULL AS tracked, originator
	FROM poa.command ORDER BY received_at, request_id;
SELECT encode(c.firmware_hash, 'hex') = repeat('ab', 32) AS of_command, c.firmware_hash = a.firmware_hash AS of_activation,
	a.originator = c.originator AS originator
FROM poa.command AS c JOIN poa.activation AS a USING (activation_id);
INSERT INTO poa.device VALUES ('00-DB-12-34-56-78-90-A1', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345673');
SELECT action FROM poa.receive(request(1, 'A1'), '2026-03-01 14:00');
SELECT request_id, received_at, action, detail FROM poa.command WHERE device = '00-DB-12-34-56-78-90-A1';
-- what is refused leaves nothing
SELECT action FROM poa.receive(request(3, at => 'tomorrow'), '2026-03-01 12:00');
SELECT count(*) FROM poa.command;
-- cleared by a purge, but for what is tracked still
SELECT poa.purge_activations('2026-03-01 13:00') AS purged;
SELECT request_id, action FROM poa.command ORDER BY request_id;
DROP FUNCTION request;
