-- Messages for the section "receive": each meter has one of each kind.

CREATE PROCEDURE bench.make_traffic(n_messages bigint) LANGUAGE plpgsql AS $$
DECLARE
	request CONSTANT text := '<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4"><sr:Header>'
		'<sr:RequestID>90-B3-D5-1F-30-01-00-00:%1$s:2</sr:RequestID><sr:CommandVariant>4</sr:CommandVariant>'
		'<sr:ServiceReference>%2$s</sr:ServiceReference><sr:ServiceReferenceVariant>%2$s</sr:ServiceReferenceVariant></sr:Header>'
		'<sr:Body><sr:%3$s>%4$s</sr:%3$s></sr:Body></sr:Request>';
	hash CONSTANT text := '<sr:FirmwareHash>20AA758690730934FF06856577889900112233445566AA758690730934FF0685</sr:FirmwareHash>';
	/* as large as the profile that a meter reports of a fortnight */
	response CONSTANT text := '<sr:Response xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway" schemaVersion="5.4"><sr:Header>'
		'<sr:RequestID>90-B3-D5-1F-30-01-00-00:%1$s:3</sr:RequestID><sr:ResponseID>%1$s:90-B3-D5-1F-30-01-00-00:3</sr:ResponseID>'
		'<sr:ResponseCode>I0</sr:ResponseCode><sr:ResponseDateTime>2026-03-02T09:12:00Z</sr:ResponseDateTime></sr:Header><sr:Body>'
		'<sr:ResponseMessage><sr:ServiceReference>4.8</sr:ServiceReference><sr:ServiceReferenceVariant>4.8.1</sr:ServiceReferenceVariant>'
		'<sr:GBCSPayload>%2$s</sr:GBCSPayload></sr:ResponseMessage></sr:Body></sr:Response>';
	elements CONSTANT text := (SELECT string_agg(format('<sr:Element index="%s"><sr:Value>%1$s</sr:Value></sr:Element>', i), '') FROM generate_series(1, 1000) AS i);
BEGIN
	CALL bench.make_inventory(n_messages);
	DROP TABLE IF EXISTS bench.traffic;
	CREATE TABLE bench.traffic AS
	SELECT m.meter, format(request, m.meter, '11.3', 'ActivateFirmware', hash) AS tracked,
		format(request, CAST(-n AS guid), '11.3', 'ActivateFirmware', hash) AS not_eligible,
		format(request, m.meter, '11.1', 'UpdateFirmware', hash) AS ignored,
		format(response, m.meter, repeat('QUJD', 800)) AS response,
		format(request, m.meter, '1.1.1', 'UpdateImportTariff', elements) AS large
	FROM generate_series(1, n_messages) AS n, LATERAL (SELECT bench.meter(n)) AS m (meter);
	ANALYZE bench.traffic;
END
$$;

-- what an 11.3 may cost: 4 times XMLPARSE of it, and 12 times an INSERT of its row
CREATE PROCEDURE bench.parse_and_insert() LANGUAGE plpgsql AS $$
DECLARE
	messages bigint := (SELECT count(*) FROM bench.traffic);
BEGIN
	FOR i IN 1 .. 4 LOOP
		PERFORM count(xmlparse(DOCUMENT t.tracked)) FROM bench.traffic AS t;
	END LOOP;
	FOR i IN 1 .. 12 LOOP
		CALL bench.insert_activations(1, messages, i);
	END LOOP;
END
$$;
