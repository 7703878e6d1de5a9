/*
 * The world that is measured: numbered meters and hubs, and the maker of loads.
 *
 * GUIDs are scattered within the range of one maker, as those in the field are.
 * Tracked activations stand on hubs 1, 2, ...; the hubs of a storm are numbered
 * from 20 million on and were never tracked.
 */
CREATE EXTENSION poa_suppress;
CREATE SCHEMA bench;
\ir cpu.sql

CREATE FUNCTION bench.meter(n bigint) RETURNS guid LANGUAGE sql IMMUTABLE
RETURN (x'00DB123400000000'::bigint + n * 2654435761 % 4294967296)::guid;

CREATE FUNCTION bench.hub(n bigint) RETURNS guid LANGUAGE sql IMMUTABLE
RETURN (x'8873849000000000'::bigint + n * 2246822519 % 4294967296)::guid;

CREATE FUNCTION bench.mpan(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN ((10 + n % 14) * 100000000000 + n)::text;

/* 16 octets, of which the GUID is the first half */
CREATE FUNCTION bench.uuid(g guid) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN (replace(g::text, '-', '') || '0000000000000000')::uuid;

/*
 * The alerts to insert, with the hub in every type that a peer may have it.
 * pass: no AD1; storm: AD1, hub never tracked; mixed: 5 % AD1, of which 1 in 20
 * is diverted; diverted: all are; closed: AD1 of hubs whose windows have closed.
 */
CREATE PROCEDURE bench.make_load(load text, n_rows bigint, tracked bigint) LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS bench.load;
	CREATE UNLOGGED TABLE bench.load AS
	SELECT r.code AS alert_code, h.guid, h.guid::text AS text, bench.uuid(h.guid) AS uuid, h.guid::macaddr8 AS macaddr8,
		bench.mpan(r.i) AS mpxn, r.at - interval '190 seconds' AS outage_started_at, r.at AS received_at, r.diverted
	FROM (
		SELECT i,
			CASE WHEN load = 'pass' OR load = 'mixed' AND i % 20 > 0 THEN '8F36' ELSE 'AD1' END AS code,
			load = 'diverted' OR load = 'mixed' AND i % 400 = 0 AS diverted,
			CASE load WHEN 'closed' THEN timestamptz '2026-03-01 18:00Z' ELSE '2026-03-01 12:10Z' END
				+ i * interval '1 microsecond' AS at
		FROM generate_series(1, n_rows) AS i
	) AS r
	CROSS JOIN LATERAL (SELECT bench.hub(
		CASE WHEN r.diverted OR load = 'closed' THEN 1 + r.i * 7919 % tracked ELSE 20000000 + r.i END)
	) AS h (guid);
	ANALYZE bench.load;
END
$$;

/* a meter on each of the first n hubs, listed and in the inventory */
CREATE PROCEDURE bench.make_inventory(meters bigint) LANGUAGE sql AS $$
	INSERT INTO poa.manufacturer (manufacturer, name) VALUES ('1063', 'Landis+Gyr') ON CONFLICT DO NOTHING;
	TRUNCATE poa.device, poa.guid_list;
	INSERT INTO poa.device (device, device_type, smets, manufacturer, chf, mpxn)
	SELECT bench.meter(n), 'ESME', 2, '1063', bench.hub(n), bench.mpan(n) FROM generate_series(1, meters) AS n;
	INSERT INTO poa.guid_list SELECT bench.meter(n) FROM generate_series(1, meters) AS n;
	ANALYZE poa.device, poa.guid_list;
$$;

/* which peer keeps activations of its own: filled by peers.sql */
CREATE TABLE bench.keeper (peer name, key name);

/*
 * Activations a .. b, one a meter, on the extension and all peers alike: windows
 * of 2026-03-01 that hold the alerts above, or (old) windows of the years before
 * on hubs 1 .. meters over and over.
 */
CREATE PROCEDURE bench.track(a bigint, b bigint, meters bigint, old boolean) LANGUAGE plpgsql AS $$
DECLARE
	k record;
	activations text := format(
		$sql$
		SELECT bench.meter(m.n) AS device, bench.hub(m.n) AS guid,
			'90-B3-D5-1F-30-01-00-00:' || bench.meter(m.n) || ':' || CASE WHEN %4$L THEN 1000000000 + a.i ELSE a.i END AS request_id,
			bench.mpan(m.n) AS mpxn, a.at - interval '1 hour' AS received_at, a.at, a.at + interval '30 minutes' AS closes_at,
			CASE WHEN %4$L THEN 'succeeded' ELSE 'tracked' END AS status
		FROM (SELECT i, timestamptz '2026-03-01 12:00Z' - CASE WHEN %4$L THEN interval '90 days' * (1 + (i - 1) / %3$s) ELSE '0' END AS at
			FROM generate_series(%1$s, %2$s) AS i) AS a
		CROSS JOIN LATERAL (SELECT 1 + (a.i - 1) %% %3$s AS n) AS m
		$sql$, a, b, meters, old);
BEGIN
	FOR k IN SELECT * FROM bench.keeper UNION ALL SELECT 'poa', 'guid' LOOP
		EXECUTE format(
			'INSERT INTO %I.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status,'
			' manufacturer, mpxn, originator)'
			' SELECT t.device, %s, t.request_id, t.received_at, t.at, t.at, t.closes_at, t.status, ''1063'', t.mpxn,'
			' ''90-B3-D5-1F-30-01-00-00'' FROM (%s) AS t',
			k.peer, CASE k.key WHEN 'uuid' THEN 'bench.uuid(t.guid)' ELSE 't.guid::' || k.key END, activations);
		EXECUTE format('ANALYZE %I.activation', k.peer);
	END LOOP;
END
$$;

/* rows as tracking stores them, with their indexes, for meters first .. first + n - 1 */
CREATE PROCEDURE bench.insert_activations(first bigint, n_rows bigint, counter bigint) LANGUAGE sql AS $$
	INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status,
		manufacturer, mpxn, originator)
	SELECT m.meter, m.meter, '90-B3-D5-1F-30-01-00-00:' || m.meter || ':' || counter, now(), now(), now(),
		now() + interval '30 minutes', 'tracked', '1063', '2000012345672', '90-B3-D5-1F-30-01-00-00'
	FROM (SELECT bench.meter(n) AS meter FROM generate_series(first, first + n_rows - 1) AS n) AS m;
$$;

/* an empty table for the next peer's turn, also the logs */
CREATE PROCEDURE bench.reset(peer name) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('TRUNCATE %I.alerts', peer);
	IF peer = 'poa_suppress' THEN
		/* the log is append-only even for us; this is our own throw-away server */
		ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only;
		ALTER TABLE poa.release_log DISABLE TRIGGER append_only;
		TRUNCATE poa.suppression_log, poa.release_log, poa_internal.released_alert;
		ALTER TABLE poa.suppression_log ENABLE ALWAYS TRIGGER append_only;
		ALTER TABLE poa.release_log ENABLE ALWAYS TRIGGER append_only;
	ELSIF to_regclass(format('%I.suppression_log', peer)) IS NOT NULL THEN
		EXECUTE format('TRUNCATE %I.suppression_log', peer);
	END IF;
END
$$;

/* a figure of a peer that did not do its work is worth nothing */
CREATE PROCEDURE bench.check(peer name) LANGUAGE plpgsql AS $$
DECLARE
	stored bigint;
	logged bigint := 0;
	log text := CASE peer WHEN 'poa_suppress' THEN 'poa' ELSE peer END || '.suppression_log';
	sent bigint;
	to_log bigint;
BEGIN
	SELECT count(*), count(*) FILTER (WHERE diverted) INTO sent, to_log FROM bench.load;
	EXECUTE format('SELECT count(*) FROM %I.alerts', peer) INTO stored;
	IF to_regclass(log) IS NULL THEN
		to_log := 0;
	ELSE
		EXECUTE 'SELECT count(*) FROM ' || log INTO logged;
	END IF;
	IF (stored, logged) <> (sent - to_log, to_log) THEN
		RAISE 'peer %: % stored and % logged, should be % and %', peer, stored, logged, sent - to_log, to_log;
	END IF;
END
$$;

/* service requests 11.3 for meters first .. first + n - 1 */
CREATE PROCEDURE bench.make_messages(first bigint, n_messages bigint) LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS bench.message;
	CREATE TABLE bench.message AS
	SELECT xmlelement(NAME "Request", xmlattributes(
		'http://www.dccinterface.co.uk/ServiceUserGateway' AS "xmlns", '5.4' AS "schemaVersion"),
		xmlelement(NAME "Header", xmlforest(
			'90-B3-D5-1F-30-01-00-00:' || bench.meter(n) || ':2' AS "RequestID", 4 AS "CommandVariant",
			'11.3' AS "ServiceReference", '11.3' AS "ServiceReferenceVariant")),
		xmlelement(NAME "Body", xmlelement(NAME "ActivateFirmware", xmlforest(
			'20AA758690730934FF0685AA758690730934FF06856577889900112233445566' AS "FirmwareHash")))) AS message
	FROM generate_series(first, first + n_messages - 1) AS n;
	ANALYZE bench.message;
END
$$;
