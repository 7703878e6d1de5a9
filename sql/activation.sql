--
-- Tracking of firmware activations: windows, redelivery, order of commands,
-- cancellation, outcome.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES
	('1063', 'Landis+Gyr', DEFAULT, DEFAULT), ('118F', 'Aclara', '5 minutes', '10 minutes'),
	('1086', 'Toshiba', '1 day', '1 day'), ('106C', 'EDMI', '0', '0');
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf) VALUES
	('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1'),
	('00000000000000e2', 'ESME', 2, '118F', '00000000000000c1'),
	('00000000000000e3', 'ESME', 2, '1086', '00000000000000c3'),
	('00000000000000e4', 'ESME', 2, '106C', '00000000000000c4'),
	('00000000000000e5', 'ESME', 1, '1063', '00000000000000c5');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE VIEW shown AS
	SELECT request_id AS request, right(device::text, 2) AS meter, right(chf::text, 2) AS hub,
		received_at, activates_at, opens_at, closes_at, status
	FROM poa.activation;

-- on demand: the time is that of receipt, which is now by default
BEGIN;
SELECT poa.track_activation('00000000000000e1') IS NOT NULL AS tracked;
SELECT received_at = now() AND activates_at = now() AND opens_at = now() AND closes_at = now() + interval '30 minutes' AS from_now, status
FROM poa.activation;
ROLLBACK;

-- on demand and future-dated, with the window of each manufacturer
SELECT count(poa.track_activation(device, activates_at, request_id, received_at))
FROM (VALUES
	(guid '00000000000000e1', NULL::timestamptz, 'on demand', timestamptz '2026-03-01 12:00'),
	('00000000000000e2', '2026-03-02 09:00', 'future-dated', '2026-03-01 12:00'),
	('00000000000000e3', '2026-03-02 09:00:00.000001', 'a day both ways', '2026-03-01 12:00'),
	('00000000000000e4', '2026-03-01 12:00', 'an instant', '2026-03-01 12:00'),
	('00000000000000e5', '2026-03-01 12:00', 'not eligible', '2026-03-01 12:00')
) AS c (device, activates_at, request_id, received_at);
SELECT * FROM shown ORDER BY meter;
-- the same time, whatever the zone of the session, where a day has 23 or 25 hours
SET TimeZone = 'Europe/London';
SELECT poa.track_activation('00000000000000e3', '2026-03-28 12:00+00', 'spring', '2026-03-28 12:00+00') IS NOT NULL AS spring,
	poa.track_activation('00000000000000e3', '2026-10-25 12:00+00', 'autumn', '2026-10-25 12:00+00') IS NOT NULL AS autumn;
SET TimeZone = 'UTC';
SELECT request, activates_at, opens_at, closes_at FROM shown WHERE request IN ('spring', 'autumn') ORDER BY activates_at;
-- a window is fixed when it is tracked
UPDATE poa.manufacturer SET window_after = '1 hour' WHERE manufacturer = '1063';
SELECT request, closes_at FROM shown WHERE meter = 'E1';
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-03 12:00') IS NOT NULL;
SELECT request, closes_at FROM shown WHERE meter = 'E1' ORDER BY received_at;
UPDATE poa.manufacturer SET window_after = '30 minutes' WHERE manufacturer = '1063';
TRUNCATE poa.activation;

-- The same request again, with whatever else has changed, is the same activation.
SELECT poa.track_activation('00000000000000e1', '2026-03-02 09:00', 'r1', '2026-03-01 12:00') AS first \gset
SELECT poa.track_activation('00000000000000e1', '2026-03-02 09:00', 'r1', '2026-03-01 12:00') = :first AS same,
	poa.track_activation('00000000000000e1', NULL, 'r1', '2026-03-05 12:00') = :first AS other_times;
DELETE FROM poa.guid_list WHERE guid = '00000000000000e1';
SELECT poa.track_activation('00000000000000e1', '2026-03-02 09:00', 'r1', '2026-03-01 12:00') = :first AS no_longer_listed;
DELETE FROM poa.device WHERE device = '00000000000000e1';
SELECT poa.track_activation('00000000000000e1', '2026-03-02 09:00', 'r1', '2026-03-01 12:00') = :first AS no_longer_there;
SELECT * FROM shown;
INSERT INTO poa.guid_list VALUES ('00000000000000e1');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1');
-- a redelivery does not bring back what was superseded, nor supersedes what came after it
SELECT poa.track_activation('00000000000000e1', '2026-03-02 10:00', 'r2', '2026-03-01 13:00') > :first AS second;
SELECT poa.track_activation('00000000000000e1', '2026-03-02 09:00', 'r1', '2026-03-01 12:00') = :first AS first_again;
SELECT request, status FROM shown ORDER BY 1;
-- the same request for another device is an error, for one that is not eligible too
SELECT poa.track_activation('00000000000000e2', '2026-03-02 09:00', 'r1', '2026-03-01 12:00');
\set VERBOSITY sqlstate
SELECT poa.track_activation('00000000000000e5', '2026-03-02 09:00', 'r1', '2026-03-01 12:00');
SELECT poa.track_activation('00000000000000ff', '2026-03-02 09:00', 'r1', '2026-03-01 12:00');
-- without a request each is another activation
SELECT count(DISTINCT poa.track_activation('00000000000000e4', received_at => '2026-03-01 12:00')) FROM generate_series(1, 3);
TRUNCATE poa.activation;

-- Bad instants are 22023, each
SELECT poa.track_activation('00000000000000e1', received_at => NULL);
SELECT poa.track_activation('00000000000000e1', received_at => 'infinity');
SELECT poa.track_activation('00000000000000e1', received_at => '-infinity');
SELECT poa.track_activation('00000000000000e1', activates_at => 'infinity');
SELECT poa.track_activation('00000000000000e1', activates_at => '-infinity');
SELECT poa.cancel_activation('00000000000000e1', NULL);
SELECT poa.cancel_activation('00000000000000e1', 'infinity');
SELECT poa.cancel_activation('00000000000000e1', '-infinity');
SELECT poa.record_outcome('r1', NULL);
SELECT poa.record_outcome('r1', 'success');
SELECT poa.record_outcome('r1', 'SUCCEEDED');
SELECT poa.record_outcome('r1', '');
SELECT poa.record_outcome('r1', 'accepted');
\set VERBOSITY default
SELECT poa.track_activation('00000000000000e1', received_at => 'infinity');
SELECT poa.record_outcome('r1', 'success');
SELECT count(*) FROM poa.activation;

-- A later command supersedes what is pending, not what has started.
CREATE FUNCTION pg_temp.track(request text, received timestamptz, activates timestamptz, meter guid DEFAULT '00000000000000e1')
RETURNS boolean LANGUAGE sql AS 'SELECT poa.track_activation(meter, activates, request, received) IS NOT NULL';
SELECT pg_temp.track('1 pending', '2026-03-01 10:00', '2026-03-01 20:00'),
	pg_temp.track('2 pending', '2026-03-01 11:00', '2026-03-01 19:00'),
	pg_temp.track('3 last', '2026-03-01 12:00', '2026-03-01 21:00');
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;
-- one that has started keeps its window, so that two updates in a row have two, which may overlap
SELECT pg_temp.track('1 first update', '2026-03-01 10:00', NULL), pg_temp.track('2 second update', '2026-03-01 10:20', NULL);
SELECT request, opens_at, closes_at, status FROM shown ORDER BY request;
-- starting at the very instant of the next command is having started, a microsecond later is not
SELECT pg_temp.track('3 started', '2026-03-02 10:00', '2026-03-02 12:00'), pg_temp.track('4 then', '2026-03-02 12:00', NULL),
	pg_temp.track('5 not started', '2026-03-03 10:00', '2026-03-03 12:00:00.000001'), pg_temp.track('6 then', '2026-03-03 12:00', NULL);
SELECT request, status FROM shown WHERE request > '3' ORDER BY request;
-- also where the same command supersedes another
SELECT pg_temp.track('6a started', '2026-03-04 10:00', '2026-03-04 12:00'),
	pg_temp.track('6b pending', '2026-03-04 12:00', '2026-03-04 13:00'),
	pg_temp.track('6c then', '2026-03-04 12:00', '2026-03-04 14:00');
SELECT request, status FROM shown WHERE request > '6a' ORDER BY request;
-- one whose time is in the past has started
SELECT pg_temp.track('7 past', '2026-03-05 10:00', '2026-03-05 09:00'), pg_temp.track('8 then', '2026-03-05 10:00', NULL);
SELECT request, activates_at, status FROM shown WHERE request > '7' ORDER BY request;
TRUNCATE poa.activation;
-- received at the same instant: the one that arrives later
SELECT pg_temp.track('1', '2026-03-01 10:00', '2026-03-01 20:00'), pg_temp.track('2', '2026-03-01 10:00', '2026-03-01 19:00');
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;
-- another meter of the hub has a slot of its own
SELECT pg_temp.track('1', '2026-03-01 10:00', '2026-03-01 20:00'),
	pg_temp.track('2', '2026-03-01 11:00', '2026-03-01 20:00', '00000000000000e2');
SELECT request, meter, hub, status FROM shown ORDER BY request;
TRUNCATE poa.activation;

-- An older command that is delivered late supersedes nothing newer, and is
-- superseded at once if a newer one had come before it started.
SELECT pg_temp.track('2 newer', '2026-03-01 12:00', '2026-03-01 20:00'), pg_temp.track('1 late', '2026-03-01 10:00', '2026-03-01 19:00');
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;
SELECT pg_temp.track('2 newer', '2026-03-01 12:00', '2026-03-01 20:00'),
	pg_temp.track('1 late, had started', '2026-03-01 10:00', '2026-03-01 12:00');
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;
SELECT pg_temp.track('2 newer', '2026-03-01 12:00', NULL), pg_temp.track('1 late, on demand', '2026-03-01 11:50', NULL);
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;

-- Five commands in each of the 120 orders in which they can be delivered: the
-- statuses are always the same.
CREATE TEMP TABLE command (n int PRIMARY KEY, received_at timestamptz, activates_at timestamptz);
INSERT INTO command VALUES
	(1, '2026-03-01 10:00', '2026-03-01 18:00'),	-- pending when 2 comes
	(2, '2026-03-01 11:00', '2026-03-01 12:30'),	-- started when 3 comes
	(3, '2026-03-01 13:00', '2026-03-01 13:00'),	-- on demand
	(4, '2026-03-01 14:00', '2026-03-02 14:00'),	-- pending when 5 comes
	(5, '2026-03-01 15:00', '2026-03-01 15:00');	-- on demand
CREATE TEMP TABLE delivery AS
	SELECT row_number() OVER () AS variant, a.n AS a, b.n AS b, c.n AS c, d.n AS d, e.n AS e
	FROM command AS a, command AS b, command AS c, command AS d, command AS e
	WHERE cardinality(ARRAY(SELECT DISTINCT unnest(ARRAY[a.n, b.n, c.n, d.n, e.n]))) = 5;
INSERT INTO poa.device SELECT variant::guid, 'ESME', 2, '1063', '00000000000000c9' FROM delivery;
INSERT INTO poa.guid_list SELECT variant::guid FROM delivery;
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT v.variant::guid AS device, m.*
		FROM delivery AS v, LATERAL unnest(ARRAY[v.a, v.b, v.c, v.d, v.e]) WITH ORDINALITY AS o (n, turn)
		JOIN command AS m USING (n)
		ORDER BY v.variant, o.turn
	LOOP
		PERFORM poa.track_activation(c.device, c.activates_at, format('%s:%s', c.device, c.n), c.received_at);
	END LOOP;
END
$$;
SELECT statuses, count(*) AS orders
FROM (SELECT device, string_agg(right(request_id, 1) || ' ' || status, ', ' ORDER BY right(request_id, 1)) AS statuses
	FROM poa.activation GROUP BY device) AS v
GROUP BY statuses;
TRUNCATE poa.activation;

-- Cancellation: what is pending, of that meter
SELECT pg_temp.track('1 started', '2026-03-01 10:00', '2026-03-01 12:00'),
	pg_temp.track('2 pending', '2026-03-01 12:00', '2026-03-01 20:00'),
	pg_temp.track('3 other meter', '2026-03-01 12:00', '2026-03-01 20:00', '00000000000000e2');
SELECT poa.cancel_activation('00000000000000e1', '2026-03-01 13:00') AS pending,
	poa.cancel_activation('00000000000000e1', '2026-03-01 13:00') AS again,
	poa.cancel_activation('00000000000000e2', '2026-03-01 20:00') AS started,
	poa.cancel_activation('00000000000000ff') AS unknown, poa.cancel_activation(NULL) AS none;
SELECT request, status FROM shown ORDER BY request;
SELECT poa.cancel_activation('00000000000000e2', '2026-03-01 19:59:59.999999') AS just_before_it_starts;
-- a redelivery of what was cancelled brings nothing back; another command does
SELECT pg_temp.track('2 pending', '2026-03-01 12:00', '2026-03-01 20:00'), pg_temp.track('4 anew', '2026-03-01 14:00', '2026-03-01 20:00');
SELECT request, status FROM shown ORDER BY request;
TRUNCATE poa.activation;

-- Outcome: only a tracked activation changes; true for a known request
INSERT INTO poa.device SELECT ('00000000000000f' || n)::guid, 'ESME', 2, '1063', '00000000000000c1' FROM generate_series(1, 7) AS n;
INSERT INTO poa.guid_list SELECT ('00000000000000f' || n)::guid FROM generate_series(1, 7) AS n;
SELECT bool_and(pg_temp.track(o.outcome, '2026-03-01 10:00', NULL, ('00000000000000f' || n)::guid))
FROM unnest(ARRAY['succeeded', 'no_image_held', 'hash_mismatch', 'activation_failure']) WITH ORDINALITY AS o (outcome, n);
SELECT outcome, poa.record_outcome(outcome, outcome) AS known
	FROM unnest(ARRAY['succeeded', 'no_image_held', 'hash_mismatch', 'activation_failure']) AS outcome;
SELECT request, status, closes_at FROM shown ORDER BY request;
-- what is no longer tracked stays as it is, whatever comes after
SELECT poa.record_outcome('succeeded', 'no_image_held'), poa.record_outcome('no_image_held', 'succeeded'),
	poa.record_outcome('hash_mismatch', 'activation_failure'),
	poa.record_outcome('activation_failure', 'succeeded');
SELECT request, status FROM shown ORDER BY request;
SELECT pg_temp.track('superseded', '2026-03-01 10:00', '2026-03-01 20:00', '00000000000000f5'),
	pg_temp.track('superseding', '2026-03-01 11:00', '2026-03-01 20:00', '00000000000000f5'),
	pg_temp.track('cancelled', '2026-03-01 10:00', '2026-03-01 20:00', '00000000000000f6'),
	poa.cancel_activation('00000000000000f6', '2026-03-01 11:00');
SELECT poa.record_outcome('superseded', 'succeeded'), poa.record_outcome('cancelled', 'succeeded'),
	poa.record_outcome('superseding', 'succeeded');
SELECT request, status FROM shown WHERE meter IN ('F5', 'F6') ORDER BY request;
SELECT poa.record_outcome('unknown', 'succeeded') AS unknown, poa.record_outcome(NULL, 'succeeded') AS none;

-- all of it is undone with its transaction, and works after an error in it
BEGIN;
SELECT pg_temp.track('rolled back', '2026-03-01 10:00', NULL);
SAVEPOINT s;
SELECT pg_temp.track('rolled back', '2026-03-01 10:00', NULL, '00000000000000e2');
ROLLBACK TO s;
SELECT pg_temp.track('rolled back too', '2026-03-01 10:00', NULL, '00000000000000e2');
SELECT request, meter FROM shown WHERE request ~ 'rolled' ORDER BY 1;
ROLLBACK;
SELECT count(*) FROM shown WHERE request ~ 'rolled';
TRUNCATE poa.activation;
-- The signed pre-command decides on the time, whichever form comes first, once; the earlier form on the receipt
CREATE FUNCTION pg_temp.signed(request text, received timestamptz, activates timestamptz,
	meter guid DEFAULT '00000000000000e1', form text DEFAULT 'signed')
RETURNS text LANGUAGE sql AS 'SELECT action FROM poa_internal.track_command(meter, activates, request, received, form)';
BEGIN;
SELECT pg_temp.track('on demand', '2026-04-01 10:00', NULL),
	pg_temp.track('future-dated', '2026-04-01 10:00', '2026-04-01 12:00', '00000000000000e2');
SELECT pg_temp.signed('on demand', '2026-04-01 10:01', NULL) AS forward, pg_temp.signed('on demand', '2026-04-01 10:02', NULL) AS twice,
	pg_temp.signed('future-dated', '2026-04-01 10:01', '2026-04-01 12:00', '00000000000000e2') AS same,
	pg_temp.signed('future-dated', '2026-04-01 10:00:30', '2026-04-01 13:00', '00000000000000e2') AS earlier,
	pg_temp.signed('first', '2026-04-02 10:05', NULL) AS first,
	pg_temp.signed('first', '2026-04-02 10:00', '2026-04-02 11:00', form => 'request') AS request,
	pg_temp.signed('first', '2026-04-02 10:00', '2026-04-02 11:00', form => 'request') AS again;
SELECT request, received_at, opens_at, activates_at, closes_at, status FROM shown ORDER BY 2, 1;
ROLLBACK;
-- one that goes to the user for local delivery ends its request, unless another goes over the air
BEGIN;
SELECT pg_temp.track('local', '2026-04-01 10:00', '2026-04-01 12:00'), pg_temp.track('then', '2026-04-01 11:00', '2026-04-01 14:00');
SELECT request, status FROM shown ORDER BY 1;
SELECT pg_temp.signed('then', '2026-04-01 11:05', NULL, form => 'local') AS ended,
	pg_temp.signed('then', '2026-04-01 11:05', NULL, form => 'local') AS again,
	pg_temp.signed('none', '2026-04-01 11:05', NULL, form => 'local') AS nothing;
SELECT request_id, status, ended_at, ended_by FROM poa.activation ORDER BY 1;
SELECT pg_temp.signed('then', '2026-04-01 11:10', '2026-04-01 14:00');
SELECT request_id, status, ended_at, ended_by FROM poa.activation ORDER BY 1;
ROLLBACK;
-- nothing was lost: a request has one row, a pending one at most for each meter
SELECT device FROM poa.activation WHERE status = 'tracked' AND activates_at > received_at GROUP BY device HAVING count(*) > 1;

-- row triggers that users put on the table fire, and leave nothing open
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% %: %', TG_WHEN, TG_OP, NEW.request_id;
	RETURN NEW;
END
$$;
CREATE TRIGGER tell_before BEFORE INSERT ON poa.activation FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER tell_after AFTER INSERT ON poa.activation FOR EACH ROW WHEN (NEW.status = 'tracked') EXECUTE FUNCTION tell();
SELECT pg_temp.track('watched', '2026-03-06 10:00', NULL);
DROP TRIGGER tell_before ON poa.activation;
DROP TRIGGER tell_after ON poa.activation;
DROP FUNCTION tell;

-- where nothing can be written
BEGIN READ ONLY;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-07 10:00');
ROLLBACK;
DROP VIEW shown;
