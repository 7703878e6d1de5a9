--
-- DUIS power outage alerts, read and stored in one statement.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

CREATE FUNCTION ad1(
	hub text DEFAULT '88-73-84-90-6A-10-02-DB', started text DEFAULT '2026-03-01T12:01:00Z', mpxn text DEFAULT '2000012345672',
	issued text DEFAULT '2026-03-01T12:10:00.185Z',
	id text DEFAULT '<sr:ResponseID>88-73-84-90-6A-10-02-DB:90-B3-D5-1F-30-02-00-00:1766940660265</sr:ResponseID>',
	more text DEFAULT '', code text DEFAULT 'AD1'
) RETURNS xml LANGUAGE sql AS $$
	SELECT format($x$<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4">
	<sr:Header>%s<sr:ResponseCode>I0</sr:ResponseCode><sr:ResponseDateTime>%s</sr:ResponseDateTime></sr:Header>
	<sr:Body><sr:DCCAlertMessage><sr:DCCAlertCode>%s</sr:DCCAlertCode>%s<sr:DCCAlert><sr:PowerOutageEvent>
		<sr:CommsHubDeviceID>%s</sr:CommsHubDeviceID><sr:StartDateTime>%s</sr:StartDateTime><sr:MPxN>%s</sr:MPxN>
	</sr:PowerOutageEvent></sr:DCCAlert></sr:DCCAlertMessage></sr:Body></sr:Response>$x$, id, issued, code, more, hub, started, mpxn)::xml
$$;

SELECT * FROM poa.duis_alert(ad1());
SELECT * FROM poa.duis_alert(ad1(hub => E'\n\t88-73-84-90-6a-10-02-db ', id => '', mpxn => '1234567890',
	started => '2026-03-01T24:00:00', issued => '2026-03-01T13:10:00.1849999999+01:00',
	more => '<sr:ThrottledAlertSequenceId>7</sr:ThrottledAlertSequenceId><sr:ThrottledAlertCount>12</sr:ThrottledAlertCount>'));
SELECT mpxn FROM poa.duis_alert(ad1(mpxn => 'not digits'));
-- a throttled alert is never lost for its count: leading zeros, more than an integer, none
SELECT v.throttled, a.alert_count
FROM (VALUES ('0000000005'), ('00000000000000000001'), ('2147483647'), ('2147483648'), ('4294967295'),
	('99999999999999999999'), ('0')) AS v (throttled),
	poa.duis_alert(ad1(more => '<sr:ThrottledAlertCount>' || v.throttled || '</sr:ThrottledAlertCount>')) AS a;
-- as drivers send it
SELECT chf, alert_count FROM poa.duis_alert(U&'\FEFF<?xml version="1.0" encoding="ISO-8859-1"?>' || ad1()::text);
-- among any number of others
SELECT mpxn, alert_count FROM poa.duis_alert(
	replace(ad1(more => '<sr:ThrottledAlertCount>2</sr:ThrottledAlertCount>')::text, '<sr:MPxN>', repeat('<sr:X/>', 1000) || '<sr:MPxN>'));
-- by URI, never by prefix
SELECT chf FROM poa.duis_alert(replace(replace(ad1()::text, 'sr:', 'x:'), 'xmlns:sr', 'xmlns:x')::xml);
SELECT chf FROM poa.duis_alert(replace(replace(ad1()::text, 'sr:', ''), 'xmlns:sr', 'xmlns')::xml);
SELECT count(*) FROM poa.duis_alert(replace(ad1()::text, 'ServiceUserGateway', 'Other')::xml);

-- no alert of a power outage
SELECT count(*) FROM poa.duis_alert(NULL);
SELECT count(*) FROM poa.duis_alert('<a/>');
SELECT count(*) FROM poa.duis_alert(regexp_replace(ad1()::text, 'PowerOutageEvent', 'OtherEvent', 'g')::xml);

-- each field that is missing, or stands twice, or is wrong is named
CREATE FUNCTION refused(message xml) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM poa.duis_alert(message);
	RETURN 'read';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN sqlerrm;
END
$$;
SELECT f.field,
	refused(regexp_replace(ad1()::text, format('<sr:%1$s>.*?</sr:%1$s>', f.field), '')::xml) AS missing,
	refused(regexp_replace(ad1()::text, format('(<sr:%1$s>.*?</sr:%1$s>)', f.field), '\1\1')::xml) AS twice,
	refused(regexp_replace(ad1()::text, format('<sr:%1$s>.*?</sr:%1$s>', f.field), format('<sr:%1$s/>', f.field))::xml) AS empty
FROM (VALUES ('ResponseID'), ('ResponseDateTime'), ('DCCAlertCode'), ('CommsHubDeviceID'), ('StartDateTime'), ('MPxN')) AS f (field);
SELECT refused(ad1(hub => '88738490 6A1002DB')), refused(ad1(started => '2026-02-30T00:00:00Z')),
	refused(ad1(issued => 'yesterday')), refused(ad1(more => '<sr:ThrottledAlertCount>-1</sr:ThrottledAlertCount>'));
SELECT refused('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'::xml);

-- the whole ingest: one statement stores or diverts
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A0');
INSERT INTO poa.device VALUES ('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672');
SELECT poa.track_activation('00-DB-12-34-56-78-90-A0', received_at => '2026-03-01 12:00Z');
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, outage_started_at timestamptz, issued_at timestamptz,
	response_id text, alert_count integer, received_at timestamptz DEFAULT '2026-03-01 12:10Z');
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT * FROM poa.duis_alert(ad1());
INSERT INTO alerts SELECT * FROM poa.duis_alert(ad1(hub => '88-73-84-90-6A-10-02-DC'));
INSERT INTO alerts SELECT * FROM poa.duis_alert(ad1(more => '<sr:ThrottledAlertCount>5</sr:ThrottledAlertCount>'));
SELECT chf, mpxn, alert_count FROM alerts;
SELECT log_id, mpxn, alert -> 'alert_count' AS alert_count FROM poa.suppression_log ORDER BY log_id;
-- one that stands for five counts as five, also when it is released
SELECT month, distributor_id, suppressed, released, visits_avoided, saving FROM poa.suppression_monthly;
SELECT poa.release(log_id, 'a test') FROM poa.suppression_log WHERE alert ->> 'alert_count' = '5';
SELECT month, distributor_id, suppressed, released, visits_avoided, saving FROM poa.suppression_monthly;
SELECT chf, mpxn, alert_count FROM alerts ORDER BY chf, alert_count;
-- an absurd count does not break the account
ALTER TABLE alerts ALTER alert_count TYPE numeric;
INSERT INTO alerts (alert_code, chf, alert_count) VALUES ('AD1', '88-73-84-90-6A-10-02-DB', 1e100);
SELECT suppressed FROM poa.suppression_monthly;

DROP TABLE alerts;
DROP FUNCTION ad1, refused;
