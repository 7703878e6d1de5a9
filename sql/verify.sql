--
-- verify(): what is planted is found, and nothing else.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

CREATE TABLE alerts (id bigint GENERATED ALWAYS AS IDENTITY, alert_code text, chf guid, received_at timestamptz, mpxn text,
	"What was said, \ or not" jsonb, twice text GENERATED ALWAYS AS (mpxn || mpxn) STORED);
CREATE TABLE "Shadow \ table" (alert_code varchar, "hub of it" guid, "it's time" timestamptz) PARTITION BY RANGE ("it's time");
CREATE TABLE shadow_1 PARTITION OF "Shadow \ table" DEFAULT;
SELECT poa.attach('alerts');
SELECT poa.attach('"Shadow \ table"', chf => 'hub of it', at => 'it''s time', mpxn => NULL, mode => 'shadow');

-- Nothing is in order, too
SELECT * FROM poa.verify(NULL, NULL);

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '5 minutes', '30 minutes');
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid, '1900000000001' FROM generate_series(1, 5) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation(n::bigint::guid, request_id => 'r' || n, received_at => '2026-03-01 12:00') FROM generate_series(1, 4) AS n;
-- two windows, which overlap
SELECT poa.track_activation(1::bigint::guid, received_at => '2026-03-01 12:10');

-- An ordinary day: diverted, watched, released, rolled back, passed; in the log of writers in other zones
SET TimeZone = 'Asia/Kathmandu';
INSERT INTO alerts (alert_code, chf, received_at, mpxn, "What was said, \ or not")
SELECT 'AD1', (100 + n % 5)::bigint::guid, timestamptz '2026-03-01 12:00Z' + n * interval '1 minute', '2000000000001',
	'{"a": null}' FROM generate_series(1, 39) AS n;
SET TimeZone = 'UTC';
BEGIN;
INSERT INTO alerts (alert_code, chf, received_at) VALUES ('AD1', 101::bigint::guid, '2026-03-01 12:12');
ROLLBACK;
INSERT INTO "Shadow \ table" SELECT 'AD1', 102::bigint::guid, timestamptz '2026-03-01 12:00' + n * interval '1 minute'
	FROM generate_series(1, 4) AS n;
SELECT poa.release(2, 'no supply'), poa.release(9, 'no supply');
-- a window that moves, fails, is retimed or closed later explains all the same
UPDATE poa.device SET chf = 200::bigint::guid WHERE device = 2::bigint::guid;
SELECT poa.record_outcome('r3', 'hash_mismatch'),
	(SELECT action FROM poa_internal.track_command((SELECT device FROM poa.activation WHERE request_id = 'r4'),
	NULL, 'r4', '2026-03-01 12:40', 'signed')), poa.record_outcome('r4', 'succeeded');
INSERT INTO alerts (alert_code, chf, received_at, mpxn) VALUES ('AD1', 104::bigint::guid, '2026-03-01 12:45', '2000000000001');
SELECT * FROM poa.verify(NULL, NULL);
SELECT * FROM poa.verify('2026-03-01 12:10', '2026-03-01 12:20');
SELECT * FROM poa.verify('2026-03-01 12:45', '2026-03-01 12:45');
SELECT * FROM poa.verify('-infinity', 'infinity') EXCEPT SELECT * FROM poa.verify(NULL, NULL);
SELECT poa.verify('2026-03-01 12:20', '2026-03-01 12:10');
SET TimeZone = 'Europe/London'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -5;
SELECT check_name, ok FROM poa.verify(NULL, NULL) WHERE NOT ok;
RESET IntervalStyle; RESET extra_float_digits;
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
-- an alert that came before the request is late, no violation
BEGIN;
INSERT INTO alerts (alert_code, chf, received_at) VALUES ('AD1', 105::bigint::guid, '2026-03-01 14:20');
COMMIT;
SELECT poa.track_activation(5::bigint::guid, received_at => '2026-03-01 14:00');
SELECT detail FROM poa.verify('2026-03-01 14:00', '2026-03-01 15:00') WHERE check_name = 'stored';
-- also when the log was purged from below
BEGIN;
SELECT poa.purge_log('infinity') > 0 AS purged;
SELECT check_name, ok, replace(detail, now()::text, 'NOW') AS detail FROM poa.verify(NULL, NULL);
SELECT purged_at = now() AS now, purged_by = current_user AS me, before, log_rows FROM poa.log_purge;
ROLLBACK;
-- a row that was changed after it had been released, or stored in shadow mode, is the same alert still
BEGIN;
UPDATE alerts SET "What was said, \ or not" = '"passed on"'
WHERE (chf, received_at) IN (SELECT l.chf, l.decided_at FROM poa.suppression_log AS l JOIN poa.release_log USING (log_id));
SELECT check_name, detail FROM poa.verify(NULL, NULL) WHERE check_name IN ('stored', 'one_place');
ROLLBACK;
-- a shadow alert stays when its log row is purged, also where what is left was logged late
BEGIN;
INSERT INTO alerts (alert_code, chf, received_at) VALUES ('AD1', 101::bigint::guid, '2026-03-01 12:00:30');
SELECT poa.purge_log(now()) > 0 AS purged;
SELECT replace(detail, now()::text, 'NOW') AS detail FROM poa.verify(NULL, NULL) WHERE check_name = 'stored';
ROLLBACK;

-- Planted: each is found by its check, and by no other
CREATE PROCEDURE plant(what text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	SET LOCAL session_replication_role = replica;
	ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only;
	ALTER TABLE poa.release_log DISABLE TRIGGER append_only;
	EXECUTE what;
	RAISE NOTICE '%', what;
	FOR f IN SELECT * FROM poa.verify(NULL, NULL) AS v WHERE NOT v.ok LOOP
		RAISE NOTICE '    %: %', f.check_name, f.detail;
	END LOOP;
	ROLLBACK;
END
$$;
CALL plant('SELECT');
CALL plant($$UPDATE poa.suppression_log SET delay = -delay WHERE log_id = 1$$);
CALL plant($$UPDATE poa.suppression_log SET decided_at = closes_at + '1 microsecond',
	delay = closes_at - activates_at + '1 microsecond' WHERE log_id = 1$$);
CALL plant($$UPDATE poa.suppression_log SET decided_at = opens_at - interval '1 microsecond',
	delay = opens_at - activates_at - '1 microsecond' WHERE log_id = 1$$);
CALL plant($$UPDATE poa.suppression_log SET matched = matched[2:2]
	WHERE log_id = (SELECT min(log_id) FROM poa.suppression_log WHERE cardinality(matched) = 2)$$);
CALL plant($$UPDATE poa.suppression_log SET matched = '{}' WHERE log_id = 3$$);
CALL plant($$UPDATE poa.suppression_log SET matched = matched || matched WHERE log_id = 3$$);
CALL plant($$UPDATE poa.suppression_log SET alert_code = '8F36' WHERE log_id = 3$$);
CALL plant($$UPDATE poa.suppression_log SET distributor_id = NULL WHERE log_id IN (3, 5)$$);
CALL plant($$UPDATE poa.suppression_log SET distributor_id = 21 WHERE log_id = 4$$);
CALL plant($$UPDATE poa.suppression_log SET chf = 103::bigint::guid WHERE log_id = 1$$);
CALL plant($$UPDATE poa.suppression_log SET mpxn = '2000000000002' WHERE log_id = 1$$);
CALL plant($$DELETE FROM poa.activation WHERE request_id = 'r3'$$);
CALL plant($$UPDATE poa.activation SET device = 5::bigint::guid WHERE request_id = 'r3'$$);
CALL plant($$UPDATE poa.activation SET request_id = NULL WHERE request_id = 'r3'$$);
CALL plant($$UPDATE poa.activation SET closes_at = closes_at - interval '1 microsecond' WHERE request_id = 'r3'$$);
CALL plant($$UPDATE poa.activation SET activates_at = activates_at + interval '1 microsecond' WHERE request_id = 'r3'$$);
CALL plant($$UPDATE poa.suppression_log SET matched = matched || 999 WHERE log_id = 3$$);
CALL plant($$UPDATE poa.suppression_log SET matched = matched || 3
	WHERE log_id = (SELECT max(log_id) FROM poa.suppression_log WHERE diverted)$$);
CALL plant($$INSERT INTO alerts (alert_code, chf, received_at)
	VALUES ('AD1', 101::bigint::guid, '2026-03-01 11:59'), ('AD1', 101::bigint::guid, '2026-03-01 12:00'),
	('AD1', 101::bigint::guid, '2026-03-01 12:40'), ('AD1', 101::bigint::guid, '2026-03-01 12:40:00.000001'),
	('8F35', 101::bigint::guid, '2026-03-01 12:10'), ('AD1', 103::bigint::guid, '2026-03-01 12:10'), (NULL, NULL, NULL)$$);
CALL plant($$INSERT INTO shadow_1 VALUES ('AD1', 101::bigint::guid, '2026-03-01 12:30')$$);
CALL plant($$DELETE FROM poa.suppression_log WHERE NOT diverted$$);
CALL plant($$INSERT INTO alerts (id, alert_code, chf, received_at, mpxn,
	"What was said, \ or not") OVERRIDING SYSTEM VALUE SELECT r.id, r.alert_code, r.chf, r.received_at, r.mpxn,
	r."What was said, \ or not" FROM poa.suppression_log AS l, jsonb_populate_record(NULL::alerts, l.alert) AS r
	WHERE l.log_id BETWEEN 3 AND 5 AND l.source_table = 'alerts'$$);
CALL plant($$DELETE FROM poa.release_log WHERE log_id = 2$$);
CALL plant($$INSERT INTO poa.release_log VALUES (12345, now(), 'somebody', 'no such alert')$$);
CALL plant($$INSERT INTO poa.release_log SELECT log_id, now(), 'somebody', 'was never diverted' FROM poa.suppression_log
	WHERE NOT diverted$$);
CALL plant($$DELETE FROM poa.suppression_log WHERE log_id = 2$$);
CALL plant($$DELETE FROM poa.suppression_log WHERE diverted$$);
CALL plant($$ALTER SEQUENCE poa.suppression_log_log_id_seq RESTART$$);

-- An alert that differs from what was diverted is another alert
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO alerts (alert_code, chf, received_at, mpxn) SELECT alert_code, chf, decided_at, '2000000000002'
	FROM poa.suppression_log WHERE source_table = 'alerts' AND device = 3::bigint::guid;
SELECT check_name FROM poa.verify(NULL, NULL) WHERE NOT ok;
ROLLBACK;

-- Where a partition alone is attached, the log names its root
SELECT poa.detach('"Shadow \ table"'), poa.attach('shadow_1', chf => 'hub of it', at => 'it''s time', mpxn => NULL, mode => 'shadow');
SELECT poa.track_activation(3::bigint::guid, received_at => '2026-03-05 12:00') IS NOT NULL AS tracked;
INSERT INTO "Shadow \ table" VALUES ('AD1', 103::bigint::guid, '2026-03-05 12:20');
SELECT source_table FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
SELECT * FROM poa.verify('2026-03-05', '2026-03-06') WHERE check_name IN ('stored', 'one_place');

-- Twenty thousand like alerts of one hub and instant, which are not compared pair by pair
BEGIN;
INSERT INTO "Shadow \ table" SELECT 'AD1', 103::bigint::guid, '2026-03-05 12:25' FROM generate_series(1, 20000) AS n;
SET LOCAL statement_timeout = '60s';
SELECT * FROM poa.verify('2026-03-05', '2026-03-06') WHERE check_name IN ('stored', 'one_place');
SELECT alerts, suppressed FROM poa.replay('2026-03-05', '2026-03-06');
ROLLBACK;

-- Who may call it
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor'), poa.grant_dno('regress_poa_dno', 20);
SET ROLE regress_poa_operator;
SELECT count(*) FILTER (WHERE ok) FROM poa.verify(NULL, NULL);
SET ROLE regress_poa_auditor;
SELECT count(*) FILTER (WHERE ok) FROM poa.verify(NULL, NULL);
SET ROLE regress_poa_dno;
SELECT count(*) FILTER (WHERE ok) FROM poa.verify(NULL, NULL);
RESET ROLE;

DROP TABLE alerts, "Shadow \ table";
DROP PROCEDURE plant;
SELECT poa.revoke_all('regress_poa_operator'), poa.revoke_all('regress_poa_auditor'), poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_operator, regress_poa_auditor, regress_poa_dno;
