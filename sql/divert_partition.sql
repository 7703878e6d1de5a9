--
-- Partitioned and inherited tables of alerts.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => t) IS NOT NULL AS tracked
	FROM unnest(ARRAY[timestamptz '2026-01-31 23:50', '2026-03-01 12:00']) AS t;

-- partitions with their columns in another order, with dropped ones before them, partitions of partitions, and a default
CREATE TABLE alerts (id int, alert_code text, chf guid, received_at timestamptz, mpxn text, note text) PARTITION BY RANGE (received_at);
CREATE TABLE alerts_01 PARTITION OF alerts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE alerts_02 (gone1 int, note text, mpxn text, gone2 text, received_at timestamptz, chf guid, alert_code text, id int);
ALTER TABLE alerts_02 DROP gone1, DROP gone2;
ALTER TABLE alerts ATTACH PARTITION alerts_02 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE SCHEMA archive;
CREATE TABLE archive.alerts_03 (mpxn text, note text, id int, received_at timestamptz, alert_code text, chf guid) PARTITION BY HASH (chf);
CREATE TABLE archive.alerts_03_0 (chf guid, gone text, alert_code text, received_at timestamptz, id int, note text, mpxn text);
ALTER TABLE archive.alerts_03_0 DROP gone;
ALTER TABLE archive.alerts_03 ATTACH PARTITION archive.alerts_03_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE alerts ATTACH PARTITION archive.alerts_03 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
SELECT poa.attach('alerts');
-- one that comes later has the trigger too
CREATE TABLE alerts_rest PARTITION OF alerts DEFAULT;
SELECT tgrelid::regclass AS relation FROM pg_trigger WHERE tgname = '~poa_suppress' ORDER BY tgrelid::regclass::text COLLATE "C";

INSERT INTO alerts (id, alert_code, chf, received_at, note) VALUES
	(1, 'AD1', '00000000000000c1', '2026-01-31 23:55', 'in one partition'), (2, 'AD1', '00000000000000c1', '2026-02-01 00:05', 'in the next'),
	(3, 'AD1', '00000000000000c1', '2026-03-01 12:05', 'in one of a partition'), (4, 'AD1', '00000000000000c1', '2026-02-10 12:05', 'outside'),
	(5, 'AD1', '00000000000000c1', '2027-03-01 12:05', 'by default'),
	(6, '8F36', '00000000000000c1', '2026-03-01 12:05', 'restored'), (7, 'AD1', '00000000000000c1', NULL, 'no instant');
SELECT tableoid::regclass AS partition, * FROM alerts ORDER BY id;
-- the log names the attached table, and has the row in full
SELECT source_schema, source_table, alert FROM poa.suppression_log ORDER BY log_id;
-- into a partition directly
INSERT INTO alerts_02 (id, alert_code, chf, received_at, note)
	VALUES (8, 'AD1', '00000000000000c1', '2026-02-01 00:10', 'directly'), (9, 'AD1', '00000000000000c2', '2026-02-01 00:10', 'another hub');
INSERT INTO archive.alerts_03_0 (id, alert_code, chf, received_at, note)
	VALUES (10, 'AD1', '00000000000000c1', '2026-03-01 12:10', 'directly, further down');
SELECT source_schema, source_table, alert->>'note' AS note FROM poa.suppression_log WHERE alert->>'note' ~ 'directly' ORDER BY log_id;
-- release puts it through the table it was attached to, wherever that now sends it
SELECT poa.release(log_id, 'test') FROM poa.suppression_log ORDER BY log_id;
SELECT tableoid::regclass AS partition, id, note FROM alerts ORDER BY id;

-- an UPDATE that moves a row to another partition is judged as an insert
TRUNCATE alerts;
INSERT INTO alerts (id, alert_code, chf, received_at, note)
	VALUES (1, 'AD1', '00000000000000c1', '2026-02-10 12:05', 'moves'),
	(2, 'AD1', '00000000000000c1', '2026-02-10 12:05', 'stays'), (3, '8F36', '00000000000000c1', '2026-02-10 12:05', 'moves');
UPDATE alerts SET received_at = '2026-03-01 12:06' WHERE note = 'moves';
UPDATE alerts SET received_at = '2026-02-01 00:06' WHERE note = 'stays';
SELECT tableoid::regclass AS partition, id, alert_code, received_at FROM alerts ORDER BY id;
SELECT alert->>'note' AS diverted, alert->>'received_at' AS received_at FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;

-- one whose alert is in the log and stands in its table is not: a release is not taken back
INSERT INTO alerts (id, alert_code, chf, received_at, note)
	VALUES (4, 'AD1', '00000000000000c1', '2026-02-01 00:05', 'moved by hand') RETURNING note;
DELETE FROM alerts WHERE id = 4;

-- a partition that leaves takes no trigger along; a table that comes gets one
ALTER TABLE alerts DETACH PARTITION alerts_01;
INSERT INTO alerts_01 (id, alert_code, chf, received_at) VALUES (1, 'AD1', '00000000000000c1', '2026-01-31 23:56');
SELECT count(*) FROM alerts_01;
SELECT poa.attach('alerts_01');
-- attached on its own first, it cannot become a partition of an attached table as it is
ALTER TABLE alerts ATTACH PARTITION alerts_01 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT poa.detach('alerts_01');
ALTER TABLE alerts ATTACH PARTITION alerts_01 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
INSERT INTO alerts (id, alert_code, chf, received_at) VALUES (2, 'AD1', '00000000000000c1', '2026-01-31 23:56');
SELECT count(*) FROM alerts_01;
-- neither a partition nor the table above can be attached twice, nor a partition be detached alone
SELECT poa.attach('alerts_01');
SELECT poa.attach('alerts');
SELECT poa.detach('alerts_01');
SELECT poa.detach('alerts');
SELECT count(*) FROM pg_trigger WHERE tgname = '~poa_suppress';
-- one partition alone can be attached; then it is its root that the log names, and all of it that is refused
SELECT poa.attach('alerts_01');
INSERT INTO alerts (id, alert_code, chf, received_at)
	VALUES (13, 'AD1', '00000000000000c1', '2026-01-31 23:56'), (14, 'AD1', '00000000000000c1', '2026-02-01 00:06');
SELECT id FROM alerts WHERE id IN (13, 14);
SELECT source_table FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
SELECT poa.attach('alerts');
DROP TABLE alerts;
DROP SCHEMA archive;

-- a part of a tree is attached: it is the one to detach
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text) PARTITION BY RANGE (received_at);
CREATE TABLE alerts_2026 PARTITION OF alerts DEFAULT PARTITION BY LIST (alert_code);
CREATE TABLE alerts_rest PARTITION OF alerts_2026 DEFAULT;
SELECT poa.attach('alerts_2026');
SELECT poa.detach('alerts_rest');
SELECT poa.detach('public.alerts_2026');
DROP TABLE alerts;

-- inheritance is not partitioning: the child is another table
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE TABLE alerts_child () INHERITS (alerts);
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:05', 'parent');
INSERT INTO alerts_child VALUES ('AD1', '00000000000000c1', '2026-03-01 12:05', 'child');
SELECT tableoid::regclass, mpxn FROM alerts;
SELECT poa.attach('alerts_child');
INSERT INTO alerts_child VALUES ('AD1', '00000000000000c1', '2026-03-01 12:05', 'child again');
SELECT source_table, mpxn FROM poa.suppression_log ORDER BY log_id DESC LIMIT 2;
DROP TABLE alerts, alerts_child;
