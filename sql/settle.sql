--
-- The law of delivery: early messages, refusals, what ends an activation and
-- what is on record of it.  All orders of delivery are in t/008_law.pl.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf, mpxn) VALUES
	('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001'),
	('00000000000000e2', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list VALUES ('00000000000000e1');
CREATE FUNCTION pg_temp.request(n int, meter guid DEFAULT '00000000000000e1') RETURNS text LANGUAGE sql AS
	$$SELECT '90-B3-D5-1F-30-01-00-00:' || meter || ':' || n$$;
CREATE FUNCTION pg_temp.track(n int, received timestamptz, activates timestamptz DEFAULT NULL) RETURNS boolean LANGUAGE sql AS
	$$SELECT poa.track_activation('00000000000000e1', activates, pg_temp.request(n), received) IS NOT NULL$$;
CREATE VIEW shown AS
	SELECT split_part(request_id, ':', 3) AS request, right(chf::text, 2) AS hub, received_at, activates_at, status, ended_at,
		CASE WHEN ended_by LIKE '%:%:%' THEN 'request ' || split_part(ended_by, ':', 3) ELSE ended_by END AS ended_by
	FROM poa.activation;

-- what a row is made of
SELECT pg_temp.track(1, '2026-03-01 10:00', '2026-03-02 10:00');
SELECT device, originator, manufacturer, mpxn, firmware_hash,
	tracked_at BETWEEN now() - interval '1 minute' AND clock_timestamp() AS tracked_just_now, ended_at, ended_by
FROM poa.activation;

-- a refused command brings back what it had superseded, a refused cancellation what it had cancelled
SELECT pg_temp.track(2, '2026-03-01 11:00', '2026-03-03 10:00');
SELECT * FROM shown ORDER BY request;
SELECT poa.refuse_activation(pg_temp.request(2), 'E4', '2026-03-01 11:01') AS known,
	poa.refuse_activation(lower(pg_temp.request(2)), 'E20', '2026-03-01 11:02') AS again;
SELECT * FROM shown ORDER BY request;
SELECT poa_internal.cancel_command('00000000000000e1', pg_temp.request(3), '2026-03-01 12:00', 'signed') AS cancelled;
SELECT * FROM shown ORDER BY request;
SELECT poa.refuse_activation(pg_temp.request(3), 'E20', '2026-03-01 12:01') AS known;
SELECT * FROM shown ORDER BY request;
-- it stands where its meter is now
SELECT poa.cancel_activation('00000000000000e1', '2026-03-01 13:00') AS cancelled,
	poa.cancel_activation('00000000000000e1', '2026-03-01 13:00') AS again;
UPDATE poa.device SET chf = '00000000000000c2' WHERE device = '00000000000000e1';
SELECT * FROM shown ORDER BY request;
SELECT poa_internal.record_outcome_at(pg_temp.request(1), 'succeeded', '2026-03-02 10:20') AS known;
SELECT * FROM shown ORDER BY request;
-- the first outcome counts; an outcome counts before a refusal
SELECT poa_internal.record_outcome_at(pg_temp.request(1), 'hash_mismatch', '2026-03-02 10:30') AS known,
	poa.refuse_activation(pg_temp.request(1), 'E4', '2026-03-01 10:01') AS refused;
SELECT * FROM shown ORDER BY request;
SELECT poa_internal.record_outcome_at(pg_temp.request(1), 'no_image_held', '2026-03-02 10:10') AS earlier;
SELECT * FROM shown ORDER BY request;
SELECT guid, seen_at, what FROM poa.sign_of_life ORDER BY seen_at;
SELECT poa.refuse_activation(pg_temp.request(9), 'E4') AS unknown, poa.refuse_activation(NULL, 'E4') AS none;
SELECT poa.refuse_activation(pg_temp.request(1), 'E4', NULL);
SELECT poa.refuse_activation(pg_temp.request(1), 'E4', '-infinity');

-- all that was known of each, when and by whom
SELECT c.change_id, split_part(a.request_id, ':', 3) AS request, c.status, right(c.chf::text, 2) AS hub, c.ended_at,
	c.by_whom = session_user AS by_us,
	c.changed_at BETWEEN a.tracked_at AND clock_timestamp() AS since_tracked, c.transaction_id < pg_current_xact_id() AS in_the_past
FROM poa.activation_change AS c JOIN poa.activation AS a USING (activation_id) ORDER BY c.change_id;
UPDATE poa.activation_change SET status = 'tracked';
DELETE FROM poa.activation_change;
TRUNCATE poa.activation_change;
SELECT count(*) FROM poa.activation_change;
-- a change of nothing is none
UPDATE poa.activation SET status = status;
SELECT count(*) FROM poa.activation_change;

-- what comes before its command is kept for it: of devices on the list, and where the request_id names none
TRUNCATE poa.activation;
SELECT count(*) FROM poa.activation_change;
SELECT poa.record_outcome(pg_temp.request(1), 'no_image_held') AS outcome,
	poa.record_outcome(pg_temp.request(1, '00000000000000e2'), 'no_image_held') AS not_listed,
	poa.refuse_activation(pg_temp.request(2), 'N12', '2026-03-01 11:01') AS refusal,
	poa.refuse_activation('no RequestID', 'E1', '2026-03-01 10:01') AS opaque,
	poa.cancel_activation('00000000000000e1', '2026-03-01 12:00') AS cancelled,
	poa.cancel_activation('00000000000000e2', '2026-03-01 12:00') AS not_listed;
SELECT kind, device, request_id, received_at > '2026-03-02' AS now, detail FROM poa_internal.message ORDER BY message_id;
INSERT INTO poa.guid_list VALUES ('00000000000000e2');
SELECT pg_temp.track(1, '2026-03-01 10:00'), pg_temp.track(2, '2026-03-01 11:00', '2026-03-02'),
	pg_temp.track(3, '2026-03-01 11:30', '2026-03-02'),
	poa.track_activation('00000000000000e2', NULL, pg_temp.request(1, '00000000000000e2'), '2026-03-01 10:00') IS NOT NULL AS not_listed_then,
	poa.track_activation('00000000000000e2', NULL, 'no RequestID', '2026-03-01 10:00') IS NOT NULL AS opaque;
SELECT split_part(request_id, ':', 2) AS meter, split_part(request_id, ':', 3) AS request, status, ended_by FROM poa.activation
	ORDER BY device, activation_id;

-- a purge takes what is no longer needed: what superseded an activation that stays is
TRUNCATE poa.activation;
SELECT pg_temp.track(1, '2026-03-01 10:00', '2190-01-01'), pg_temp.track(2, '2026-03-01 11:00'), pg_temp.track(3, '2026-03-01 12:00');
SELECT poa.record_outcome(pg_temp.request(8), 'succeeded'), poa_internal.record_outcome_at(pg_temp.request(9), 'succeeded', '2190-01-01');
SELECT poa.purge_activations('2026-03-01 11:30') AS nothing_had_closed_before;
SELECT poa.purge_activations('2026-03-01 11:30:00.000001') AS purged;
SELECT * FROM shown ORDER BY request;
SELECT kind, split_part(request_id, ':', 3) AS request FROM poa_internal.message ORDER BY message_id;
-- also when something comes after that
SELECT poa.cancel_activation('00000000000000e1', '2026-03-01 09:00') AS cancelled;
SELECT * FROM shown ORDER BY request;
SELECT poa.refuse_activation(pg_temp.request(2), 'E4', '2026-03-01 11:01') AS known;
SELECT * FROM shown ORDER BY request;
-- what is open, or to come, stays whatever the instant
SELECT poa.purge_activations('infinity') AS purged;
SELECT * FROM shown ORDER BY request;
SELECT kind, split_part(request_id, ':', 3) AS request FROM poa_internal.message ORDER BY message_id;
SELECT count(*) FROM poa.activation_change AS c WHERE NOT EXISTS (SELECT FROM poa.activation AS a WHERE a.activation_id = c.activation_id);
-- the window keeps its length whatever the clocks do
SET TimeZone = 'Europe/London';
TRUNCATE poa.activation;
SELECT pg_temp.track(1, '2026-03-29 00:40+00'), action
	FROM poa_internal.track_command('00000000000000e1', '2026-03-29 00:50+00', pg_temp.request(1), '2026-03-29 00:45+00', 'signed');
SELECT opens_at, closes_at, closes_at - opens_at AS length FROM poa.activation;
DROP VIEW shown;
