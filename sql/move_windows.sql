--
-- A meter moves to a hub of another node: two databases are nodes 1 and 2.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse
\set home :DBNAME
\set meter '00-DB-12-34-56-78-90-A1'
\set other '00-DB-12-34-56-78-90-A2'
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_poa_node_2;
CREATE DATABASE regress_poa_node_2;
RESET client_min_messages;

-- what both nodes have: makers, the list, a table of alerts
\o /dev/null
SELECT set_config('TimeZone', 'UTC', false), poa.set_node(1);
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (:'meter'), (:'other');
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, received_at timestamptz);
SELECT poa.attach('alerts');
INSERT INTO poa.device
	VALUES (:'meter', 'ESME', 2, '1063', 101::bigint::guid, '1900000000001'),
	(:'other', 'ESME', 2, '1063', 102::bigint::guid, '1900000000002');
\c regress_poa_node_2
\i :abs_srcdir/sql/preamble.psql
SELECT poa.set_node(2);
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (:'meter'), (:'other');
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, received_at timestamptz);
SELECT poa.attach('alerts');
CREATE FUNCTION state() RETURNS TABLE (activation_id bigint, hub bigint, request_id text, activates_at timestamptz,
	status text, ended_by text, knows text)
LANGUAGE sql AS $$
	SELECT a.activation_id, a.chf::bigint, right(a.request_id, 1), a.activates_at, a.status, right(a.ended_by, 12),
		(SELECT string_agg(format('%s %s', c.status, c.chf::bigint), ', ' ORDER BY c.change_id) FROM poa.activation_change AS c
		WHERE c.activation_id = a.activation_id)
	FROM poa.activation AS a ORDER BY 1
$$;
\c :home
SET TimeZone = 'UTC';
CREATE FUNCTION state() RETURNS TABLE (activation_id bigint, hub bigint, request_id text, activates_at timestamptz,
	status text, ended_by text, knows text)
LANGUAGE sql AS $$
	SELECT a.activation_id, a.chf::bigint, right(a.request_id, 1), a.activates_at, a.status, right(a.ended_by, 12),
		(SELECT string_agg(format('%s %s', c.status, c.chf::bigint), ', ' ORDER BY c.change_id) FROM poa.activation_change AS c
		WHERE c.activation_id = a.activation_id)
	FROM poa.activation AS a ORDER BY 1
$$;
\o

-- node 1: one that has closed, one that was superseded, one pending, and an answer that came before its command
\set r1 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:1
\set r2 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:2
\set r3 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:3
\set r4 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:4
\set r5 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:5
\set r6 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A1:6
\set r7 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A2:7
\set r8 90-B3-D5-1F-30-01-00-02:00-DB-12-34-56-78-90-A2:8
SELECT poa.track_activation(:'meter', NULL, :'r1', '2026-03-01 12:00'), poa.track_activation(:'meter', '2190-01-02', :'r2', '2026-03-02'),
	poa.track_activation(:'meter', '2190-01-03', :'r3', '2026-03-03'), poa.record_outcome(:'r1', 'succeeded'),
	poa.record_outcome(:'r4', 'no_image_held');
SELECT * FROM state();
SELECT poa.export_windows(:'meter') AS moved \gset
SELECT e.key, jsonb_array_length(e.value) FROM jsonb_each(:'moved'::jsonb - 'device') AS e;
SELECT poa.export_windows('00-00-00-00-00-00-00-99');
-- the windows stay here
SELECT * FROM state();

-- node 2: the import comes before the meter, whose window follows it from the hub that it left
\c regress_poa_node_2
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.import_windows(:'moved');
SELECT * FROM state();
SELECT poa.import_windows(:'moved');
INSERT INTO poa.device VALUES (:'meter', 'ESME', 2, '1063', 201::bigint::guid, '1900000000001');
SELECT * FROM state();
INSERT INTO alerts VALUES ('AD1', 201::bigint::guid, '1900000000001', '2190-01-03 00:10');
SELECT log_id, activation_id, matched FROM poa.suppression_log;
SELECT check_name, ok FROM poa.verify(NULL, NULL);
-- a command that is delivered again has the same number, the answer that came early counts
SELECT poa.track_activation(:'meter', '2190-01-03', :'r3', '2026-03-03'),
	poa.track_activation(:'meter', '2190-01-04', :'r4', '2026-03-02 10:00');
SELECT * FROM state();
-- so does a later command, which supersedes what was imported
SELECT poa.track_activation(:'meter', '2190-01-05', :'r5', '2026-03-05');
SELECT * FROM state();

-- node 1 had a cancellation meanwhile: exported and imported again, in any order
\c :home
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.cancel_activation(:'meter', '2026-03-04');
SELECT poa.track_activation(:'meter', '2190-01-06', :'r6', '2026-03-06');
SELECT poa.export_windows(:'meter') AS moved_later \gset
\c regress_poa_node_2
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.import_windows(:'moved_later');
SELECT * FROM state();
SELECT md5(string_agg(s::text, ',')) AS before FROM state() AS s \gset
SELECT poa.import_windows(:'moved'), poa.import_windows(:'moved_later');
SELECT md5(string_agg(s::text, ',')) = :'before' AS unchanged FROM state() AS s;
-- and back, where all of it is known then
SELECT poa.export_windows(:'meter') AS back \gset
\c :home
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.import_windows(:'back');
SELECT activation_id, request_id, status, ended_by FROM state();
SELECT poa.import_windows(:'back');

-- commands go along: one that is delivered again is none that is new
SELECT poa_internal.record_command(:'r7', 4::smallint, '2026-03-07', :'other', 'cancelled', 'by hand', NULL, true, NULL, NULL);
SELECT poa_internal.record_command(:'r8', 4::smallint, '2026-03-07', :'other', 'not_eligible', 'by hand', NULL, false, NULL, NULL);
SELECT poa.export_windows(:'other') AS moved \gset
\c regress_poa_node_2
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.import_windows(:'moved');
SELECT poa_internal.record_command(:'r7', 4::smallint, '2026-03-08', :'other', 'cancelled', 'again', NULL, true, NULL, NULL) AS first_7,
	poa_internal.record_command(:'r8', 4::smallint, '2026-03-08', :'other', 'tracked', 'again', NULL, false, NULL, NULL) AS first_8;
SELECT right(request_id, 1) AS request, action, detail, node FROM poa.command ORDER BY 1, node;

-- a meter that came before the import
SELECT poa.export_windows(:'other') IS NOT NULL AS here;
\c :home
SET TimeZone = 'UTC'; SET DateStyle = 'ISO';
SELECT poa.track_activation(:'other', '2190-01-02', 'plain', '2026-03-02'),
	poa.track_activation(:'other', '2026-03-01 12:00', 'old', '2026-03-01');
SELECT poa.export_windows(:'other') AS moved \gset
\c regress_poa_node_2
SET TimeZone = 'UTC';
INSERT INTO poa.device VALUES (:'other', 'ESME', 2, '1063', 202::bigint::guid, '1900000000002');
SELECT poa.import_windows(:'moved');
SELECT * FROM state() WHERE request_id IN ('n', 'd');

-- what is no export, or does not fit
SELECT poa.import_windows(NULL);
SELECT poa.export_windows(NULL);
SELECT poa.import_windows('{}');
SELECT poa.import_windows('[]');
SELECT poa.import_windows('{"device": "x"}');
SELECT poa.import_windows(jsonb_set(:'moved', '{messages}', '7'));
SELECT poa.import_windows(jsonb_set(:'moved', '{device}', to_jsonb(:'meter'::text)));
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,closes_at}', '"infinity"'));
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,activates_at}', '"2300-01-01"'));
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,status}', '"new"'));
SELECT poa.import_windows(jsonb_set(jsonb_set(:'moved', '{activations,0,status}', '"new"'),
	'{activations,0,activation_id}', '1000000000099') #- '{activations,0,request_id}');
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,activation_id}', '1000000000001'));
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,activation_id}', '2000000000099') #- '{activations,0,request_id}');
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,request_id}', '"another"'));
SELECT poa.import_windows(jsonb_set(jsonb_set(:'moved', '{activations,0,activation_id}', '-1'), '{activations,0,request_id}', '"x"'));
SELECT poa.import_windows(jsonb_set(jsonb_set(:'moved', '{activations,0,activation_id}', 'null'), '{activations,0,request_id}', '"x"'));
SELECT poa.import_windows(jsonb_set(:'moved', '{activations,0,tracked_at}', '"infinity"'));
-- a message of another meter, of no time, or with a number to come, which would stop the next one here
\set message '[{"message_id": 1000000000009, "kind": "cancellation", "device": "00-DB-12-34-56-78-90-A2", "received_at": "2026-03-09", "arrived_at": "2026-03-09"}]'
SELECT poa.import_windows(jsonb_set(:'moved', '{messages}', jsonb_set(:'message', '{0,device}', to_jsonb(:'meter'::text))));
SELECT poa.import_windows(jsonb_set(:'moved', '{messages}', jsonb_set(:'message', '{0,received_at}', '"infinity"')));
SELECT poa.import_windows(jsonb_set(:'moved', '{messages}', jsonb_set(:'message', '{0,message_id}', '2000000000099')));
SELECT poa.import_windows(jsonb_set(:'moved', '{messages}', jsonb_set(:'message', '{0,kind}', '"rumour"')));
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT poa.import_windows(:'moved');
ROLLBACK;
SELECT count(*) AS as_before FROM poa.activation;
SELECT check_name, ok FROM poa.health() WHERE check_name = 'sequence';

\c :home
SET client_min_messages = warning;
DROP DATABASE regress_poa_node_2;
DROP TABLE alerts;
DROP FUNCTION state;
