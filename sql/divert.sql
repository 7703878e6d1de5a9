--
-- The decision: which alerts are diverted, and what the log has of them.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '5 minutes', '30 minutes');
INSERT INTO poa.device VALUES
	('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001'),
	('00000000000000e2', 'ESME', 2, '1063', '00000000000000c1', '2000000000002'),
	('00000000000000e3', 'ESME', 2, '1063', '00000000000000c3', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (
	id int GENERATED ALWAYS AS IDENTITY,
	alert_code text,
	chf guid,
	received_at timestamptz,
	mpxn varchar(13),
	note text
);
SELECT poa.attach('alerts');
SELECT poa.track_activation('00000000000000e1', request_id => 'r1', received_at => '2026-03-01 12:00') AS r1 \gset

-- The window, both ends included, to the microsecond
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES
	('AD1', '00000000000000c1', '2026-03-01 11:54:59.999999', 'too early'),
	('AD1', '00000000000000c1', '2026-03-01 11:55:00', 'opens'),
	('AD1', '00000000000000c1', '2026-03-01 12:00:00', 'activation'),
	('AD1', '00000000000000c1', '2026-03-01 12:30:00', 'closes'),
	('AD1', '00000000000000c1', '2026-03-01 12:30:00.000001', 'too late'),
	('AD1', '00000000000000c1', '-infinity', 'ages ago'),
	('AD1', '00000000000000c1', 'infinity', 'never'),
	('AD1', '00000000000000c2', '2026-03-01 12:00:00', 'another hub');
SELECT note AS stored FROM alerts ORDER BY id;
SELECT alert->>'note' AS diverted, decided_at, delay FROM poa.suppression_log ORDER BY log_id;

-- Only an AD1, written so, of a hub at an instant
TRUNCATE alerts;
INSERT INTO alerts (alert_code, chf, received_at, note)
	SELECT code, '00000000000000c1', '2026-03-01 12:00:00', 'code ' || quote_nullable(code)
	FROM unnest(ARRAY['8F35', '8F36', '8F37', '8F3C', 'N12', 'ad1', 'AD1 ', ' AD1', 'AD2', 'AD', 'AD10', 'AD1' || chr(10), '', NULL]) AS code;
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES
	('AD1', NULL, '2026-03-01 12:00:00', 'no hub'),
	('AD1', '00000000000000c1', NULL, 'no instant'),
	(NULL, NULL, NULL, 'nothing at all');
SELECT count(*) AS stored, string_agg(note, ', ' ORDER BY id) FROM alerts;
-- stored untouched: the row that went in
INSERT INTO alerts (alert_code, chf, received_at, mpxn, note)
	VALUES ('8F36', '00000000000000c1', '2026-03-01 12:00:00', '1900000000001', repeat('long ', 1000))
	RETURNING alert_code, chf, received_at, mpxn, length(note);

-- Only a tracked or succeeded activation suppresses.
SELECT poa.track_activation('00000000000000e3', activates_at, request, received_at) IS NOT NULL
FROM (VALUES ('tracked', NULL::timestamptz, timestamptz '2026-04-01 12:00'), ('succeeded', NULL, '2026-04-02 12:00'),
	('failed', NULL, '2026-04-03 12:00'),
	('superseded', '2026-04-04 12:00', '2026-04-04 10:00'), ('superseding', '2026-04-05 12:00', '2026-04-04 11:00'),
	('cancelled', '2026-04-06 12:00', '2026-04-05 13:00')) AS c (request, activates_at, received_at);
SELECT poa.record_outcome('succeeded', 'succeeded'), poa.record_outcome('failed', 'no_image_held'),
	poa.cancel_activation('00000000000000e3', '2026-04-05 14:00');
TRUNCATE alerts;
INSERT INTO alerts (alert_code, chf, received_at, note) SELECT 'AD1', chf, activates_at, request_id FROM poa.activation
	WHERE device = '00000000000000e3' ORDER BY activation_id;
SELECT string_agg(note, ', ' ORDER BY id) AS stored FROM alerts;
SELECT string_agg(alert->>'note', ', ' ORDER BY log_id) AS diverted FROM poa.suppression_log WHERE device = '00000000000000e3';
-- a meter that is no longer listed keeps the window it has
DELETE FROM poa.guid_list WHERE guid = '00000000000000e3';
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', '00000000000000c3', '2026-04-01 12:01', 'no longer listed') RETURNING note;

-- Several windows of one hub: the one that activates last decides, then the
-- greatest id; all of them are listed in that order.
SELECT poa.track_activation('00000000000000e1', request_id => 'r2', received_at => '2026-05-01 12:00') AS r2 \gset
SELECT poa.track_activation('00000000000000e2', request_id => 'r3', received_at => '2026-05-01 12:20') AS r3 \gset
SELECT poa.track_activation('00000000000000e1', request_id => 'r4', received_at => '2026-05-01 12:20') AS r4 \gset
SELECT poa.track_activation('00000000000000e1', request_id => 'r5', received_at => '2026-05-01 12:10') AS r5 \gset
INSERT INTO alerts (alert_code, chf, received_at, note)
	SELECT 'AD1', '00000000000000c1', t, t::time
		FROM unnest(ARRAY[timestamptz '2026-05-01 12:01', '2026-05-01 12:06', '2026-05-01 12:21', '2026-05-01 12:31', '2026-05-01 12:41']) AS t;
SELECT alert->>'note' AS at, request_id, device, delay,
	ARRAY(SELECT a.request_id FROM unnest(matched) WITH ORDINALITY AS m (id, n) JOIN poa.activation AS a ON a.activation_id = m.id
		ORDER BY n) AS matched,
	activation_id = matched[1] AS first_decides
FROM poa.suppression_log WHERE decided_at > '2026-05-01' ORDER BY decided_at;

-- Every column of the log
SELECT logged_at = now() AS logged_now, diverted, source_schema, source_table, alert_code, chf, mpxn, distributor_id, decided_at,
	activation_id = :r1 AS activation, matched = ARRAY[:r1]::bigint[] AS matched, device, manufacturer, request_id, activates_at,
	opens_at, closes_at, delay
FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:30' \gx
BEGIN;
INSERT INTO alerts (alert_code, chf, received_at, mpxn) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:01', '2000000000002');
SELECT logged_at = now() AS logged_now, mpxn, distributor_id FROM poa.suppression_log WHERE decided_at = '2026-03-01 12:01';
COMMIT;

-- The distributor: of a 13-digit MPxN of the alert, else of the meter's when tracked, else none
ALTER TABLE alerts ALTER mpxn TYPE text;
CREATE FUNCTION pg_temp.distributor(alert text, meter text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE poa.activation SET mpxn = meter WHERE device = '00000000000000e1';
	INSERT INTO alerts (alert_code, chf, received_at, mpxn) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:02', alert);
	RETURN (SELECT coalesce(distributor_id::text, 'none') FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1);
END
$$;
SELECT quote_nullable(alert) AS alert, quote_nullable(meter) AS meter, pg_temp.distributor(alert, meter)
FROM (VALUES
	('1012345678901', '2312345678901'), ('9912345678901', NULL), ('0012345678901', NULL),
	(NULL, '2312345678901'), ('', '2312345678901'), ('1234567890', '2312345678901'), ('101234567890', '2312345678901'),
	('10123456789012', '2312345678901'), ('101234567890X', '2312345678901'), (' 1012345678901', '2312345678901'),
	('１０12345678901', '2312345678901'),
	(NULL, NULL), (NULL, '1234567890'), ('1234567890', '23123456789012')
) AS v (alert, meter);
-- of a meter that is gone, the activation has manufacturer and MPxN
DELETE FROM poa.device WHERE device = '00000000000000e1';
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:03', 'gone');
SELECT device, manufacturer, distributor_id FROM poa.suppression_log WHERE alert->>'note' = 'gone';

-- Shadow mode stores the alert and logs it
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('shadowed', mode => 'shadow');
INSERT INTO shadowed (id, alert_code, chf, received_at, note)
	VALUES (1, 'AD1', '00000000000000c1', '2026-03-01 12:00', 'inside'),
	(2, 'AD1', '00000000000000c1', '2026-03-01 13:00', 'outside') RETURNING note;
SELECT note FROM shadowed ORDER BY id;
SELECT alert->>'note' AS note, diverted, source_table FROM poa.suppression_log WHERE source_table = 'shadowed';

-- The kill switch stores everything, from one statement to the next
SET poa_suppress.enabled = off;
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:00', 'off') RETURNING note;
SELECT met FROM poa.explain('00000000000000c1', '2026-03-01 12:00') WHERE criterion = 'verdict';
RESET poa_suppress.enabled;
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:00', 'on again') RETURNING note;
-- thrown in the middle of a statement
CREATE FUNCTION pg_temp.throw(state text) RETURNS text LANGUAGE sql
	AS $$SELECT 'thrown ' || set_config('poa_suppress.enabled', state, false)$$;
INSERT INTO alerts (alert_code, chf, received_at, note)
	SELECT 'AD1', '00000000000000c1', '2026-03-01 12:00', pg_temp.throw(s) FROM unnest(ARRAY['off', 'on', 'off', 'on']) AS s RETURNING note;
INSERT INTO alerts (alert_code, chf, received_at, note)
	SELECT 'AD1', '00000000000000c1', '2026-03-01 12:00', pg_temp.throw(s) FROM unnest(ARRAY['on', 'off', 'on']) AS s RETURNING note;
RESET poa_suppress.enabled;

-- A table that has no MPxN, and the other clock: the start of the outage
CREATE TABLE bare (kind varchar, hub guid, started timestamptz, received_at timestamptz);
SELECT poa.attach('bare', code => 'kind', chf => 'hub', at => 'started', mpxn => NULL);
INSERT INTO bare VALUES ('AD1', '00000000000000c1', '2026-03-01 12:00', '2026-03-01 13:00'),
	('AD1', '00000000000000c1', '2026-03-01 13:00', '2026-03-01 12:00');
SELECT started FROM bare;
SELECT decided_at, mpxn, distributor_id FROM poa.suppression_log WHERE source_table = 'bare';

-- NULL is not zero: neither the hub of that number nor the first instant of 2000
INSERT INTO poa.device
	VALUES ('00000000000000f1', 'ESME', 2, '1063', '0000000000000000', NULL),
	('00000000000000f2', 'ESME', 2, '1063', 2361::bigint::guid, NULL);
INSERT INTO poa.guid_list VALUES ('00000000000000f1'), ('00000000000000f2');
SELECT count(poa.track_activation(d, received_at => at))
	FROM (VALUES ('00000000000000f1'::guid, timestamptz '2000-01-01 00:00Z'), ('00000000000000f2', '2000-01-01 00:00Z')) AS v (d, at);
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', NULL, '2000-01-01 00:00Z', 'no hub'), ('AD1', '0000000000000000', NULL, 'no instant'),
	('AD1', '0000000000000000', '2000-01-01 00:00Z', 'both') RETURNING note;
-- nor is a hub another of the same hash
SELECT guid_hash(2361::bigint::guid) = guid_hash(389768::bigint::guid) AS same_hash;
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', 389768::bigint::guid, '2000-01-01 00:00Z', 'same hash'),
	('AD1', 2361::bigint::guid, '2000-01-01 00:00Z', 'the hub') RETURNING note;

-- A hub that has had many windows: each is as exact as an only one
INSERT INTO poa.device VALUES ('00000000000000e5', 'ESME', 2, '1063', '00000000000000c5', NULL);
INSERT INTO poa.guid_list VALUES ('00000000000000e5');
SELECT count(poa.track_activation('00000000000000e5', received_at => timestamptz '2026-04-01' + n * interval '1 hour'))
FROM generate_series(0, 6) AS n;
INSERT INTO alerts (alert_code, chf, received_at, note)
SELECT 'AD1', a.chf, edge.at + early.by * interval '1 microsecond', format('%s %s', edge.name, early.by)
FROM poa.activation AS a, LATERAL (VALUES ('opens', a.opens_at), ('closes', a.closes_at)) AS edge (name, at),
	generate_series(-1, 1) AS early (by)
WHERE a.device = '00000000000000e5';
SELECT note, count(*) AS stored FROM alerts WHERE chf = '00000000000000c5' GROUP BY note ORDER BY note;
SELECT alert->>'note' AS note, count(*) AS diverted, count(DISTINCT activation_id) AS activations, max(cardinality(matched)) AS matched
FROM poa.suppression_log WHERE chf = '00000000000000c5' GROUP BY 1 ORDER BY 1;

-- the sum: an alert is in its table or in the log, shadowed ones in both
SELECT count(*) FILTER (WHERE NOT diverted) AS in_both,
	count(*) FILTER (WHERE diverted
	AND EXISTS (SELECT FROM alerts AS a WHERE a.id = (l.alert->>'id')::int AND l.source_table = 'alerts')) AS diverted_and_stored
FROM poa.suppression_log AS l;
DROP TABLE alerts, shadowed, bare;
