--
-- Service request 11.3 as DUIS writes it: the request (variant 4), every form
-- of its fields, and what is refused by name or not ours.  Signed pre-commands
-- and what is done with a message are in receive.sql.
--
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

-- a request, and others made of it
CREATE FUNCTION pg_temp.request(at text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT '<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4">
 <sr:Header>
  <sr:RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000</sr:RequestID>
  <sr:CommandVariant>4</sr:CommandVariant>
  <sr:ServiceReference>11.3</sr:ServiceReference>
  <sr:ServiceReferenceVariant>11.3</sr:ServiceReferenceVariant>
 </sr:Header>
 <sr:Body><sr:ActivateFirmware>' || coalesce('<sr:ExecutionDateTime>' || at || '</sr:ExecutionDateTime>', '') || '
  <sr:FirmwareHash>AA758690730934FF0685AA758690730934FF0685657788990011223344556677</sr:FirmwareHash>
 </sr:ActivateFirmware></sr:Body>
</sr:Request>'
$$;
-- immediate, future-dated, cancelling
SELECT * FROM poa.duis_activation(pg_temp.request()::xml);
SELECT activates_at, cancels FROM poa.duis_activation(pg_temp.request('2030-01-15T09:00:00Z')::xml);
SELECT activates_at, cancels FROM poa.duis_activation(pg_temp.request('3000-12-31T00:00:00Z')::xml);
SELECT activates_at, cancels FROM poa.duis_activation(pg_temp.request('3000-12-30T23:00:00-01:00')::xml);
SELECT cancels FROM poa.duis_activation(pg_temp.request('3000-12-31T00:00:01Z')::xml);
SELECT cancels FROM poa.duis_activation(pg_temp.request('2999-12-31T00:00:00Z')::xml);
SELECT count(*) FROM poa.duis_activation(NULL);

-- Every form of xs:dateTime, read in UTC whatever the session's zone and date style
SET TimeZone = 'America/New_York'; SET DateStyle = 'SQL, DMY';
CREATE FUNCTION pg_temp.read(message text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT coalesce(to_char(activates_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), 'on demand')
		FROM poa.duis_activation(message::xml));
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT v.at, v.instant AS wanted, r.answer AS got
FROM (VALUES
	('2030-01-15T09:00:00Z', '2030-01-15 09:00:00.000000'), ('2030-01-15T09:00:00', '2030-01-15 09:00:00.000000'),
	('2030-01-15T09:00:00+00:00', '2030-01-15 09:00:00.000000'), ('2030-01-15T09:00:00-00:00', '2030-01-15 09:00:00.000000'),
	('2030-01-15T09:00:00+01:00', '2030-01-15 08:00:00.000000'), ('2030-07-15T09:00:00-05:30', '2030-07-15 14:30:00.000000'),
	('2030-01-15T09:00:00+14:00', '2030-01-14 19:00:00.000000'), ('2030-01-15T09:00:00-14:00', '2030-01-15 23:00:00.000000'),
	('2030-01-15T09:00:00.5Z', '2030-01-15 09:00:00.500000'), ('2030-01-15T09:00:00.123456Z', '2030-01-15 09:00:00.123456'),
	('2030-01-15T09:00:00.1234564999999999999999999Z', '2030-01-15 09:00:00.123456'),
	('2030-01-15T09:00:00.000000000000000000000000001Z', '2030-01-15 09:00:00.000000'),
	('2030-01-15T09:00:00.0000', '2030-01-15 09:00:00.000000'), ('2030-01-15T09:00:00.25+01:00', '2030-01-15 08:00:00.250000'),
	('2030-01-15T24:00:00Z', '2030-01-16 00:00:00.000000'), ('2030-12-31T24:00:00', '2031-01-01 00:00:00.000000'),
	('2030-01-15T24:00:00.000Z', '2030-01-16 00:00:00.000000'),
	('2028-02-29T00:00:00Z', '2028-02-29 00:00:00.000000'), ('2030-03-31T01:30:00', '2030-03-31 01:30:00.000000'),
	(E' \t\r\n2030-01-15T09:00:00Z\n ', '2030-01-15 09:00:00.000000'),
	('2030-01-15T23:59:59.999999Z', '2030-01-15 23:59:59.999999'), ('2030&#45;01-15T09:00:00Z', '2030-01-15 09:00:00.000000'),
	('<![CDATA[2030-01-15T09:00:00Z]]>', '2030-01-15 09:00:00.000000')
) AS v (at, instant), pg_temp.read(pg_temp.request(v.at)) AS r (answer)
WHERE v.instant IS DISTINCT FROM r.answer;
-- and what is none: each is an error that names the field
SELECT at, answer
FROM unnest(ARRAY['', ' ', '2030-01-15', '09:00:00Z', '2030-01-15 09:00:00Z', '2030-01-15t09:00:00z', '2030-01-15T09:00Z',
	'2030-01-15T9:00:00Z', '2030-1-15T09:00:00Z', '30-01-15T09:00:00Z',
	'2030-13-01T00:00:00Z', '2030-00-01T00:00:00Z', '2030-01-00T00:00:00Z', '2030-02-30T00:00:00Z', '2029-02-29T00:00:00Z',
	'2030-04-31T00:00:00Z',
	'2030-01-15T25:00:00Z', '2030-01-15T24:00:01Z', '2030-01-15T24:00:00.1Z', '2030-01-15T09:60:00Z', '2030-01-15T09:00:60Z',
	'2030-01-15T09:00:00.Z', '2030-01-15T09:00:00,5Z',
	'2030-01-15T09:00:00+1:00', '2030-01-15T09:00:00+0100', '2030-01-15T09:00:00+15:00', '2030-01-15T09:00:00+14:01',
	'2030-01-15T09:00:00+01', '2030-01-15T09:00:00 Z', '2030-01-15T09:00:00ZZ',
	'2030-01-15T09:00:00 UTC', '15/01/2030 09:00:00', 'tomorrow', 'now', 'infinity', '-infinity', 'epoch', '0000-01-01T00:00:00Z',
	'20300115090000Z', '2030-01-15T09:00:00Z2030-01-15T09:00:00Z', '99991231235959Z']) AS at,
	pg_temp.read(pg_temp.request(at)) AS answer
WHERE answer !~ '^(22023|22P02) .*ExecutionDateTime';
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';

-- Namespaces count by URI: another prefix, none, one that is declared further down
SELECT pg_temp.read(replace(replace(pg_temp.request(), 'sr:', 'dcc:'), 'xmlns:sr', 'xmlns:dcc')) AS other_prefix,
	pg_temp.read(replace(replace(pg_temp.request(), '<sr:', '<'), '</sr:', '</')) AS default_unused,
	pg_temp.read(replace(replace(replace(pg_temp.request(), '<sr:', '<'), '</sr:', '</'), 'xmlns:sr=', 'xmlns=')) AS default_namespace,
	pg_temp.read(replace(pg_temp.request(), '<sr:Body>', '<sr:Body xmlns:x="urn:x" x:y="z">')) AS more_of_them;
SELECT pg_temp.read(replace(pg_temp.request(), 'ServiceUserGateway"', 'ServiceUserGateway/"')) AS other_uri,
	pg_temp.read(replace(pg_temp.request(), 'http://www.dcc', 'https://www.dcc')) AS https,
	pg_temp.read(replace(pg_temp.request(), ' xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"', ' xmlns:sr="urn:x"')) AS foreign;

-- The forms that an identifier, a hash and a number may have, which change nothing
SELECT v.wanted, v.got
FROM (SELECT v.n, row(d.*)::text, v.wanted FROM (VALUES
	(1, replace(pg_temp.request(),
		'90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000', E'\n  90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000  '),
		'90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000'),
	(2, replace(pg_temp.request(), 'A0:1000', 'A0:18446744073709551615'),
		'90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:18446744073709551615'),
	(3, replace(pg_temp.request(), 'A0:1000', 'A0:0'), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:0'),
	(4, replace(pg_temp.request(), '90-B3-D5-1F-30-01-00-00:00-DB-12', '90-b3-d5-1f-30-01-00-00:00-db-12'),
		'90-b3-d5-1f-30-01-00-00:00-db-12-34-56-78-90-A0:1000'),
	(5, replace(pg_temp.request(), 'AA7586', 'aa7586'), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000'),
	(6, replace(pg_temp.request(), '>4<', E'> 4\n<'), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000'),
	(7, replace(pg_temp.request(), '<sr:Header>', '<!-- 11.3 --><sr:Header><?pi?>'), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000'),
	(8, replace(pg_temp.request(), '<sr:FirmwareHash>', E'<sr:FirmwareHash>\n '), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000'),
	(9, '<?xml version="1.0" encoding="UTF-8"?>' || pg_temp.request(), '90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1000')
) AS v (n, message, wanted) LEFT JOIN LATERAL poa.duis_activation(v.message::xml) AS d ON true
WHERE (d.request_id, d.originator, d.device, d.command_variant, d.activates_at, d.cancels) IS DISTINCT FROM
	(v.wanted, guid '90-B3-D5-1F-30-01-00-00', guid '00-DB-12-34-56-78-90-A0', 4::smallint, NULL::timestamptz, false)) AS v (n, got, wanted);

-- Each field, missing, there twice, or invalid: the error names it.  Listed is what does not.
SELECT v.field, v.why, r.answer
FROM (VALUES
	('RequestID', 'missing', '<sr:RequestID>.*</sr:RequestID>', ''),
	('RequestID', 'twice', '(<sr:RequestID>.*</sr:RequestID>)', '\1\1'),
	('RequestID', 'empty', '<sr:RequestID>.*</sr:RequestID>', '<sr:RequestID/>'),
	('RequestID', 'two parts', 'A0:1000', 'A0'),
	('RequestID', 'four parts', 'A0:1000', 'A0:1000:1'),
	('RequestID', 'no counter', 'A0:1000', 'A0:'),
	('RequestID', 'leading zero', 'A0:1000', 'A0:01000'),
	('RequestID', 'sign', 'A0:1000', 'A0:-1'),
	('RequestID', 'fraction', 'A0:1000', 'A0:1.5'),
	('RequestID', 'counter of 65 bits', 'A0:1000', 'A0:18446744073709551616'),
	('RequestID', 'long counter', 'A0:1000', 'A0:100000000000000000000000000000000'),
	('RequestID', 'bare target', '00-DB-12-34-56-78-90-A0', '00DB1234567890A0'),
	('RequestID', 'colons', '00-DB-12-34-56-78-90-A0', '00:DB:12:34:56:78:90:A0'),
	('RequestID', 'short target', '00-DB-12-34-56-78-90-A0', '00-DB-12-34-56-78-90'),
	('RequestID', 'no originator', '90-B3-D5-1F-30-01-00-00:', ''),
	('CommandVariant', 'missing', '<sr:CommandVariant>4</sr:CommandVariant>', ''),
	('CommandVariant', 'twice', '(<sr:CommandVariant>4</sr:CommandVariant>)', '\1\1'),
	('CommandVariant', 'empty', '>4<', '><'), ('CommandVariant', 'for a signed one', '>4<', '>5<'),
	('CommandVariant', 'unknown', '>4<', '>9<'), ('CommandVariant', 'no number', '>4<', '>x<'),
	('CommandVariant', 'too large', '>4<', '>40000000000<'),
	('ServiceReference', 'missing', '<sr:ServiceReference>11.3</sr:ServiceReference>', ''),
	('ServiceReference', 'twice', '(<sr:ServiceReference>11.3</sr:ServiceReference>)', '\1\1'),
	('ServiceReference', 'another', '<sr:ServiceReference>11.3</sr:ServiceReference>', '<sr:ServiceReference>11.2</sr:ServiceReference>'),
	('ServiceReferenceVariant', 'missing', '<sr:ServiceReferenceVariant>11.3</sr:ServiceReferenceVariant>', ''),
	('ServiceReferenceVariant', 'twice', '(<sr:ServiceReferenceVariant>11.3</sr:ServiceReferenceVariant>)', '\1\1'),
	('ServiceReferenceVariant', 'another', '<sr:ServiceReferenceVariant>11.3</sr:ServiceReferenceVariant>',
		'<sr:ServiceReferenceVariant>11.4</sr:ServiceReferenceVariant>'),
	('ExecutionDateTime', 'twice', '<sr:FirmwareHash>', '<sr:ExecutionDateTime>2030-01-15T09:00:00Z</sr:ExecutionDateTime>'
		'<sr:ExecutionDateTime>2030-01-15T09:00:00Z</sr:ExecutionDateTime><sr:FirmwareHash>'),
	('FirmwareHash', 'missing', '<sr:FirmwareHash>.*</sr:FirmwareHash>', ''),
	('FirmwareHash', 'twice', '(<sr:FirmwareHash>.*</sr:FirmwareHash>)', '\1\1'),
	('FirmwareHash', 'empty', '<sr:FirmwareHash>.*</sr:FirmwareHash>', '<sr:FirmwareHash/>'),
	('FirmwareHash', 'short', 'AA758690', 'AA7586'), ('FirmwareHash', 'long', 'AA758690', 'AA75869000'),
	('FirmwareHash', 'no hex', 'AA758690', 'XX758690'),
	('Header', 'missing', '<sr:Header>.*</sr:Header>', ''), ('Header', 'twice', '(<sr:Header>.*</sr:Header>)', '\1\1'),
	('Body', 'missing', '<sr:Body>.*</sr:Body>', ''), ('Body', 'twice', '(<sr:Body>.*</sr:Body>)', '\1\1'),
	('Body', 'empty', '<sr:Body>.*</sr:Body>', '<sr:Body/>'), ('Body', 'of another request', 'ActivateFirmware>', 'UpdateFirmware>'),
	('Body', 'two of them', '(<sr:ActivateFirmware>.*</sr:ActivateFirmware>)', '\1\1')
) AS v (field, why, pattern, replacement),
	LATERAL (SELECT pg_temp.read(regexp_replace(pg_temp.request(), v.pattern, v.replacement, 'g'))) AS r (answer)
WHERE r.answer IS NULL OR r.answer !~ ('^(22023|22P02) .*' || v.field);
SELECT poa.duis_activation(replace(pg_temp.request(), 'A0:1000', 'A0:1001x')::xml);
-- of several that are missing one is named, in this order
SELECT v.mended, pg_temp.read('<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway">' || v.message
	|| '</sr:Request>') AS answer
FROM (VALUES
	(0, '<sr:Header/><sr:Header/><sr:Body><sr:ActivateFirmware/></sr:Body>'),
	(1, '<sr:Header/><sr:Body><sr:ActivateFirmware/></sr:Body><sr:Body/>'),
	(2, '<sr:Header><sr:RequestID/></sr:Header><sr:Body><sr:ActivateFirmware/></sr:Body><sr:Body/>'),
	(3, '<sr:Header><sr:RequestID/><sr:ServiceReference/></sr:Header><sr:Body><sr:ActivateFirmware/></sr:Body><sr:Body/>'),
	(4, '<sr:Header><sr:RequestID/><sr:ServiceReference/><sr:ServiceReferenceVariant/></sr:Header>'
		'<sr:Body><sr:ActivateFirmware/></sr:Body><sr:Body/>'),
	(5, '<sr:Header><sr:RequestID/><sr:ServiceReference/><sr:ServiceReferenceVariant/></sr:Header><sr:Body><sr:ActivateFirmware/></sr:Body>')
) AS v (mended, message) ORDER BY v.mended;

-- Not ours: no row, and no error
SELECT count(*) AS documents, count(d.request_id) AS rows
FROM (VALUES
	('<a/>'),
	(replace(replace(pg_temp.request(), '11.3', '11.2'), 'ActivateFirmware', 'UpdateFirmware')),
	(replace(replace(pg_temp.request(), '11.3', '1.1.1'), 'ActivateFirmware', 'UpdateImportTariff')),
	(replace(replace(pg_temp.request(), 'sr:Request ', 'sr:Response '), 'sr:Request>', 'sr:Response>')),
	('<x>' || pg_temp.request() || '</x>')
) AS v (message) LEFT JOIN LATERAL poa.duis_activation(v.message::xml) AS d ON true;

-- Exactly one document, or 22023, in every reader and both types: an alert must not vanish
CREATE FUNCTION pg_temp.verdicts(message text, as_xml boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	reader text;
	answers text[];
	n bigint;
BEGIN
	FOREACH reader IN ARRAY ARRAY['duis_activation', 'duis_alert', 'duis_outcome', 'duis_name', 'receive'] LOOP
		BEGIN
			EXECUTE format('SELECT count(*) FROM poa.%I($1::%s)', reader, CASE WHEN as_xml THEN 'xml' ELSE 'text' END) USING message INTO n;
			answers := answers || n::text;
		EXCEPTION WHEN OTHERS THEN
			answers := answers || sqlstate;
		END;
	END LOOP;
	RETURN array_to_string(answers, ' ');
END
$$;
SET client_min_messages = error;	/* of the declaration that is damaged */
SELECT v.what, pg_temp.verdicts(v.message, false) AS as_text, pg_temp.verdicts(v.message, true) AS as_xml
FROM (VALUES
	(1, 'one', pg_temp.request()),
	(2, 'byte order mark', U&'\FEFF' || pg_temp.request()),
	(3, 'mark and declaration', U&'\FEFF<?xml version="1.0" encoding="UTF-16"?>' || U&'\FEFF' || pg_temp.request()),
	(4, 'unknown encoding', '<?xml version="1.0" encoding="x-unknown" standalone=''yes'' ?>' || E'\n' || pg_temp.request()),
	(5, 'comments around', '<!-- <!DOCTYPE --><?a?>' || pg_temp.request() || E'\n<!-- <x> -->'),
	(6, 'two', pg_temp.request() || pg_temp.request()),
	(7, 'two with marks', U&'\FEFF' || pg_temp.request() || U&'\FEFF' || pg_temp.request()),
	(8, 'two with declarations', '<?xml version="1.0"?>' || pg_temp.request() || '<?xml version="1.0"?>' || pg_temp.request()),
	(9, 'a trailing word', pg_temp.request() || ' x'),
	(10, 'a word before', 'x ' || pg_temp.request()),
	(11, 'nothing', ''), (12, 'white space', E' \n'), (13, 'text', 'just text'), (14, 'a comment', '<!-- nothing -->'),
	(15, 'two roots', '<a/><b/>'),
	(16, 'no end tag', replace(pg_temp.request(), '</sr:Body>', '')),
	(17, 'an end tag too many', replace(pg_temp.request(), '</sr:Body>', '</sr:Body></sr:Body>')),
	(18, 'a damaged declaration', '<?xml version=1.0?>' || pg_temp.request()),
	(19, 'a declaration out of place', ' <?xml version="1.0"?>' || pg_temp.request()),
	(20, 'NULL', NULL)
) AS v (n, what, message) ORDER BY v.n;
RESET client_min_messages;
-- a literal without a type is text
SELECT request_id
FROM poa.duis_activation('<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header/></sr:Request>');
SELECT poa.duis_name('<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"><sr:Header/></sr:Request>');
SELECT poa.duis_name(U&'\FEFF<a xmlns="urn:b"/>');
-- elements of other namespaces are none of ours, and do not belong into a body
SELECT pg_temp.read(replace(pg_temp.request(), '<sr:CommandVariant>', '<x:RequestID xmlns:x="urn:x"/><sr:CommandVariant>')) AS beside,
	pg_temp.read(replace(pg_temp.request(), '</sr:Body>', '<x:Y xmlns:x="urn:x"/></sr:Body>')) AS in_body;
-- nor do more of ours, while beside fields any number may stand
SELECT pg_temp.read(replace(pg_temp.request(), '</sr:Header>', repeat('<sr:X/>', 1000) || '</sr:Header>')) AS in_header,
	pg_temp.read(replace(pg_temp.request(), '</sr:Activate', repeat('<sr:X/>', 1000) || '</sr:Activate')) AS in_command,
	pg_temp.read(replace(pg_temp.request(), '</sr:Body>', repeat('<sr:X/>', 1000) || '</sr:Body>')) AS in_body,
	pg_temp.read(replace(pg_temp.request(), '<sr:Body>', '<sr:Body/><sr:Body>')) AS two_bodies;

-- Damaged: what is not well formed is PostgreSQL's own error, a document type is refused
\set VERBOSITY sqlstate
SELECT poa.duis_activation(XMLPARSE(DOCUMENT replace(pg_temp.request(), '</sr:Body>', '')));
SELECT poa.duis_activation(replace(pg_temp.request(), '</sr:Body>', '')::xml);
SELECT poa.duis_activation(('<!DOCTYPE x [<!ENTITY e "4">]>' || replace(pg_temp.request(), '>4<', '>&e;<'))::xml);
SELECT poa.duis_activation(('<!DOCTYPE x SYSTEM "file:///etc/passwd">' || pg_temp.request())::xml);
