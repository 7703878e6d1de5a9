--
-- Signs of life: which suppressed alerts were outages, and their release.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
-- hub cN carries meter eN, hub c1 a gas meter a1 too
INSERT INTO poa.device
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', ('00000000000000c' || n)::guid, (19 + n % 2) || '00000000001'
		FROM generate_series(1, 9) AS n;
INSERT INTO poa.device VALUES ('00000000000000a1', 'GSME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code varchar(10), chf guid, received_at timestamptz, mpxn text, meter guid) PARTITION BY RANGE (received_at);
CREATE TABLE alerts_march PARTITION OF alerts FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
CREATE TABLE alerts_april PARTITION OF alerts FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
SELECT poa.attach('alerts', device => 'meter');
-- another table with another clock, and no meter
CREATE TABLE outages (started_at timestamptz, code text, hub guid);
SELECT poa.attach('outages', code => 'code', chf => 'hub', at => 'started_at', mpxn => NULL);

SELECT count(poa.track_activation(device, request_id => 'r' || right(device::text, 1), received_at => '2026-03-01 12:00'))
	FROM poa.device WHERE device_type = 'ESME';
INSERT INTO alerts SELECT 'AD1', ('00000000000000c' || n)::guid, timestamptz '2026-03-01 12:10' + n * interval '1 second',
	(19 + n % 2) || '00000000000' || n FROM generate_series(1, 9) AS n;
SELECT * FROM poa.still_dark(as_of => '2026-03-01 13:00');
-- not before its window has been closed for longer than the grace
SELECT count(*) FROM poa.still_dark(as_of => '2026-03-01 12:45');
SELECT count(*) FROM poa.still_dark(as_of => '2026-03-01 12:45:00.000001');
SELECT count(*) FROM poa.still_dark('0', '2026-03-01 12:30');
SELECT count(*) FROM poa.still_dark('0', '2026-03-01 12:30:00.000001');
SELECT (SELECT count(*) FROM poa.still_dark('1 day', '2026-03-02 12:29')) AS before,
	(SELECT count(*) FROM poa.still_dark('1 day', '2026-03-02 12:31')) AS later;

-- each way to give a sign of life
INSERT INTO alerts VALUES ('8F35', '00000000000000c1', '2026-03-01 12:13', NULL, NULL);		-- the hub, in its table
INSERT INTO alerts VALUES ('8F36', NULL, '2026-04-20', NULL, '00000000000000e2');		-- its meter, in another partition
INSERT INTO outages VALUES ('2026-03-01 12:14', '8F3F', '00000000000000c3');		-- in another table
SELECT poa.record_outcome('r4', 'activation_failure');		-- an outcome, at this moment
INSERT INTO poa.sign_of_life VALUES ('00000000000000c5', '2026-03-01 12:20', 'read');
INSERT INTO poa.sign_of_life VALUES ('00000000000000e6', '2026-03-01 12:20', NULL);
-- and none: too early, at the instant of the alert, another AD1, another hub, a gas meter elsewhere, an unknown request
INSERT INTO alerts VALUES ('8F35', '00000000000000c7', '2026-03-01 12:09', NULL, '00000000000000e7'),
	('8F35', '00000000000000c8', '2026-03-01 12:10:08', NULL, NULL),
	('AD1', '00000000000000c9', '2026-03-01 14:00', NULL, NULL), ('8F35', '00000000000000ff', '2026-03-01 14:00', NULL, '00000000000000ff');
INSERT INTO poa.sign_of_life VALUES ('00000000000000e7', '2026-03-01 12:10:07', 'read'), ('00000000000000ff', '2026-03-01 14:00', 'read');
SELECT poa.record_outcome('r99', 'succeeded');
SELECT log_id, chf FROM poa.still_dark();
-- as it was before a sign came
SELECT array_agg(log_id ORDER BY log_id) FROM poa.still_dark(as_of => '2026-03-01 13:00');
SELECT array_agg(log_id ORDER BY log_id) FROM poa.still_dark(as_of => '2026-04-19 23:59:59');
SELECT array_agg(log_id ORDER BY log_id) FROM poa.still_dark(as_of => '2026-04-20');
-- a sign of the meter counts for the hub on which it was
UPDATE poa.device SET chf = NULL WHERE device = '00000000000000e7';
INSERT INTO alerts VALUES ('8F36', NULL, '2026-03-01 15:00', NULL, '00000000000000e7');
-- and another meter that has come to the hub
INSERT INTO poa.device VALUES ('00000000000000b8', 'PPMID', 2, NULL, '00000000000000c8', NULL);
INSERT INTO poa.sign_of_life VALUES ('00000000000000b8', '2026-03-01 15:00', 'read');
SELECT log_id FROM poa.still_dark();
-- a message that brings an outcome is a sign at its receipt
SELECT poa_internal.record_outcome_at('r9', 'succeeded', '2026-03-02'), poa_internal.record_outcome_at('r99', 'succeeded', '2026-03-02');
SELECT log_id FROM poa.still_dark();
SELECT log_id FROM poa.still_dark(as_of => '2026-03-01 23:00');
SELECT guid, seen_at, what FROM poa.sign_of_life WHERE what LIKE 'outcome%' AND seen_at < '2026-04-01';
-- delivered again, even late, it is none; another outcome is
SELECT poa.record_outcome('r9', 'succeeded'), poa_internal.record_outcome_at('r9', 'activation_failure', '2026-03-03');
SELECT seen_at, what FROM poa.sign_of_life WHERE what LIKE 'outcome % of r9' ORDER BY seen_at;
SELECT poa_internal.record_outcome_at('r9', 'succeeded', NULL);
SELECT poa_internal.record_outcome_at('r9', 'succeeded', 'infinity');

-- arguments that are NULL or not finite
SELECT * FROM poa.still_dark(NULL);
SELECT * FROM poa.still_dark(as_of => NULL);
SELECT * FROM poa.still_dark(as_of => 'infinity');
SELECT poa.release_still_dark(NULL);

-- the release: as the alert came, once, with the reason
INSERT INTO poa.device
	VALUES ('00000000000000d1', 'ESME', 2, '1063', '00000000000000f1', '1900000000011'),
	('00000000000000d2', 'ESME', 2, '1063', '00000000000000f2', NULL);
INSERT INTO poa.guid_list VALUES ('00000000000000d1'), ('00000000000000d2');
SELECT count(poa.track_activation(device, received_at => '2026-03-10')) FROM poa.device
	WHERE chf IN ('00000000000000f1', '00000000000000f2');
INSERT INTO alerts VALUES ('AD1', '00000000000000f1', '2026-03-10 00:05', '1900000000011', NULL);
INSERT INTO outages VALUES ('2026-03-10 00:06', 'AD1', '00000000000000f2');
CREATE TABLE gone AS TABLE outages WITH NO DATA;
SELECT poa.attach('gone', code => 'code', chf => 'hub', at => 'started_at', mpxn => NULL);
INSERT INTO gone VALUES ('2026-03-10 00:04', 'AD1', '00000000000000f1');
DROP TABLE gone;
SELECT chf, mpxn, distributor_id FROM poa.still_dark() ORDER BY decided_at;
SELECT poa.release_still_dark('20 minutes');
SELECT l.source_table, r.reason FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id) ORDER BY 1;
SELECT * FROM alerts WHERE received_at::date = '2026-03-10';
SELECT * FROM outages WHERE started_at::date = '2026-03-10';
SELECT log_id, chf FROM poa.still_dark();
SELECT poa.release_still_dark();
-- shadow mode holds nothing back
SELECT poa.detach('outages'), poa.attach('outages', code => 'code', chf => 'hub', at => 'started_at', mpxn => NULL, mode => 'shadow');
INSERT INTO outages VALUES ('2026-03-10 00:07', 'AD1', '00000000000000f2');
SELECT log_id FROM poa.still_dark('0');
SELECT diverted FROM poa.suppression_log WHERE decided_at = '2026-03-10 00:07';
-- a column that has gone is named
ALTER TABLE outages RENAME hub TO the_hub;
SELECT count(*) FROM poa.still_dark();
ALTER TABLE outages RENAME the_hub TO hub;

-- The purge keeps the newest sign of each, so that nothing falls dark by it
INSERT INTO poa.sign_of_life SELECT '00000000000000c5', timestamptz '2026-03-01' + n * interval '1 hour', 'read'
	FROM generate_series(0, 99) AS n;
SELECT log_id FROM poa.still_dark();
SELECT poa.purge_activations('2026-03-03');
SELECT guid, count(*), min(seen_at) FROM poa.sign_of_life WHERE seen_at < now() - interval '1 day' GROUP BY guid ORDER BY guid;
SELECT poa.purge_activations('infinity') > 0 AS purged;
SELECT guid, count(*), min(seen_at) FROM poa.sign_of_life WHERE seen_at < now() - interval '1 day' GROUP BY guid ORDER BY guid;
SELECT log_id FROM poa.still_dark();

DROP TABLE alerts, outages;

-- However many are released, none of them leaves anything behind for the next
CREATE TABLE many (alert_code text, chf guid, received_at timestamptz, mpxn text, results_kept bigint);
SELECT poa.attach('many');
SELECT poa.track_activation('00000000000000d1', received_at => '2026-04-01') IS NOT NULL AS tracked;
INSERT INTO many SELECT 'AD1', '00000000000000f1', '2026-04-01 00:05', n::text FROM generate_series(1, 5) AS n;
CREATE FUNCTION count_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.results_kept := count(*) FROM pg_backend_memory_contexts WHERE name = 'SPI TupTable';
	RETURN NEW;
END
$$;
CREATE TRIGGER count_results BEFORE INSERT ON many FOR EACH ROW EXECUTE FUNCTION count_results();
-- (of others the tables are gone)
SET client_min_messages = error;
SELECT poa.release_still_dark();
RESET client_min_messages;
SELECT count(*) AS alerts, max(results_kept) - min(results_kept) AS left_behind FROM many;
-- One that breaks a deferred constraint keeps only itself back
ALTER TABLE many ADD UNIQUE (mpxn) DEFERRABLE INITIALLY DEFERRED;
SELECT poa.track_activation('00000000000000d1', received_at => '2026-04-02') IS NOT NULL AS tracked;
INSERT INTO many SELECT 'AD1', '00000000000000f1', '2026-04-02 00:05', n::text FROM generate_series(5, 7) AS n;
BEGIN;
SET LOCAL client_min_messages = error;
SELECT poa.release_still_dark();
COMMIT;
SELECT mpxn FROM many WHERE received_at > '2026-04-02' ORDER BY mpxn;
DROP TABLE many;
DROP FUNCTION count_results;

-- A timeout in the middle of one ends it all: none is released, and the next run releases them
CREATE TABLE slow (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('slow');
SELECT poa.track_activation('00000000000000d1', received_at => '2026-04-03') IS NOT NULL AS tracked;
INSERT INTO slow SELECT 'AD1', '00000000000000f1', timestamptz '2026-04-03 00:05' + n * interval '1 second', n::text
	FROM generate_series(1, 3) AS n;
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('statement_timeout') <> '0' THEN
		PERFORM pg_sleep(600);
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER dawdle BEFORE INSERT ON slow FOR EACH ROW WHEN (NEW.mpxn = '2') EXECUTE FUNCTION dawdle();
SET client_min_messages = error;
\set VERBOSITY sqlstate
SET statement_timeout = '500ms';
SELECT poa.release_still_dark();
RESET statement_timeout;
\set VERBOSITY terse
SELECT count(*) FROM slow;
SELECT poa.release_still_dark();
RESET client_min_messages;
SELECT mpxn FROM slow ORDER BY mpxn;
DROP TABLE slow;
