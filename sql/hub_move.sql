--
-- A meter that moves to another hub takes its windows with it.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf)
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', '00000000000000c0' FROM generate_series(0, 9) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
-- each meter has a window that is to come, in the far future
CREATE FUNCTION pg_temp.track_all() RETURNS void LANGUAGE sql AS $$
	TRUNCATE poa.activation;
	UPDATE poa.device SET chf = '00000000000000c0';
	SELECT count(poa.track_activation(device, '2190-01-01', device::text, '2026-03-01')) FROM poa.device;
	SELECT;
$$;
CREATE FUNCTION pg_temp.hubs(meter guid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(right(chf::text, 2) || ' ' || status, ', ' ORDER BY activation_id) FROM poa.activation WHERE device = meter
$$;

-- however its row comes to name another hub
SELECT pg_temp.track_all();
UPDATE poa.device SET chf = '00000000000000c1' WHERE device = '00000000000000e0';
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1')
	ON CONFLICT (device) DO UPDATE SET chf = EXCLUDED.chf;
DELETE FROM poa.device WHERE device = '00000000000000e2';
INSERT INTO poa.device VALUES ('00000000000000e2', 'ESME', 2, '1063', '00000000000000c1');
BEGIN;
DELETE FROM poa.device WHERE device = '00000000000000e3';
INSERT INTO poa.device VALUES ('00000000000000e3', 'ESME', 2, '1063', '00000000000000c1');
COMMIT;
MERGE INTO poa.device AS d USING (VALUES (guid '00000000000000e4')) AS s (device) ON d.device = s.device
	WHEN MATCHED THEN UPDATE SET chf = '00000000000000c1';
DELETE FROM poa.device WHERE device = '00000000000000e5';
COPY poa.device FROM stdin;
00000000000000e5	ESME	2	1063	00000000000000c1	\N
\.
UPDATE poa.device AS d SET chf = '00000000000000c1' FROM (VALUES (guid '00000000000000e6'), ('00000000000000e7')) AS s (device)
	WHERE d.device = s.device;
SELECT right(device::text, 2) AS meter, pg_temp.hubs(device) FROM poa.device ORDER BY device;

-- many at once, each to its own
SELECT pg_temp.track_all();
UPDATE poa.device SET chf = (x'd0'::int + (device::bigint - x'e0'::int))::bigint::guid;
SELECT right(device::text, 2) AS meter, pg_temp.hubs(device) FROM poa.device ORDER BY device;

-- a NULL hub leaves them where they are, until there is another
SELECT pg_temp.track_all();
UPDATE poa.device SET chf = NULL WHERE device = '00000000000000e0';
SELECT pg_temp.hubs('00000000000000e0') AS on_no_hub;
UPDATE poa.device SET chf = '00000000000000c2' WHERE device = '00000000000000e0';
SELECT pg_temp.hubs('00000000000000e0') AS on_another;
-- and so does the end of the meter, or a change that is no move
DELETE FROM poa.device WHERE device = '00000000000000e1';
UPDATE poa.device SET mpxn = '1900000000001' WHERE device = '00000000000000e2';
UPDATE poa.device SET device_type = 'GSME', smets = 1 WHERE device = '00000000000000e3';
SELECT pg_temp.hubs('00000000000000e1') AS deleted, pg_temp.hubs('00000000000000e2') AS changed,
	pg_temp.hubs('00000000000000e3') AS no_longer_eligible;
-- one that is no longer eligible moves all the same
UPDATE poa.device SET chf = '00000000000000c3' WHERE device = '00000000000000e3';
SELECT pg_temp.hubs('00000000000000e3') AS moved;

-- tracked and succeeded windows that have not closed move; closed, superseded, cancelled and failed ones stay
SELECT pg_temp.track_all();
SELECT count(poa.track_activation('00000000000000e0', activates_at, request, received_at))
FROM (VALUES
	('closed', timestamptz '2020-01-01', timestamptz '2020-01-01'),
	('succeeded', '2189-01-01', '2189-01-01'), ('failed', '2189-02-01', '2189-02-01'), ('uncertain', '2189-03-01', '2189-03-01'),
	('superseded', '2189-05-01', '2189-04-01'), ('cancelled', '2189-05-01', '2189-04-02')
) AS c (request, activates_at, received_at);
SELECT poa.record_outcome('succeeded', 'succeeded'), poa.record_outcome('failed', 'hash_mismatch'),
	poa.record_outcome('uncertain', 'activation_failure'),
	poa.cancel_activation('00000000000000e0', '2189-04-03');
UPDATE poa.device SET chf = '00000000000000c4' WHERE device = '00000000000000e0';
SELECT request_id, status, right(chf::text, 2) AS hub FROM poa.activation WHERE device = '00000000000000e0' ORDER BY activation_id;
-- a window that closes now has not closed
SELECT poa.track_activation('00000000000000e4', request_id => 'closing', received_at => now() - interval '30 minutes') IS NOT NULL;
BEGIN;
UPDATE poa.activation SET closes_at = now() WHERE request_id = 'closing';
UPDATE poa.device SET chf = '00000000000000c5' WHERE device = '00000000000000e4';
SELECT right(chf::text, 2) AS hub FROM poa.activation WHERE request_id = 'closing';
ROLLBACK;

-- an AD1 of the new hub is suppressed, one of the old hub no longer
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT pg_temp.track_all();
INSERT INTO alerts VALUES ('AD1', '00000000000000c6', '2190-01-01', 'before the move');
UPDATE poa.device SET chf = '00000000000000c6';
INSERT INTO alerts VALUES ('AD1', '00000000000000c6', '2190-01-01', 'after the move'),
	('AD1', '00000000000000c0', '2190-01-01', 'the old hub');
SELECT mpxn FROM alerts ORDER BY mpxn;
SELECT alert->>'mpxn' AS diverted FROM poa.suppression_log;
-- undone with its transaction
BEGIN;
UPDATE poa.device SET chf = '00000000000000c7';
INSERT INTO alerts VALUES ('AD1', '00000000000000c7', '2190-01-01', 'rolled back');
ROLLBACK;
INSERT INTO alerts VALUES ('AD1', '00000000000000c7', '2190-01-01', 'after the rollback');
SELECT mpxn FROM alerts ORDER BY mpxn;
DROP TABLE alerts;

-- Where meters were
TRUNCATE poa.activation, poa.device, poa.device_move;
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf)
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', '00000000000000c0' FROM generate_series(0, 5) AS n;
SELECT count(*) AS at_first FROM poa.device_move;
CREATE FUNCTION pg_temp.moves(meter guid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(right(chf::text, 2), ', ' ORDER BY until) FROM poa.device_move WHERE device = meter
$$;
UPDATE poa.device SET chf = '00000000000000c1' WHERE device <> '00000000000000e5';
UPDATE poa.device SET mpxn = '1900000000001';
INSERT INTO poa.device VALUES ('00000000000000e0', 'ESME', 2, '1063', '00000000000000c2')
	ON CONFLICT (device) DO UPDATE SET chf = EXCLUDED.chf;
UPDATE poa.device SET chf = NULL WHERE device = '00000000000000e1';
UPDATE poa.device SET chf = '00000000000000c3' WHERE device = '00000000000000e1';
-- deleted and inserted again: elsewhere, where it was, or not
BEGIN;
DELETE FROM poa.device WHERE device IN ('00000000000000e2', '00000000000000e3');
INSERT INTO poa.device
	VALUES ('00000000000000e2', 'ESME', 2, '1063', '00000000000000c4'), ('00000000000000e3', 'ESME', 2, '1063', '00000000000000c1');
COMMIT;
DELETE FROM poa.device WHERE device = '00000000000000e4';
INSERT INTO poa.device VALUES ('00000000000000e4', 'ESME', 2, '1063', '00000000000000c5');
DELETE FROM poa.device WHERE device = '00000000000000e5';
SELECT right(n::text, 2) AS meter, pg_temp.moves(n) AS was_on,
	(SELECT right(d.chf::text, 2) FROM poa.device AS d WHERE d.device = n) AS is_on
FROM (SELECT ('00000000000000e' || n)::guid AS n FROM generate_series(0, 5) AS n) AS m ORDER BY 1;
-- several times in one transaction: where it was at its begin
BEGIN;
UPDATE poa.device SET chf = '00000000000000c6' WHERE device = '00000000000000e0';
UPDATE poa.device SET chf = '00000000000000c7' WHERE device = '00000000000000e0';
SELECT pg_temp.moves('00000000000000e0'), bool_or(until = now()) AS until_now FROM poa.device_move WHERE device = '00000000000000e0';
ROLLBACK;
-- windows on record are where they were, too
INSERT INTO poa.guid_list VALUES ('00000000000000e0') ON CONFLICT DO NOTHING;
SELECT poa.track_activation('00000000000000e0', '2190-01-01', 'moved', '2026-03-01') IS NOT NULL AS tracked;
UPDATE poa.device SET chf = '00000000000000c6' WHERE device = '00000000000000e0';
SELECT right(chf::text, 2) AS hub, status FROM poa.activation_change ORDER BY change_id;
