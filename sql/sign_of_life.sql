--
-- What a sign of life is, and of which hub.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
-- hub cN carries meter eN
INSERT INTO poa.device
	SELECT ('00000000000000e' || to_hex(n))::guid, 'ESME', 2, '1063', ('00000000000000c' || to_hex(n))::guid,
		'200000000000' || n % 10 FROM generate_series(1, 15) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, meter guid, began_at timestamptz);
SELECT poa.attach('alerts', device => 'meter', started => 'began_at');
SELECT count(poa.track_activation(device, received_at => '2026-03-01 12:00', request_id => 'r' || right(device::text, 1))) FROM poa.device;

-- which codes are those of a device
INSERT INTO alerts SELECT 'AD1', ('00000000000000c' || n)::guid, '2026-03-01 12:10' FROM generate_series(1, 9) AS n;
INSERT INTO alerts VALUES
	('8F36', '00000000000000c1', '2026-03-01 12:15'), ('81a0', '00000000000000c2', '2026-03-01 12:15'),
	('1234', '00000000000000c3', '2026-03-01 12:15'),
	('N12', '00000000000000c4', '2026-03-01 12:15'), ('N13', '00000000000000c5', '2026-03-01 12:15'),
	('AD1', '00000000000000c6', '2026-03-01 13:15'),
	('N1', '00000000000000c7', '2026-03-01 12:15'), ('8F365', '00000000000000c8', '2026-03-01 12:15'),
	(NULL, '00000000000000c9', '2026-03-01 12:15');
SELECT string_agg(right(chf::text, 2), ' ' ORDER BY log_id) AS dark FROM poa.still_dark(as_of => '2026-03-01 13:00');
-- char(n) is padded
CREATE TABLE padded (alert_code char(6), chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('padded');
INSERT INTO padded VALUES ('8F35', '00000000000000c4', '2026-03-01 12:16');
SELECT string_agg(right(chf::text, 2), ' ' ORDER BY log_id) AS dark FROM poa.still_dark(as_of => '2026-03-01 13:00');
DROP TABLE padded;

-- A restoration that overtakes its AD1 counts where the start of the outage is known
TRUNCATE alerts;
INSERT INTO alerts VALUES ('8F36', '00000000000000ca', '2026-03-01 12:15', NULL, NULL, NULL),
	('AD1', '00000000000000ca', '2026-03-01 12:16', '1', NULL, '2026-03-01 12:09:30'),
	('8F36', NULL, '2026-03-01 12:15', NULL, '00000000000000eb', NULL),
	('AD1', '00000000000000cb', '2026-03-01 12:16', '2', NULL, '2026-03-01 12:09:30'),
	-- before it began, at its very start, start unknown
	('8F36', '00000000000000cc', '2026-03-01 12:09', NULL, NULL, NULL),
	('AD1', '00000000000000cc', '2026-03-01 12:16', '3', NULL, '2026-03-01 12:09:30'),
	('8F36', '00000000000000cd', '2026-03-01 12:09:30', NULL, NULL, NULL),
	('AD1', '00000000000000cd', '2026-03-01 12:16', '4', NULL, '2026-03-01 12:09:30'),
	('8F36', '00000000000000ce', '2026-03-01 12:15', NULL, NULL, NULL), ('AD1', '00000000000000ce', '2026-03-01 12:16', '5', NULL, NULL),
	('8F36', '00000000000000cf', '2026-03-01 12:15', NULL, NULL, NULL),
	('AD1', '00000000000000cf', '2026-03-01 12:16', '6', NULL, '-infinity');
SELECT string_agg(right(chf::text, 2), ' ' ORDER BY log_id) AS dark FROM poa.still_dark(as_of => '2026-03-01 13:00') WHERE mpxn IS NOT NULL;
-- which is what restoration goes by, too: from the start on
SELECT right(chf::text, 2) AS hub, decided_at::time, restored_at::time, outage FROM poa.restoration('2026-03-01', '2026-03-02')
	WHERE mpxn IS NOT NULL;

-- An old one that is delivered again after the next AD1 says nothing of that: at its own time, or known by its key
CREATE TABLE keyed (alert_code text, chf guid, received_at timestamptz, mpxn text, response_id text);
SELECT poa.attach('keyed', key => 'response_id');
INSERT INTO keyed VALUES ('AD1', '00000000000000c1', '2026-03-01 12:05', 'first', 'a'),
	('8F36', '00000000000000c1', '2026-03-01 12:08', NULL, 'b'),
	('AD1', '00000000000000c1', '2026-03-01 12:20', 'second', 'c'), ('8F36', '00000000000000c1', '2026-03-01 12:08', NULL, 'b'),
	('8F36', '00000000000000c1', '2026-03-01 12:25', NULL, 'b');
SELECT mpxn FROM poa.still_dark(as_of => '2026-03-01 13:00') WHERE mpxn IN ('first', 'second');
INSERT INTO keyed VALUES ('8F36', '00000000000000c1', '2026-03-01 12:26', NULL, 'd');
SELECT mpxn FROM poa.still_dark(as_of => '2026-03-01 13:00') WHERE mpxn IN ('first', 'second');
DROP TABLE keyed;

-- "On it" means at that time
CREATE FUNCTION dark(hub guid) RETURNS boolean LANGUAGE sql RETURN EXISTS (SELECT FROM poa.still_dark('-1 day') WHERE chf = hub);
SELECT count(poa.track_activation(device, received_at => now() - interval '20 minutes',
	request_id => 'now ' || right(device::text, 1))) FROM poa.device;
INSERT INTO alerts SELECT 'AD1', chf, now() - interval '10 minutes', NULL FROM poa.device WHERE device <= '00000000000000e5';
-- a meter that was heard before it comes to a hub says nothing of that hub, and goes on to say what it said of its old one
INSERT INTO poa.sign_of_life VALUES ('00000000000000e2', now() - interval '5 minutes', 'read');
SELECT dark('00000000000000c1'), dark('00000000000000c2');
UPDATE poa.device SET chf = '00000000000000c1' WHERE device = '00000000000000e2';
SELECT dark('00000000000000c1'), dark('00000000000000c2');
-- after it came, it says nothing of the old one
INSERT INTO poa.sign_of_life VALUES ('00000000000000e2', clock_timestamp(), 'read');
SELECT NOT EXISTS (SELECT FROM poa.still_dark('-1 day', clock_timestamp()) WHERE chf = '00000000000000c1') AS heard;
-- nor does one that has left the inventory, or is deleted and inserted on another hub
DELETE FROM poa.device WHERE device = '00000000000000e3';
INSERT INTO poa.sign_of_life VALUES ('00000000000000e3', clock_timestamp(), 'read');
SELECT EXISTS (SELECT FROM poa.still_dark('-1 day', clock_timestamp()) WHERE chf = '00000000000000c3') AS dark;
INSERT INTO poa.device VALUES ('00000000000000e3', 'ESME', 2, '1063', '00000000000000c4', NULL);
SELECT EXISTS (SELECT FROM poa.still_dark('-1 day', clock_timestamp()) WHERE chf = '00000000000000c4') AS dark;
INSERT INTO poa.sign_of_life VALUES ('00000000000000e3', clock_timestamp(), 'read');
SELECT NOT EXISTS (SELECT FROM poa.still_dark('-1 day', clock_timestamp()) WHERE chf = '00000000000000c4') AS heard,
	EXISTS (SELECT FROM poa.still_dark('-1 day', clock_timestamp()) WHERE chf = '00000000000000c3') AS dark;
-- a restoration goes to the hub where its meter was, not to where it has come since
INSERT INTO alerts VALUES ('8F36', NULL, now() - interval '6 minutes', NULL, '00000000000000e5');
UPDATE poa.device SET chf = '00000000000000c6' WHERE device = '00000000000000e5';
INSERT INTO alerts VALUES ('AD1', '00000000000000c6', now() - interval '9 minutes', NULL);
SELECT right(chf::text, 2) AS hub, date_trunc('minute', outage) AS outage, restored_device
	FROM poa.restoration(now() - interval '1 hour', now()) WHERE chf IN ('00000000000000c5', '00000000000000c6');
-- three hubs one after the other
INSERT INTO poa.device_move
	VALUES ('00000000000000ef', '00000000000000c8', '2026-03-01 12:20'), ('00000000000000ef', '00000000000000c9', '2026-03-01 12:30');
SELECT id, device, from_at::time, to_at::time
FROM poa_internal.devices_of('{8,9,15,7}', '{00000000000000c8,00000000000000c9,00000000000000cf,00000000000000c8}',
	'{2026-03-01 12:10,2026-03-01 12:10,2026-03-01 12:10,2026-03-01 12:20}',
	'{2026-03-01 12:40,2026-03-01 12:40,2026-03-01 12:40,2026-03-01 12:40}')
WHERE device = '00000000000000ef' ORDER BY from_at;

-- A release after as_of was not yet known, nor was an outcome that is told late
SELECT poa.release(1, 'test');
SELECT (SELECT count(*) FROM poa.still_dark() WHERE log_id = 1) AS now,
	(SELECT count(*) FROM poa.still_dark(as_of => '2026-03-01 13:00') WHERE log_id = 1) AS "at 13:00";
SELECT poa_internal.record_outcome_at('r7', 'succeeded', '2026-03-01 12:40');
SELECT (SELECT count(*) FROM poa.still_dark() WHERE log_id = 7) AS now,
	(SELECT count(*) FROM poa.still_dark(as_of => '2026-03-01 13:00') WHERE log_id = 7) AS "at 13:00",
	(SELECT count(*) FROM poa.still_dark('0', as_of => '2026-03-01 12:35') WHERE log_id = 7) AS "at 12:35";

-- The view is the function with its defaults
SELECT (SELECT array_agg(v ORDER BY log_id) FROM poa.still_dark_now AS v)::text = (SELECT array_agg(f ORDER BY log_id)
	FROM poa.still_dark() AS f)::text AS same;

DROP TABLE alerts;
DROP FUNCTION dark;
